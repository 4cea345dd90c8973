"""What a held picture says of values that have grown old: that they are held, and whose fault it isn't."""

from dataclasses import replace

from console.domain.assessment import assess
from console.domain.snapshot import Snapshot
from console.tui.held import Held, doubt_in
from console.tui.theme import UNICODE
from console.tui.view import View
from tests.tui.fake import PAPER, RULES, START, FakeWatched, HandClock, Row, failing, metrics_of, snapshot

OLD = "stale for 20 s: no answer for 20 s"


def taken(at: float) -> Snapshot:
    return snapshot(at, metrics_of([Row("BTC/USD")]))


def held_for_20_s(now: Snapshot) -> View:
    """A picture that was taken at the start, shown 20 s later beside what is `now`."""
    live = assess(replace(now, at=START + 20.0), RULES)
    watched = FakeWatched(taken(START), HandClock(START + 20.0))
    shown = Held(assess(taken(START), RULES)).at_its_age(watched, live, 0.0)
    return replace(View(PAPER, UNICODE), paused_for=20.0).next(shown, live)


def test_a_held_value_is_in_doubt_because_it_is_held() -> None:
    view = held_for_20_s(taken(START + 19.5))
    assert doubt_in(view, "metrics", OLD) == "PAUSED, as it was 20 s ago"


def test_what_is_wrong_with_the_source_itself_is_said_too() -> None:
    view = held_for_20_s(failing(taken(START + 16.0), "connection refused", "metrics"))
    assert doubt_in(view, "metrics", OLD) == "PAUSED, as it was 20 s ago; now: connection refused"


def test_what_is_the_present_is_in_no_doubt() -> None:
    assert doubt_in(held_for_20_s(taken(START + 19.5)), "metrics", "") == ""


def test_without_a_pause_the_source_s_own_words_stay() -> None:
    view = replace(held_for_20_s(taken(START + 19.5)), paused_for=None)
    assert doubt_in(view, "metrics", OLD) == OLD


def test_books_and_accounts_of_a_held_picture_name_the_pause() -> None:
    shown = held_for_20_s(taken(START + 19.5)).assessment
    assert shown is not None
    assert shown.books_doubt == "PAUSED, as it was 20 s ago"
    assert {status.reason for status in shown.accounts} == {"PAUSED, as it was 20 s ago"}
