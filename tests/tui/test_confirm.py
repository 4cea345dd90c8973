"""Dangerous confirmations: the safe answer has the focus, and nothing but a hand says yes."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.events import Key, Paste

from console.tui.friction import Attempt, Friction, Phrase, TwoKeys, pasted, press
from console.tui.screens.confirm import Confirm, Danger
from console.tui.text import Span
from console.tui.view import View
from tests.tui.fake import PRODUCTION, START, metrics_of, snapshot, symbol_rows
from tests.tui.plain import PlainConsole, calm, plain_console
from tests.tui.screen import painted, text_of

KEYS = TwoKeys("T", "Y")
PHRASE = Phrase("prod BTCUSDT")


def pressed(friction: Friction, text: str, gap: float, attempt: Attempt | None = None) -> Attempt:
    """`text` typed with `gap` seconds between the keys."""
    so_far, at = attempt or Attempt(), 100.0
    for character in text:
        at += gap
        key = "enter" if character == "\n" else character
        so_far = press(friction, so_far, key, None if key == "enter" else character, at)
    return so_far


def test_two_different_keys_one_after_the_other_confirm() -> None:
    assert pressed(KEYS, "TY", 0.2).confirmed


@pytest.mark.parametrize("keys", ["T", "Y", "YT", "TT", "YY", "TxY", "ty", "\n", "T\n"])
def test_no_other_keys_confirm(keys: str) -> None:
    assert not pressed(KEYS, keys, 0.2).confirmed


def test_the_phrase_and_enter_confirm() -> None:
    assert pressed(PHRASE, "prod BTCUSDT\n", 0.15).confirmed


@pytest.mark.parametrize("text", ["\n", "prod BTCUSDT", "prod btcusdt\n", "prod\n", " prod BTCUSDT\n"])
def test_nothing_but_the_whole_phrase_confirms(text: str) -> None:
    assert not pressed(PHRASE, text, 0.15).confirmed


@pytest.mark.parametrize(("friction", "text"), [(KEYS, "TY"), (PHRASE, "prod BTCUSDT\n")])
def test_keys_that_come_faster_than_fingers_are_refused_with_a_word(friction: Friction, text: str) -> None:
    attempt = pressed(friction, text, 0.01)
    assert not attempt.confirmed
    assert "too fast" in attempt.refused


@pytest.mark.parametrize("end", ["s", "sync", "\n"])
def test_that_keys_came_too_fast_is_said_until_the_text_is_whole_or_begun_anew(end: str) -> None:
    so_far = pressed(PHRASE, "prod", 0.01)
    attempt = pressed(PHRASE, end, 0.2, so_far)
    assert "too fast" in attempt.refused
    assert press(PHRASE, attempt, "ctrl+u", None, 200.0).refused == ""
    whole = pressed(PHRASE, "rod BTCUSDT", 0.2, so_far)
    assert (whole.typed, whole.refused) == (PHRASE.words, "")


def test_of_two_keys_that_came_too_fast_the_second_alone_still_says_so() -> None:
    attempt = pressed(KEYS, "Y", 0.2, pressed(KEYS, "TT", 0.01))
    assert "too fast" in attempt.refused
    assert "too fast" not in pressed(KEYS, "TxTY", 0.2, attempt).refused


def test_a_key_that_is_held_down_is_taken_once() -> None:
    assert pressed(PHRASE, "ppppp", 0.05).typed == "p"


def test_a_letter_that_the_phrase_has_twice_can_be_typed_twice() -> None:
    assert pressed(Phrase("books"), "books\n", 0.12).confirmed


def test_pasted_text_changes_nothing_but_says_so() -> None:
    before = pressed(PHRASE, "pro", 0.2)
    after = pasted(before)
    assert after.typed == before.typed
    assert "pasted" in after.refused


@given(st.lists(st.tuples(st.sampled_from("TY\nxK"), st.floats(0, 0.5)), max_size=12))
def test_two_keys_are_confirmed_by_themselves_alone(keys: list[tuple[str, float]]) -> None:
    attempt, at, slow = Attempt(), 0.0, []
    for character, gap in keys:
        at += gap
        before, attempt = attempt, press(KEYS, attempt, character, character, at)
        if attempt.confirmed:
            slow.append((before.typed, character, gap))
            break
    assert all(typed == "T" and last == "Y" and gap >= 0.04 for typed, last, gap in slow)


def kill_words(view: View) -> list[tuple[Span, ...]]:
    state = "unknown" if view.live is None else view.live.kill.state.value
    return [(Span(f"The kill switch is {state}."),)]


class Asked:
    """A dialog over a console, and what it was answered."""

    def __init__(self, app: PlainConsole, danger: Danger) -> None:
        self.answers: list[bool | None] = []
        self.dialog = Confirm(app.view, danger)
        app.push_screen(self.dialog, self.answers.append)


def trip(friction: Friction = KEYS) -> Danger:
    return Danger("Trip the kill switch of futures-prod", kill_words, friction)


@pytest.mark.parametrize("key", ["enter", "escape"])
@pytest.mark.parametrize("friction", [KEYS, PHRASE])
async def test_enter_and_escape_alone_leave_everything_as_it_is(key: str, friction: Friction) -> None:
    app = plain_console(context=PRODUCTION)
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        asked = Asked(app, trip(friction))
        await pilot.pause()
        await pilot.press(key)
        await pilot.pause()
        assert asked.answers == [False]


async def test_the_status_line_and_the_live_state_are_seen_while_it_asks() -> None:
    watched = calm()
    app = plain_console(watched, context=PRODUCTION)
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        Asked(app, trip())
        await pilot.pause()
        assert "The kill switch is clear." in text_of(app)
        watched.snapshot = snapshot(START, metrics_of(symbol_rows(5), tripped=1))
        app.paint()
        await pilot.pause()
        assert "TRIPPED" in text_of(app).splitlines()[0]
        assert "The kill switch is clear." not in text_of(app)


async def test_typing_the_phrase_does_not_quit_or_do_anything_else() -> None:
    keys: list[str] = []
    app = plain_console(context=PRODUCTION, on_key=keys.append)
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        asked = Asked(app, trip(Phrase("qK")))
        await pilot.pause()
        await type_by_hand(app, "qK")
        await pilot.pause()
        assert app.return_value is None
        assert "> qK" in text_of(app)
        await type_by_hand(app, "\n")
        await pilot.pause()
    assert asked.answers == [True]
    assert keys == ["enter"]


async def type_by_hand(app: PlainConsole, text: str) -> None:
    """Keys as a terminal sends them for a person's typing."""
    for character in text:
        event = Key("enter", "\r") if character == "\n" else Key(character, character)
        event.time = time.monotonic() + type_by_hand_later()
        app.post_message(event)


_LATER = iter(range(1, 10_000))


def type_by_hand_later() -> float:
    return next(_LATER) * 0.2


async def test_pasting_the_phrase_is_refused_with_a_word() -> None:
    app = plain_console(context=PRODUCTION)
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        asked = Asked(app, trip(PHRASE))
        await pilot.pause()
        app.post_message(Paste("prod BTCUSDT"))
        await pilot.pause()
        await pilot.pause()
        assert "pasted text is not taken" in text_of(app)
        assert asked.answers == []


async def test_a_dialog_whose_ground_has_shifted_takes_no_keys_and_says_why() -> None:
    watched = calm()
    app = plain_console(watched, context=PRODUCTION)

    def objection(view: View) -> str:
        return "the metrics are stale" if view.live is not None and view.live.source("metrics").cause else ""

    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        asked = Asked(app, replace(trip(Phrase("x")), objection=objection))
        await pilot.pause()
        watched.clock.at = START + 60  # type: ignore[attr-defined]
        app.paint()
        await pilot.pause()
        assert "Can't be done now: the metrics are stale" in text_of(app)
        await type_by_hand(app, "x\n")
        await pilot.pause()
        assert True not in asked.answers
