"""When the screen is painted and what with: the frame rate, the held picture, the slow line, the replay."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from console.domain.reading import Health
from console.tui.actions import IN_A_REPLAY
from console.tui.painting import CALM_TICK, TICK
from console.tui.text import line_width
from console.tui.theme import ASCII, UNICODE
from console.tui.view import ReplayView
from console.tui.widgets.banner import banner_line
from console.tui.wishes import Wishes
from tests.tui.fake import START, FakeWatched, HandClock, failing, metrics_of, snapshot, symbol_rows
from tests.tui.plain import calm, plain_console
from tests.tui.screen import painted, text_of
from tests.waiting import until


async def test_a_burst_of_changes_is_painted_at_the_frame_rate() -> None:
    watched = calm()
    app = plain_console(watched)
    async with app.run_test(size=(80, 24)):
        await painted(app)
        await until(lambda: watched.changed is not None)
        assert watched.changed is not None
        app.plain.paints.clear()
        began = time.monotonic()
        while time.monotonic() < began + 1 or len(app.plain.paints) < 2:
            watched.changed()
            await asyncio.sleep(0.01)
        seconds = time.monotonic() - began
        assert len(app.plain.paints) <= 4 * seconds + 1  # four a second, and one that was under way


async def test_without_news_ages_go_on() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)):
        await painted(app)
        app.plain.paints.clear()
        await until(lambda: len(app.plain.paints) >= 2)


@pytest.mark.parametrize(
    ("shown", "key", "seconds"),
    [
        (calm, "1", CALM_TICK),
        (calm, "7", TICK),
        (calm, "p", TICK),
        (
            lambda: FakeWatched(
                failing(snapshot(START, metrics_of(symbol_rows(5))), "no route", "log"), HandClock(START + 60)
            ),
            "1",
            TICK,
        ),
    ],
    ids=["all-fresh", "a-log", "paused", "a-stale-source"],
)
async def test_it_is_painted_more_often_where_somebody_counts_the_seconds(
    shown: Callable[[], FakeWatched], key: str, seconds: float
) -> None:
    app = plain_console(shown())
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press(key)
        await pilot.pause()
        assert app.view.live is not None
        assert app._painting._tick(app.view.live) == seconds


async def test_only_what_can_be_seen_is_painted() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("4")
        await pilot.pause()
        before = len(app.plain.paints)
        app.paint()
        assert len(app.plain.paints) == before
        await pilot.press("escape")
        await pilot.pause()
        assert len(app.plain.paints) > before  # at once, when it is seen again


async def test_the_screen_behind_a_dialog_goes_on() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("question_mark")
        await pilot.pause()
        before = len(app.plain.paints)
        app.paint()
        assert len(app.plain.paints) == before + 1


async def test_a_held_picture_stands_still_while_the_status_line_goes_on() -> None:
    watched = calm()
    app = plain_console(watched)
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        held = app.view.assessment
        assert held is not None
        await pilot.press("p")
        watched.snapshot = snapshot(START + 0.4, metrics_of(symbol_rows(5), tripped=1))
        app.paint()
        await pilot.pause()
        assert "PAUSED" in text_of(app).splitlines()[-1]
        assert "TRIPPED" in text_of(app).splitlines()[0]
        assert app.view.assessment is not None
        assert app.view.assessment.kill.state is held.kill.state
        await pilot.press("p")
        await pilot.pause()
        assert "PAUSED" not in text_of(app)
        assert app.view.assessment is app.view.live


async def test_a_held_picture_goes_grey_with_age_and_says_how_long_it_is_held() -> None:
    watched = calm()
    app = plain_console(watched)
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("p")
        clock = watched.clock
        assert isinstance(clock, HandClock)
        clock.at = START + 12.5
        watched.snapshot = snapshot(START + 12.4, metrics_of(symbol_rows(5)))
        app.paint()
        await pilot.pause()
        assert app.view.assessment is not None
        assert app.view.live is not None
        assert app.view.assessment.source("metrics").health is Health.STALE
        assert app.view.live.source("metrics").health is Health.FRESH
        assert "PAUSED 12 s" in text_of(app).splitlines()[-1]


async def test_a_held_picture_blames_no_source_for_its_age_and_shows_the_present_ones() -> None:
    watched = calm()
    app = plain_console(watched)
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("p")
        clock = watched.clock
        assert isinstance(clock, HandClock)
        clock.at = START + 12.5
        rows = symbol_rows(5)
        watched.snapshot = failing(snapshot(START + 12.4, metrics_of(rows, tripped=1)), "gone", "exchange")
        app.paint()
        said = [statement.words for statement in app.view.statements]
        assert said[0].startswith("PAUSED, as it was 12 s ago: ")
        assert "kill switch TRIPPED: the engine says so, and no fill since" in said
        assert not [words for words in said if "no answer" in words]
        assert app.view.assessment is not None
        told = {alert.name: alert.summary for alert in app.view.assessment.alerts}
        assert told == {
            "kill switch": "TRIPPED: the engine says so, and no fill since",
            "exchange": "failing, value 0.2 s old: gone",
        }


async def test_the_alerts_of_a_held_picture_stay_the_same_object_while_nothing_changes() -> None:
    app = plain_console(calm())
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("p")
        app.paint()
        first = app.view.assessment
        app.paint()
        assert first is not None
        assert app.view.assessment is not None
        assert app.view.assessment.alerts is first.alerts


async def test_why_nothing_is_recorded_stands_in_the_headline_and_not_only_at_the_end() -> None:
    app = plain_console(unrecorded=lambda: "history is not recorded: /var/state: no space left")
    async with app.run_test(size=(120, 40)):
        await painted(app)
        assert [said.words for said in app.view.statements] == [
            "history is not recorded: /var/state, no space left"
        ]
        assert "NO RECORD" in text_of(app).splitlines()[0]


async def test_on_a_slow_line_it_paints_once_a_second_in_few_colours_and_says_so() -> None:
    app = plain_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await painted(app)
        await pilot.press("b")
        await pilot.pause()
        assert app._painting.fps == 1
        assert app.theme == "opsconsole-dark-16"
        assert "LOW" in text_of(app).splitlines()[0]
        await pilot.press("b")
        await pilot.pause()
        assert app.theme == "opsconsole-dark"
        assert "LOW" not in text_of(app).splitlines()[0]


async def test_a_slow_line_is_suggested_to_be_spared_and_stays_to_be_seen() -> None:
    app = plain_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await painted(app)
        app.tell_of_line(True)
        await pilot.pause()
        assert "b draws seldom and plainly" in text_of(app).splitlines()[-1]
        assert "SLOW LINE" in text_of(app).splitlines()[0]
        app.tell_of_line(False)
        await pilot.pause()
        assert "SLOW LINE" not in text_of(app)


async def test_whoever_wants_the_whole_screen_on_any_line_is_not_bothered() -> None:
    app = plain_console(wishes=Wishes(low_bandwidth=False))
    async with app.run_test(size=(120, 40)) as pilot:
        await painted(app)
        app.tell_of_line(True)
        await pilot.pause()
        assert "SLOW LINE" not in text_of(app)


async def test_on_a_slow_line_ages_are_rounded_up() -> None:
    app = plain_console(wishes=Wishes(low_bandwidth=True))
    async with app.run_test(size=(120, 40)):
        await painted(app)
        assert [app.view.age(age) for age in (0.2, 4.9, 5.0, 61)] == ["<5 s", "<5 s", "<10 s", "<65 s"]


async def test_a_coarse_age_never_passes_the_limit_that_it_is_still_within() -> None:
    app = plain_console(wishes=Wishes(low_bandwidth=True))
    async with app.run_test(size=(120, 40)):
        await painted(app)
        ages = [app.view.age(age, limit) for age, limit in ((0.2, 1.8), (11.0, 12.5), (1.9, 1.8))]
        assert ages == ["<1.8 s", "<12.5 s", "<5 s"]


async def test_more_is_read_of_the_symbol_that_is_open_and_no_longer_when_it_is_left() -> None:
    watched = calm()
    app = plain_console(watched)
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        app.open_symbol("BTC000/USD")
        await pilot.pause()
        app.paint()
        assert watched.focused == "BTC000/USD"
        await pilot.press("escape")
        app.paint()
        assert watched.focused is None


@dataclass
class Record(FakeWatched):
    """A replay of one picture."""

    at: float = START + 10
    begin: float = START
    end: float = START + 600
    speed: float = 1.0
    paused: bool = False
    logs: tuple[()] = ()
    pressed: tuple[str, ...] = field(default=("j", "K"))

    def seek(self, at: float) -> None:
        self.at = min(max(at, self.begin), self.end)

    def set_speed(self, speed: float) -> None:
        self.speed = speed

    def keys_near(self, at: float) -> tuple[str, ...]:
        return self.pressed


def a_record() -> Record:
    return Record(snapshot(START, metrics_of(symbol_rows(5))), HandClock(START + 0.5))


async def test_a_replay_says_so_on_every_screen_and_above_every_dialog() -> None:
    app = plain_console(a_record())
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        for keys in (["1"], ["4"], ["1", "question_mark"], ["escape", "colon"]):
            await pilot.press(*keys)
            await pilot.pause()
            assert text_of(app).splitlines()[1].strip("▌▐ ").startswith("REPLAY "), keys
            assert "READ-ONLY" in text_of(app).splitlines()[0]


async def test_the_frame_goes_round_the_banner_too_where_a_dialog_is_open() -> None:
    app = plain_console(a_record())
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("question_mark")
        await pilot.pause()
        assert {line[0] + line[-1] for line in text_of(app).splitlines()} == {"▌▐"}


async def test_the_logs_of_a_replay_are_said_to_be_none_with_no_keys_that_do_nothing() -> None:
    app = plain_console(a_record())
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("7")
        await pilot.pause()
        assert "A replay has no log lines." in text_of(app)
        assert "filter" not in text_of(app).splitlines()[-1]
        await pilot.press("e", "slash", "enter", "y", "escape")
        await pilot.pause()
        assert app.screen is app.plain


@pytest.mark.parametrize(
    ("key", "at"), [("comma", 0), ("full_stop", 20), ("greater_than_sign", 310), ("less_than_sign", 0)]
)
async def test_keys_scrub_through_a_replay(key: str, at: float) -> None:
    record = a_record()
    app = plain_console(record)
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press(key)
        assert record.at == START + at


async def test_a_time_is_jumped_to_in_a_replay() -> None:
    record = a_record()
    app = plain_console(record)
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        assert " @  time " in text_of(app).splitlines()[-1]
        await pilot.press("at", *"-5m", "enter")
        assert record.at == START + 300
        await pilot.press("at", *"1:5", "enter")
        await until(lambda: "write 14:05, 14:05:30, 2026-01-02T14:05 or -10m " in text_of(app))
        await pilot.press("escape", "at", *"23:59", "enter")
        await until(lambda: " UTC " in text_of(app).splitlines()[-1])
        await pilot.press("escape", "at", "enter")
        assert record.at == START + 300


async def test_speed_and_pause_are_the_record_s() -> None:
    record = a_record()
    app = plain_console(record)
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("plus", "plus", "minus", "p")
        await pilot.pause()
        assert record.speed == 2
        assert record.paused
        assert "PAUSED" in text_of(app).splitlines()[1]


async def test_the_kill_switch_of_a_replay_says_that_it_is_one() -> None:
    app = plain_console(a_record())
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("K")
        await pilot.pause()
        assert IN_A_REPLAY in text_of(app)


@pytest.mark.parametrize("cells", range(40, 200, 3))
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_the_banner_fits_and_always_has_the_instant(cells: int, glyphs: object) -> None:
    assert glyphs in (UNICODE, ASCII)
    replay = ReplayView(START, 300, 0, 600, 2, False, ("j", "escape", "K"))
    line = banner_line(replay, cells, UNICODE if glyphs is UNICODE else ASCII)
    words = "".join(span.text for span in line)
    assert line_width(line) <= cells
    assert words.startswith(" REPLAY  2026-05-28 20:26:40 UTC")
    assert "  2x" in words


@pytest.mark.parametrize("paused", [True, False])
def test_at_its_end_a_replay_says_so_instead_of_its_speed(paused: bool) -> None:
    line = banner_line(ReplayView(START, 600, 0, 600, 2, paused), 118, UNICODE)
    words = "".join(span.text for span in line)
    assert "UTC  END " in words
    assert words.endswith("the record ends here")
    assert "2x" not in words
    assert "PAUSED" not in words


def test_the_banner_s_bar_shows_the_place_in_the_record() -> None:
    def mark(at: float) -> int:
        line = banner_line(ReplayView(START, at, 0, 100, 1, False), 100, UNICODE)
        words = "".join(span.text for span in line)
        return words.index("●") - min(words.index(sign) for sign in "━─●" if sign in words)

    assert mark(0) == 0
    assert mark(0) < mark(50) < mark(100)
