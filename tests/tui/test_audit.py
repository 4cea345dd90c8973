"""Screen 8: the journal as it grows, and whether it is what was written."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.audit.partial import with_left_undone
from console.audit.record import Act
from console.audit.redaction import Json
from console.tui.app import OpsConsole
from console.tui.screens.audit import screen as audit_screen
from console.tui.screens.audit.detail import RecordDetail
from console.tui.tools import Tools
from tests.tui.cases import UTF8
from tests.tui.fake import PAPER, START, FakeWatched, HandClock, metrics_of, snapshot, symbol_rows
from tests.tui.journals import DANA, FOLDER, HOSTILE, edited, follower, journal, trip, write_an_evening
from tests.tui.screen import painted, text_of, tone_letters
from tests.tui.test_painting import a_record
from tests.waiting import until


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run beside the state folder, and look at the journal often."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(audit_screen, "LOOKS_EVERY", 0.05)


@asynccontextmanager
async def opened(*, given: bool = True) -> AsyncIterator[tuple[OpsConsole, Pilot[int]]]:
    """The console on screen 8."""
    clock = HandClock(START + 0.8)
    watched = FakeWatched(snapshot(START, metrics_of(symbol_rows(5))), clock)
    app = OpsConsole(PAPER, lambda: watched, environ=UTF8, tools=Tools(journal=follower() if given else None))
    async with app.run_test(size=(120, 40)) as pilot:
        await painted(app)
        await pilot.press("8")
        await until(lambda: "NOT READ YET" not in text_of(app) and "NO " in text_of(app))
        yield app, pilot


def row_of(app: OpsConsole, number: int) -> str:
    return next(line for line in text_of(app).splitlines() if f" #{number} " in line)


async def test_the_newest_record_comes_first_with_who_did_what_and_why() -> None:
    write_an_evening()
    async with opened() as (app, _):
        await until(lambda: "✓ SOUND  10 records, each as it was written" in text_of(app))
        rows = [line for line in text_of(app).splitlines() if " #" in line]
        assert [int(line.split("#")[1].split()[0]) for line in rows] == list(range(10, 0, -1))
        assert "access.break_glass" in " ".join(rows)
        assert "NOT DONE" in row_of(app, 4)
        assert "? UNKNOWN" in row_of(app, 6)
        assert "bartholom" in row_of(app, 1)


async def test_a_trip_that_not_all_followed_is_called_partial_with_who_did_not() -> None:
    intent = journal().intent(DANA, trip())
    journal().outcome(DANA, intent, True, evidence=with_left_undone({}, ["database: connection refused"]))
    async with opened() as (app, _):
        await until(lambda: " #2 " in text_of(app))
        assert "◆ PARTIAL" in row_of(app, 2)
        assert "left undone: database: connection refused" in text_of(app)


@pytest.mark.parametrize(("broken", "said"), [(True, "GLASS BROKEN by dana"), (False, "approved by dana")])
async def test_broken_glass_is_no_approval(broken: bool, said: str) -> None:
    approval: Json = {"by": "dana (uid 1001)", "broken glass": broken}
    journal().note(DANA, Act("paper", "kill.reset", "paper", reason="over", approval=approval))
    async with opened() as (app, _):
        await until(lambda: said in text_of(app))


async def test_a_record_of_another_console_appears_by_itself() -> None:
    write_an_evening()
    async with opened() as (app, _):
        await until(lambda: " #10 " in text_of(app))
        journal().intent(DANA, trip("margin gone"))
        await until(lambda: " #11 " in text_of(app))
        assert "margin gone" in row_of(app, 11)


async def test_an_intent_that_nobody_has_closed_stands_out_until_somebody_does() -> None:
    intent = journal().intent(DANA, trip())
    async with opened() as (app, _):
        await until(lambda: " #1 " in text_of(app))
        assert "? open" in row_of(app, 1)
        assert "open: under way, or cut short" in text_of(app)
        journal().outcome(DANA, intent, True)
        await until(lambda: " #2 " in text_of(app))
        assert "? open" not in row_of(app, 1)


async def test_the_first_record_of_all_appears_in_a_journal_that_was_none() -> None:
    async with opened() as (app, _):
        await until(lambda: "no record yet" in text_of(app))
        journal().note(DANA, Act("paper", "access.arm", "console", reason="deploying"))
        await until(lambda: " #1 " in text_of(app))


async def test_a_filter_shows_what_matches_alone() -> None:
    write_an_evening()
    async with opened() as (app, pilot):
        await until(lambda: " #10 " in text_of(app))
        await pilot.press("slash", *"glass", "enter")
        await until(lambda: " #8 " not in text_of(app))
        assert " #9 " in text_of(app)


async def test_the_record_under_the_cursor_is_told_at_once_and_in_full_on_enter() -> None:
    write_an_evening()
    async with opened() as (app, pilot):
        await until(lambda: " #10 " in text_of(app))
        assert "drill of the quarter" in text_of(app)
        await pilot.press("j", "enter")
        await until(lambda: isinstance(app.screen, RecordDetail))
        await until(lambda: "stands in" in text_of(app))
        assert "action     access.break_glass" in text_of(app)
        assert "nobody else is awake" in text_of(app)
        await pilot.press("escape")
        await until(lambda: not isinstance(app.screen, RecordDetail))


async def test_a_record_that_was_edited_is_loud_and_named() -> None:
    write_an_evening()
    with edited(b"nobody else is awake", b"nobody else was here"):
        async with opened() as (app, _):
            await until(lambda: "✘ NOT SOUND  record 9 is not what was written: edited" in text_of(app))
            assert "at journal-000001.jsonl:9 in state/audit" in text_of(app)
            assert "SOUND" in next(line for line in text_of(app).splitlines() if "line 9" in line)
            assert "A" in tone_letters(app).splitlines()[1]


async def test_it_is_verified_again_when_that_is_asked_for() -> None:
    write_an_evening()
    async with opened() as (app, pilot):
        await until(lambda: "✓ SOUND" in text_of(app))
        with edited(b"drill of the quarter", b"Drill of the quarter"):
            await pilot.press("v")
            await until(lambda: "✘ NOT SOUND  record 10" in text_of(app))


async def test_a_journal_that_can_t_be_read_is_never_called_sound() -> None:
    FOLDER.parent.mkdir()
    FOLDER.write_text("no folder")
    async with opened() as (app, _):
        await until(lambda: "NOT READ " in text_of(app) and "state/audit: Not a directory" in text_of(app))
        assert "✓ SOUND" not in text_of(app)


async def test_foreign_words_are_inert() -> None:
    journal().note(DANA, trip(HOSTILE, context="[bold]\x07"))
    async with opened() as (app, pilot):
        await until(lambda: " #1 " in text_of(app))
        assert "\\x1b[31m[red]gone[/]" in text_of(app)
        await pilot.press("enter")
        await until(lambda: "[bold]\\x07" in text_of(app))
        assert not {"\x1b", "\u202e", "\x07"} & set(text_of(app))


async def test_a_replay_has_no_journal_and_says_where_it_is_read() -> None:
    write_an_evening()
    app = OpsConsole(PAPER, a_record, environ=UTF8, tools=Tools(journal=follower()))
    async with app.run_test(size=(120, 40)) as pilot:
        await painted(app)
        await pilot.press("8")
        await until(lambda: "NO JOURNAL  a replay has none" in text_of(app))
        assert " #1 " not in text_of(app)


async def test_a_console_without_a_journal_says_so() -> None:
    async with opened(given=False) as (app, _):
        assert "NO JOURNAL" in text_of(app)
