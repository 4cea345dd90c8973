"""When sources fall silent, what was wrong is still told: unknown by now, and how bad it was."""

from dataclasses import replace
from decimal import Decimal

from console.domain.assessment import Assessment, Rules, assess
from console.domain.severity import Severity
from console.domain.snapshot import Snapshot
from console.domain.thresholds import KEY_METRICS
from tests.unit.domain.worlds import LIMIT, NOW, PANELS, healthy, metrics, of

RULES = Rules(PANELS, KEY_METRICS)


def at(later: float, taken: Snapshot, before: tuple[Snapshot, Assessment] | None = None) -> Assessment:
    return assess(replace(taken, at=NOW + later), RULES, before)


def with_margins(**margins: float) -> Snapshot:
    taken = healthy()
    reading = taken.metrics.good
    assert reading is not None
    answered = replace(reading, value=metrics(margin=of("", **margins)))
    return replace(taken, metrics=replace(taken.metrics, good=answered, last=answered))


def of_symbols(assessment: Assessment) -> list[tuple[str | None, Severity, str]]:
    return [(alert.symbol, alert.severity, alert.summary) for alert in assessment.alerts if alert.symbol]


def test_nothing_is_called_last_seen_while_the_metrics_can_be_believed() -> None:
    fresh = at(0, with_margins(BTC=1.0, SOL=1.8))
    assert fresh.seen is None
    assert of_symbols(fresh) == [("BTC", Severity.CRITICAL, "1.000 below 1.05")]


def test_the_alerts_of_stale_metrics_stay_as_unknown_ones_that_say_how_bad_it_was() -> None:
    stale = at(LIMIT + 1, with_margins(BTC=1.0, SOL=1.3))
    assert of_symbols(stale) == [
        ("BTC", Severity.UNKNOWN, "last seen critical, 1.000 below 1.05"),
        ("SOL", Severity.UNKNOWN, "last seen warning, 1.300 below 1.5"),
    ]
    assert stale.seen is not None
    assert stale.seen.symbols[0].severity is Severity.CRITICAL
    assert stale.symbols[0].severity is Severity.UNKNOWN


def test_what_was_unknown_even_then_is_not_told_again() -> None:
    assert of_symbols(at(LIMIT + 1, with_margins(BTC=float("nan"), SOL=1.8))) == []


def test_an_account_that_was_low_when_the_database_last_answered_stays_an_alert() -> None:
    taken = healthy()
    books = taken.database.value
    assert books is not None
    assert books.accounts is not None
    low = replace(books, accounts=(replace(books.accounts[0], total_equity=Decimal(5)),))
    assert taken.database.good is not None
    reading = replace(taken.database.good, value=low)
    stale = at(LIMIT + 1, replace(taken, database=replace(taken.database, good=reading, last=reading)))
    summaries = [alert.summary for alert in stale.alerts if alert.name.startswith("account ")]
    assert summaries == ["last seen critical, equity below 100"]


def test_it_is_judged_once_for_as_long_as_the_same_values_are_stale() -> None:
    taken = with_margins(BTC=1.0, SOL=1.8)
    first = at(LIMIT + 1, taken)
    again = at(LIMIT + 3, taken, (replace(taken, at=NOW + LIMIT + 1), first))
    assert again.alerts != first.alerts  # the source's age is told
    assert again.seen is first.seen
