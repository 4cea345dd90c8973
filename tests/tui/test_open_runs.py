"""A run that waits for a person is said on the overview, right after the worst, with the way to it."""

import asyncio
import threading
from dataclasses import replace
from typing import cast

import pytest

from console.domain.severity import Severity
from console.runbooks.run import Run, Standing, State, StepRun
from console.runbooks.seen import Hands
from console.tui.app import OpsConsole
from console.tui.headline import Statement
from console.tui.open_runs import SLOW, TAKES_LONG, UNREAD, UnderWay, standing_runs
from console.tui.painting import Painting
from console.tui.screens.recovery.standing import standing_statement
from console.tui.tools import Tools
from tests.tui.cases import CASES, UTF8
from tests.tui.fake import PAPER, START, FakeWatched, HandClock
from tests.tui.runs import PASSED, done, recovery, run_of
from tests.tui.screen import painted, text_of
from tests.waiting import until

WAITS = run_of(recovery(), *PASSED, done("sync", State.WAITING, 5.0, words="type 'paper sync' to go on"))
"""A run whose step waits for words to be typed."""


class Found:
    """What a store holds now."""

    def __init__(self, *runs: tuple[Run, Hands], unread: str = "", practised: str = "") -> None:
        self.clock = HandClock(START)
        self.runs = runs
        self.unread = unread
        self.practised = practised

    def found(self) -> tuple[tuple[Run, Hands], ...] | str:
        return self.unread or self.runs

    def drill(self) -> str:
        return self.practised


def told(run: Run, hands: Hands, after: float = 0.0) -> str:
    said = standing_statement([(run, hands)], START + after)
    return "" if said is None else said.words


def console_of(case: str, found: Found) -> OpsConsole:
    watched = FakeWatched(CASES[case].snapshot, HandClock(START + 0.8))
    return OpsConsole(PAPER, lambda: watched, environ=UTF8, tools=Tools(open_runs=lambda: found))


@pytest.mark.parametrize(
    ("step", "hands", "words"),
    [
        (done("sync", State.WAITING, 1.0), Hands.OWN, "waits at sync, step 5 of 7: you drive"),
        (
            done("sync", State.FAILED, 1.0),
            Hands.OTHERS,
            "has failed at sync, step 5 of 7: dana@desk-1",
        ),
        (done("sync", State.UNKNOWN, 1.0), Hands.NOBODY, "doesn't know what became of sync"),
        (done("sync", State.RUNNING, 1.0), Hands.NOBODY, "was left at sync, step 5 of 7: nobody drives"),
        (StepRun("sync"), Hands.NOBODY, "stands before sync, step 5 of 7: nobody drives"),
        (StepRun("sync"), Hands.OWN, "stands before sync, step 5 of 7: you drive"),
    ],
)
def test_a_run_that_waits_for_a_person_is_told_with_the_way_to_it(
    step: StepRun, hands: Hands, words: str
) -> None:
    said = told(run_of(recovery(), *PASSED, step), hands)
    assert f"run recovery {words}" in said
    assert said.endswith("on screen 5 (enter)")


def test_a_run_that_goes_on_is_not_told() -> None:
    assert told(run_of(recovery(), *PASSED, done("sync", State.RUNNING)), Hands.OTHERS) == ""
    just_passed = run_of(recovery(), *PASSED[:-1], done("stop", ago=1.0))
    assert told(just_passed, Hands.OWN) == ""  # its next step is about to begin
    assert "stands before sync" in told(just_passed, Hands.OWN, after=10.0)


def test_of_several_runs_the_loudest_is_told_and_the_others_are_counted() -> None:
    failed = run_of(recovery(), *PASSED, done("sync", State.FAILED))
    said = standing_statement([(WAITS, Hands.NOBODY), (failed, Hands.NOBODY)], START)
    assert said is not None
    assert said.severity is Severity.CRITICAL
    assert said.brief == "run recovery has failed at sync; 1 more: on screen 5 (enter)"


def test_a_run_without_a_step_left_still_waits_to_be_ended() -> None:
    passed = [replace(step, state=State.PASSED, since=START - 60) for step in run_of(recovery()).steps]
    run = replace(run_of(recovery()), steps=tuple(passed), standing=Standing.OPEN)
    assert "run recovery has no step left" in told(run, Hands.NOBODY)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_overview_says_it_right_after_the_worst_however_much_is_wrong(
    size: tuple[int, int],
) -> None:
    found = Found((WAITS, Hands.NOBODY))
    app = console_of("worst", found)
    async with app.run_test(size=size) as pilot:
        await painted(app)
        worst = next(y for y, line in enumerate(text_of(app).splitlines()) if "liquidat" in line)
        app.get_access()
        await until(lambda: "run recovery waits at sync" in text_of(app).splitlines()[worst + 1])
        assert "on screen 5" in text_of(app).splitlines()[worst + 1]
        found.runs = ()
        await pilot.press("1")  # and whoever comes back sees at once that it is over
        await until(lambda: "run recovery" not in text_of(app))


async def test_that_nobody_can_tell_hides_nothing_that_is_known_to_be_bad() -> None:
    found = Found((WAITS, Hands.NOBODY))
    app = console_of("worst", found)
    async with app.run_test(size=(120, 40)) as pilot:
        await painted(app)
        app.get_access()
        await until(lambda: "run recovery" in app.view.statements[1].words)
        found.unread = "the server is gone"
        await pilot.press("1")
        await until(lambda: UNREAD.brief in [one.brief for one in app.view.statements])
        place = [one.brief for one in app.view.statements].index(UNREAD.brief)
        severities = [one.severity for one in app.view.statements]
        assert min(severities[:place]) > Severity.UNKNOWN >= max(severities[place:])


async def test_where_runs_cannot_be_read_it_is_said() -> None:
    app = console_of("normal", Found(unread="the runs can't be kept: runs.db: Permission denied"))
    async with app.run_test(size=(120, 40)):
        await painted(app)
        app.get_access()
        await until(lambda: "whether a run is open isn't known: the runs can't be kept" in text_of(app))


class _Told:
    """A painting that only keeps what it was told last."""

    def __init__(self) -> None:
        self.last: Statement | None = None

    def tell_of_runs(self, told: UnderWay) -> None:
        self.last = told.standing


class _Breaks(Found):
    """Does `before` ahead of each reading."""

    def found(self) -> tuple[tuple[Run, Hands], ...] | str:
        self.before()
        return super().found()

    def before(self) -> None:
        """Nothing, unless a test has it do something."""


async def test_what_was_read_before_is_not_said_on_where_reading_breaks_or_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told, held, found = _Told(), threading.Event(), _Breaks()
    runs = standing_runs(cast("Painting", told), lambda: found)
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _told: None)
    monkeypatch.setattr(found, "before", _breaks)
    runs.begin()
    await until(lambda: told.last == UNREAD)
    monkeypatch.setattr(found, "before", held.wait)
    runs.begin()
    for _ in range(TAKES_LONG + 1):
        runs.look()
    assert told.last == SLOW
    held.set()
    await until(lambda: told.last is None)


def _breaks() -> None:
    raise ValueError("damaged")
