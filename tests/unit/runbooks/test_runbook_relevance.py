"""Runbooks in the order of what is wrong now."""

from dataclasses import replace

from console.domain.alert_state import Phase
from console.domain.severity import Severity
from console.domain.status import Alert
from console.domain.triggers import CRASH, LIQUIDATION, Judgement, Standing
from console.runbooks.model import Runbook
from console.runbooks.reading import runbook_of
from console.runbooks.relevance import Wrong, by_relevance, relevance, wrong_now
from tests.unit.domain.ruled import MARGIN_RULE, SLIPPAGE_RULE, raised, ruled
from tests.unit.domain.ruled import book as told
from tests.unit.runbooks.drives import KNOWN

TEXT = """\
title: Look
use: always
alerts: [{alerts}]
triggers: [{triggers}]
risk: none
steps: [{{name: see, text: see, check: stopped}}]
"""


def book(name: str, alerts: str = "", triggers: str = "") -> Runbook:
    return runbook_of(TEXT.format(alerts=alerts, triggers=triggers), "x.yaml", name, KNOWN)


def test_a_runbook_is_for_each_alert_that_fires_and_each_trigger_that_is_met() -> None:
    one = book("look", "A, B", "crash, slippage")
    assert relevance(one, Wrong({"B", "C"}, {"crash"})) == ("B fires", "rollback trigger crash is met")


def test_nothing_wrong_is_no_reason() -> None:
    assert relevance(book("look", "A", "crash"), Wrong()) == ()


def test_what_is_for_the_most_comes_first_and_the_rest_by_name() -> None:
    books = [book("c"), book("b", "A"), book("a"), book("d", "A, B")]
    assert [one.name for one in by_relevance(books, Wrong({"A", "B"}))] == ["d", "b", "a", "c"]


def test_what_fires_is_wrong_and_what_is_only_pending_is_not() -> None:
    live = ruled(told(raised(MARGIN_RULE), raised(SLIPPAGE_RULE, phase=Phase.PENDING)))
    assert wrong_now(live).alerts == {"MarginCritical"}


def test_only_a_trigger_that_is_met_is_wrong() -> None:
    live = ruled(told(raised(MARGIN_RULE)))
    judged = (Judgement(CRASH, Standing.MET, ""), Judgement(LIQUIDATION, Standing.UNKNOWN, ""))
    seen = replace(live, ruled=replace(live.ruled, triggers=judged))
    assert wrong_now(seen).triggers == {"crash"}


def test_what_is_wrong_without_a_rule_counts_too_with_what_it_says() -> None:
    live = ruled(told())
    tripped = Alert("kill switch", Severity.HIGH, "TRIPPED: the engine says so")
    wrong = wrong_now(replace(live, alerts=(tripped, Alert("log", Severity.WARNING, "1 error"))))
    assert dict(wrong.own) == {"kill switch": "TRIPPED: the engine says so"}
    one = book("look", "kill switch, log")
    assert relevance(one, wrong) == ("kill switch TRIPPED: the engine says so",)
