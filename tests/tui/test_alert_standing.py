"""The line beside the alerts that says whether the rules are evaluated."""

from dataclasses import replace

from console.domain.alert_book import AlertBook
from console.domain.assessment import assess
from console.tui.screens.alerts.standing import rules_line
from console.tui.theme import UNICODE
from console.tui.view import View
from tests.tui.alerting import the_book, with_book
from tests.tui.fake import PAPER, RULES, START, Row, metrics_of, snapshot
from tests.tui.world import in_full


def line(book: AlertBook, cells: int = 76) -> str:
    taken = with_book(in_full(snapshot(START, metrics_of([Row("BTC/USD")]))), book)
    (said,) = rules_line(View(PAPER, UNICODE).next(assess(taken, RULES)), cells)
    return "".join(span.text for span in said)


def blind_book() -> AlertBook:
    first, *others = the_book().rules
    return replace(the_book(), rules=(replace(first, no_data_since=START - 60.0), *others))


def test_rules_that_all_tell_are_well() -> None:
    assert line(the_book()).startswith("✓ all 7 rules evaluated 3 s ago ")


def test_a_rule_with_nothing_to_compare_leaves_no_tick() -> None:
    assert line(blind_book()).startswith("? all 7 rules evaluated 3 s ago, 1 no data ")


def test_the_server_that_evaluates_is_named() -> None:
    assert "3 s ago, by prometheus.example.net" in line(the_book(by="prometheus.example.net"))
