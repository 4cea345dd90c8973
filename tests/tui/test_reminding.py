"""The overview's line of what is due after a deployment, and the key that records a look."""

from dataclasses import dataclass, field

import pytest
from textual.pilot import Pilot

from console.domain.access import AccessError
from console.domain.deployment_calendar import LOOK, PERFORMANCE, Due, Look
from console.tui.app import OpsConsole
from console.tui.tools import Tools
from tests.tui.cases import UTF8
from tests.tui.fake import PAPER, START, FakeWatched, HandClock, Row, metrics_of, snapshot
from tests.tui.screen import painted, text_of
from tests.waiting import until

MINUTE = 60.0


@dataclass
class Kept:
    """A calendar in memory; `fault` is why it can't be read or written."""

    at: float
    duty_due: Due | None = None
    fault: str = ""
    clock: HandClock = field(default_factory=HandClock)
    looks: list[tuple[str, str]] = field(default_factory=list)

    def due(self) -> tuple[Due, ...]:
        if self.fault:
            raise AccessError(self.fault)
        return () if self.duty_due is None else (self.duty_due,)

    def look(self, duty: str, note: str) -> Look:
        if self.fault:
            raise AccessError(self.fault)
        self.looks.append((duty, note))
        self.duty_due = Due(LOOK, self.clock.at + 30 * MINUTE)
        return Look(duty, self.clock.at, "dana (uid 1001)", note)


def kept(after: float | None, fault: str = "") -> Kept:
    """A look is due so many seconds from now; None: nothing is."""
    return Kept(START, None if after is None else Due(LOOK, START + after), fault)


def console(calendar: Kept | None) -> OpsConsole:
    watched = FakeWatched(snapshot(START, metrics_of([Row("BTC/USD")])), HandClock(START + 0.8))
    return OpsConsole(
        PAPER,
        lambda: watched,
        environ=UTF8,
        tools=Tools(calendar=None if calendar is None else lambda: calendar),
    )


async def begun(app: OpsConsole) -> None:
    await painted(app)
    app.get_access()


async def press(app: OpsConsole, pilot: Pilot[int], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_overview_says_when_the_next_look_is_due(size: tuple[int, int]) -> None:
    app = console(kept(12 * MINUTE))
    async with app.run_test(size=size):
        await begun(app)
        await until(lambda: "next look due in 12 m" in text_of(app))


async def test_a_look_that_is_overdue_is_a_warning_that_names_the_key() -> None:
    app = console(kept(-25 * MINUTE))
    async with app.run_test(size=(80, 24)):
        await begun(app)
        await until(lambda: "look overdue by 25 m: L records it once you have" in text_of(app))
        assert text_of(app).count("look overdue") == 1


async def test_without_a_deployment_nothing_is_said_and_nothing_recorded() -> None:
    calendar = kept(None)
    app = console(calendar)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(app)
        await press(app, pilot, "L")
        assert "No deployment is signed off: nothing is due" in text_of(app).splitlines()[-1]
        assert " due in " not in text_of(app)
    assert calendar.looks == []


async def test_the_key_records_the_look_with_what_was_seen_and_puts_the_next_one_off() -> None:
    calendar = kept(-MINUTE)
    app = console(calendar)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(app)
        await until(lambda: "look overdue" in text_of(app))
        await press(app, pilot, "L")
        assert "look: what did you see?" in text_of(app).splitlines()[-1]
        await press(app, pilot, *"quiet", "enter")
        await until(lambda: "recorded: looked by dana (uid 1001)" in text_of(app))
        await until(lambda: "next look due in 30 m" in text_of(app))
    assert calendar.looks == [("look", "quiet")]


async def test_leaving_the_question_records_nothing() -> None:
    calendar = kept(-MINUTE)
    app = console(calendar)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(app)
        await until(lambda: "look overdue" in text_of(app))
        await press(app, pilot, "L", "escape")
    assert calendar.looks == []


async def test_a_review_is_recorded_as_what_it_is() -> None:
    calendar = Kept(START, Due(PERFORMANCE, START + MINUTE))
    app = console(calendar)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(app)
        await until(lambda: "next weekly performance review due in 1 m" in text_of(app))
        await press(app, pilot, "L", "enter")
        await until(lambda: calendar.looks == [("performance", "")])


async def test_a_look_that_cannot_be_recorded_says_so_and_stays_due() -> None:
    calendar = kept(-MINUTE)
    app = console(calendar)
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(app)
        await until(lambda: "look overdue" in text_of(app))
        calendar.fault = "the disk is full"
        await press(app, pilot, "L", "enter")
        await until(lambda: "the disk is full" in text_of(app).splitlines()[-1])
        assert "look overdue" in text_of(app)


async def test_a_calendar_that_cannot_be_read_is_a_warning_and_no_sign_that_nothing_is_due() -> None:
    app = console(kept(None, "prod.json: permission denied"))
    async with app.run_test(size=(120, 24)):
        await begun(app)
        await until(lambda: "whether a look is due isn't known: prod.json" in text_of(app))


async def test_minutes_go_by_without_the_file_being_read_again() -> None:
    calendar = kept(12 * MINUTE)
    app = console(calendar)
    async with app.run_test(size=(80, 24)):
        await begun(app)
        await until(lambda: "due in 12 m" in text_of(app))
        calendar.fault = "not read again so soon"
        calendar.clock.at += 2 * MINUTE
        await until(lambda: "due in 10 m" in text_of(app))
