"""A server's alerts with those that the console evaluates itself."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.alert_feed.both import OWN_RULES, SERVER, BothAlerts, joined, own_rules
from console.domain.alert_book import AlertBook, AlertingRule, Raised, RuleStanding
from console.domain.alert_state import Phase
from console.domain.approval import ID_LENGTH
from console.domain.reading import Dated
from console.domain.silences import Acknowledgement, LabelMatcher, Marks, Silence
from console.promql.rule_file import load_rules
from console.settings_memory import shipped_configs
from console.sources.errors import SourceError


def book(name: str, *notes: str) -> AlertBook:
    standing = RuleStanding(AlertingRule("g", name, "vector(1)", 0, 0, 15))
    alert = Raised(
        labels=(("alertname", name),),
        rule=0,
        phase=Phase.FIRING,
        value=1,
        lowest=1,
        highest=1,
        active_at=0,
    )
    return AlertBook((standing,), (alert,), notes=notes)


class Source:
    """Answers with a book, or with nothing at all."""

    def __init__(self, answer: AlertBook | None) -> None:
        self.answer = answer
        self.asked = 0

    def read(self) -> Dated[AlertBook]:
        self.asked += 1
        if self.answer is None:
            raise SourceError("connection refused")
        return Dated(self.answer, 5.0)


def test_the_consoles_own_alerts_come_after_the_servers_with_their_rules() -> None:
    both = joined(book("Theirs", "a note"), book("Ours", "a note", "another"))
    assert [both.rules[alert.rule].rule.name for alert in both.raised] == ["Theirs", "Ours"]
    assert both.notes == ("a note", "another")


def test_only_rules_over_nothing_but_own_metrics_are_the_consoles() -> None:
    file = own_rules(load_rules(Path(shipped_configs() / "alert_rules_hardened.yaml")))
    names = {rule.name for _, rule in file.rules}
    assert {"SourceDown", "CoinEquityLow", "DatabaseSlow"} <= names
    assert not names & {"FuturesMarginCritical", "FuturesMarginUnknown", "Watchdog"}


def test_both_are_read_at_once_and_what_says_the_same_is_the_same_object() -> None:
    both = BothAlerts(Source(book("Theirs")), Source(book("Ours")))
    first = both.read().value
    assert len(first.rules) == 2
    assert both.read().value is first


def test_while_the_server_is_down_its_rules_fail_its_alerts_stay_and_the_own_go_on() -> None:
    served, ours = Source(book("Theirs")), Source(book("Ours"))
    both = BothAlerts(served, ours)
    both.read()
    served.answer, ours.answer = None, replace(book("Ours"), raised=())
    told = both.read().value
    assert [(rule.rule.name, rule.error) for rule in told.rules] == [
        ("Theirs", "connection refused"),
        ("Ours", None),
    ]
    assert [told.rules[alert.rule].rule.name for alert in told.raised] == ["Theirs"]


def test_a_server_that_has_never_answered_is_a_rule_that_fails() -> None:
    both = BothAlerts(Source(None), Source(book("Ours")))
    theirs, _ = both.read().value.rules
    assert (theirs.rule, theirs.error, theirs.failing_since) == (SERVER, "connection refused", 5.0)
    assert both.read().value.rules[0].failing_since == 5.0


def test_while_the_own_rules_cannot_be_evaluated_the_servers_go_on() -> None:
    told = BothAlerts(Source(book("Theirs")), Source(None)).read().value
    assert [(rule.rule.name, rule.error) for rule in told.rules] == [
        ("Theirs", None),
        (OWN_RULES.name, "connection refused"),
    ]
    assert len(told.raised) == 1


def test_neither_is_no_book_at_all() -> None:
    with pytest.raises(SourceError):
        BothAlerts(Source(None), Source(None)).read()


def test_what_people_say_while_the_server_is_down_counts() -> None:
    taken_on = Acknowledgement((("alertname", "Ours"),), "ann", "on it", 1.0, 2.0)
    here = Silence("A" * ID_LENGTH, (LabelMatcher("a", "=", "b"),), "ann", "quiet", 1.0, 2.0)
    there = replace(here, key="a-longer-one-of-the-alertmanager")
    served, ours = Source(replace(book("Theirs"), marks=Marks((here, there)))), Source(book("Ours"))
    both = BothAlerts(served, ours)
    both.read()
    served.answer = None
    ours.answer = replace(book("Ours"), marks=Marks((), (taken_on,)))
    assert both.read().value.marks == Marks((there,), (taken_on,))


def test_a_server_without_rules_that_is_down_says_so() -> None:
    served = Source(AlertBook((), ()))
    both = BothAlerts(served, Source(book("Ours")))
    both.read()
    served.answer = None
    assert both.read().value.rules[0].error == "connection refused"
