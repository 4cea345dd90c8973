"""The overview's line of how ready the context is to go back: quiet where it is, else a warning."""

import asyncio
import threading
from typing import cast

import pytest

from console.domain.readiness import NewestBackup, Readiness
from console.tui.app import OpsConsole
from console.tui.painting import Painting
from console.tui.readying import SLOW, TAKES_LONG, UNREAD, readying
from console.tui.view import Reminder
from tests.tui.fake import START
from tests.tui.screen import painted, text_of, tone_letters
from tests.tui.ways import HOUR, SLIPS, FakeGuide, console_with, readiness
from tests.waiting import until

UNREHEARSED = NewestBackup(START - 3 * HOUR)


async def begun(app: OpsConsole) -> None:
    await painted(app)
    app.get_access()


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((80, 24), "all rollbacks drilled within 9 d; newest backup 3 h old, rehearsed"),
        ((120, 40), "all rollbacks drilled within 9 d; newest backup 3 h old, rehearsed"),
        ((200, 60), "rollbacks drilled: shadow 2 d, off 2 d, configuration 2 d, full 9 d, coin quick 2 d"),
    ],
)
async def test_where_all_is_good_it_is_said_quietly(size: tuple[int, int], words: str) -> None:
    app = console_with(FakeGuide(ready=readiness(full=9.0)))
    async with app.run_test(size=size):
        await begun(app)
        await until(lambda: words in text_of(app))
        assert "✓ the one symbol is inside its limits" in text_of(app)


async def test_what_is_late_is_a_warning_after_what_is_wrong_now() -> None:
    app = console_with(FakeGuide(ready=readiness(UNREHEARSED, full=41.0)))
    async with app.run_test(size=(120, 40)):
        await begun(app)
        late = "▲ last drill of full 41 d ago, allowed 30 d; newest backup, 3 h old, never rehearsed"
        await until(lambda: late in text_of(app))
        lines = text_of(app).splitlines()
        place = next(y for y, line in enumerate(lines) if late in line)
        assert "✓ the one symbol is inside its limits" in lines[place - 1]
        assert "w" in tone_letters(app).splitlines()[place]


async def test_with_no_room_what_lacks_is_counted() -> None:
    app = console_with(FakeGuide(ready=readiness(UNREHEARSED, full=41.0, off=None, shadow=None)))
    async with app.run_test(size=(80, 24)):
        await begun(app)
        words = "▲ rollback drills: 2 never drilled, 1 late; newest backup never rehearsed"
        await until(lambda: words in text_of(app))


class _Told:
    """A painting that only keeps what it was told last."""

    def __init__(self) -> None:
        self.last: Reminder | None = None

    def tell_of_readiness(self, readiness: Reminder | None) -> None:
        self.last = readiness


class _Breaks(FakeGuide):
    """Does `before` ahead of each reading."""

    def readiness(self) -> Readiness:
        self.before()
        return super().readiness()


async def test_what_was_read_before_is_not_shown_on_where_reading_breaks_or_hangs() -> None:
    told, held, guide = _Told(), threading.Event(), _Breaks()
    reading = readying(cast("Painting", told), lambda: guide)
    reading.begin()
    await until(lambda: told.last is not None and not told.last.warns)
    guide.before = _breaks
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _told: None)
    reading.begin()
    await until(lambda: told.last == UNREAD)
    guide.before = held.wait
    reading.begin()
    for _ in range(TAKES_LONG + 1):
        reading.look()
    assert told.last == SLOW
    held.set()
    await until(lambda: told.last is not None and not told.last.warns)


def _breaks() -> None:
    raise RuntimeError("damaged")


async def test_without_a_guide_nothing_is_said_of_it() -> None:
    app = console_with(None)
    async with app.run_test(size=(120, 40)):
        await begun(app)
        await until(lambda: "inside its limits" in text_of(app))
        assert "rollback" not in text_of(app).replace("6 rollback", "")  # which the screen is called


async def test_a_trigger_that_calls_for_a_rollback_names_the_screen_that_leads_back() -> None:
    app = console_with(FakeGuide(), SLIPS)
    async with app.run_test(size=(120, 40)) as pilot:
        await begun(app)
        words = "consistently: never below 31.4 bps in 5 m on BTC/USD, Rollback to shadow, on screen 6"
        await until(lambda: words in text_of(app))
        await pilot.resize_terminal(80, 24)
        await until(lambda: "consistently: Rollback to shadow, on screen 6" in text_of(app))
