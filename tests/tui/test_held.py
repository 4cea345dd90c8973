"""What a held picture says of values that have grown old: that they are held, and whose fault it isn't."""

from dataclasses import replace

from console.domain.assessment import assess
from console.domain.snapshot import Snapshot
from console.domain.symbol_detail import symbol_detail
from console.tui.held import Held, doubt_in
from console.tui.screens.symbol.facts import summary_lines
from console.tui.theme import UNICODE
from console.tui.view import View
from tests.tui.fake import PAPER, RULES, START, FakeWatched, HandClock, Row, failing, metrics_of, snapshot
from tests.tui.world import in_full

OLD = "stale for 20 s: no answer for 20 s"


def taken(at: float) -> Snapshot:
    return snapshot(at, metrics_of([Row("BTC/USD")]))


def lasting(whole: Snapshot) -> Snapshot:
    """The same, in which all but the metrics stay fresh for a minute."""
    return replace(
        whole,
        database=replace(whole.database, stale_after=60.0),
        exchange=replace(whole.exchange, stale_after=60.0),
        flags=replace(whole.flags, stale_after=60.0),
    )


def held_for_20_s(now: Snapshot, then: Snapshot | None = None) -> View:
    """A picture that was taken at the start, shown 20 s later beside what is `now`."""
    live = assess(replace(now, at=START + 20.0), RULES)
    watched = FakeWatched(taken(START), HandClock(START + 20.0))
    shown = Held(assess(then or taken(START), RULES)).at_its_age(watched, live, 0.0)
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


def about_the_symbol(view: View) -> list[str]:
    """The lines above a symbol's facts."""
    assert view.assessment is not None
    detail = symbol_detail(view.assessment, "BTC/USD")
    return ["".join(span.text for span in line) for line in summary_lines(view, detail, False, 118)]


def test_a_symbol_s_page_names_the_pause_and_blames_no_source() -> None:
    state, _ = about_the_symbol(held_for_20_s(taken(START + 19.5)))
    assert state.endswith("? unknown  PAUSED, as it was 20 s ago")


def test_what_could_not_be_compared_on_a_symbol_s_page_names_the_pause() -> None:
    view = held_for_20_s(in_full(taken(START + 19.5)), lasting(in_full(taken(START))))
    _, agreement = about_the_symbol(view)
    assert agreement.endswith("not compared: PAUSED, as it was 20 s ago")


def test_books_and_accounts_of_a_held_picture_name_the_pause() -> None:
    shown = held_for_20_s(taken(START + 19.5)).assessment
    assert shown is not None
    assert shown.books_doubt == "PAUSED, as it was 20 s ago"
    assert {status.reason for status in shown.accounts} == {"PAUSED, as it was 20 s ago"}
