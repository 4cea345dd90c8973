"""An engine that holds nothing has no margin ratio: that rules on it have nothing to compare is right."""

from dataclasses import replace

import pytest

from console.domain.alert_book import RuleStanding
from console.domain.assessment import Assessment
from console.domain.severity import Severity
from console.domain.surfaces import Position
from tests.unit.domain.ruled import MARGIN_RULE, SLIPPAGE_RULE, book
from tests.unit.domain.worlds import BOOKS, NOW, answered, failing, healthy, judged, position

SILENT = replace(SLIPPAGE_RULE, metrics=("futures_slippage_bps",))
RULES = tuple(RuleStanding(rule, NOW, no_data_since=NOW - 60) for rule in (MARGIN_RULE, SILENT))
HEALTHY = replace(healthy(), alerts=answered("alerts", book(rules=RULES)))


def severities(now: Assessment) -> dict[str, Severity]:
    return {row.rule.name: row.severity for row in now.alert_rows}


@pytest.mark.parametrize(
    ("positions", "margin"),
    [((), Severity.OK), ((position("BTC"),), Severity.UNKNOWN), (None, Severity.UNKNOWN)],
)
def test_only_a_flat_engine_needs_no_margin_ratio(
    positions: tuple[Position, ...] | None, margin: Severity
) -> None:
    books = answered("database", replace(BOOKS, positions=positions))
    told = severities(judged(replace(HEALTHY, database=books)))
    assert told == {MARGIN_RULE.name: margin, SILENT.name: Severity.UNKNOWN}


def test_books_that_nobody_can_read_are_not_flat() -> None:
    books = answered("database", replace(BOOKS, positions=()), age=60.0)
    told = severities(judged(replace(HEALTHY, database=failing(books, "no route to host"))))
    assert told[MARGIN_RULE.name] is Severity.UNKNOWN
