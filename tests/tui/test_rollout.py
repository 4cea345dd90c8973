"""Screen 3: the matrix of features and symbols, moved in and marked, and what is said of its cells."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from textual.pilot import Pilot

from console.actions.rollout.history import Change
from console.domain.assessment import Assessment, assess
from console.domain.metrics import Series
from console.domain.rollout.operations import Demote, Operation, Promote, SetStage
from console.domain.rollout.stages import Stage
from console.domain.snapshot import Snapshot
from console.domain.surfaces import Feature, Finding, Flags
from console.sources.logs.file import LogFile
from console.tui.app import OpsConsole
from console.tui.places import offers
from console.tui.screens.help import help_lines
from console.tui.screens.logs import Logs
from console.tui.screens.overview.screen import Overview
from console.tui.screens.rollout.order import kept
from console.tui.screens.rollout.screen import Rollout
from console.tui.screens.rollout.words import file_lines
from console.tui.screens.symbol.screen import SymbolDetail
from console.tui.theme import UNICODE
from console.tui.tools import Tools
from console.tui.view import View
from tests.tui.cases import CASES, UTF8
from tests.tui.fake import PAPER, START, FakeWatched, HandClock, failing, metrics_of, snapshot, state
from tests.tui.fake import Row as SymbolRow
from tests.tui.logs import WithLogs
from tests.tui.rollouts import answered_at
from tests.tui.screen import painted, strips, text_of
from tests.tui.test_foreign_screens import poisoned_snapshot
from tests.tui.test_foreign_text import assert_inert
from tests.tui.test_painting import a_record
from tests.waiting import until

NORMAL = CASES["normal"].snapshot
GUARD = "unified_risk_guard"


class Following(FakeWatched):
    """A monitor that remembers what it has judged, as differences last."""

    def assessment(self, ahead: float = 0.0) -> Assessment:
        taken = replace(self.snapshot, at=self.clock.now() + ahead)
        judged = assess(taken, self.rules, self._before)
        self._before = taken, judged
        return judged


@dataclass
class Opened:
    """Screen 3; `asked` are the changes that were asked for."""

    app: OpsConsole
    pilot: Pilot[int]
    watched: FakeWatched
    asked: list[Operation] = field(default_factory=list)

    @property
    def text(self) -> str:
        return text_of(self.app)

    @property
    def screen(self) -> Rollout:
        assert isinstance(self.app.screen, Rollout)
        return self.app.screen

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def later(self, seconds: float, taken: Snapshot) -> None:
        """Have every source answer with `taken` so many seconds later."""
        assert isinstance(self.watched.clock, HandClock)
        self.watched.clock.at += seconds
        self.watched.snapshot = answered_at(taken, self.watched.clock.at)
        self.app.paint()
        await self.pilot.pause()

    def line(self, words: str) -> str:
        return next(line for line in self.text.splitlines() if words in line)


def loading(taken: Snapshot, stage: float) -> Snapshot:
    """The snapshot with `stage` loaded for the guard of BTC000/USD."""
    metrics = taken.metrics.value
    assert metrics is not None
    one = Series("futures_feature_stage", (("feature", GUARD), ("symbol", "BTC000/USD")))
    samples = dict(metrics.samples)
    samples["futures_feature_stage"] = {**samples["futures_feature_stage"], one: stage}
    said = replace(metrics, samples=samples)
    return replace(taken, metrics=state("metrics", said, taken.at, 3.0))  # type: ignore[arg-type]


def with_flags(taken: Snapshot, flags: Flags) -> Snapshot:
    return replace(taken, flags=state("flags", flags, taken.at, 15.0))  # type: ignore[arg-type]


class NoChanges:
    """A journal without changes."""

    def history(self, feature: str | None = None) -> tuple[Change, ...]:
        return ()


@asynccontextmanager
async def opened(
    taken: Snapshot = NORMAL,
    *keys: str,
    watched: Any = None,
    changes: bool = True,
    size: tuple[int, int] = (80, 24),
) -> AsyncIterator[Opened]:
    """The console on screen 3, after these keys."""
    watched = watched or Following(taken, HandClock(START + 0.5))
    tools = Tools(rollout=NoChanges if changes else None)  # type: ignore[arg-type]
    app = OpsConsole(PAPER, lambda: watched, environ=UTF8, tools=tools)
    async with app.run_test(size=size) as pilot:
        await painted(app)
        on = Opened(app, pilot, watched)
        app.open_change = on.asked.append  # type: ignore[method-assign,assignment]
        await on.press("3", *keys)
        yield on


async def test_a_cell_shows_its_stage_and_the_lines_below_say_it() -> None:
    async with opened() as on:
        assert f"{GUARD} for BNB003/USD" in on.text
        assert "file · disabled  engine · disabled" in on.text
        await on.press("o", *"btc00", "enter")
        assert "◐ C" in on.line("unified_risk_guard  ")
        assert "● P" in on.line("smart_entry  ")
        assert "file ◐ canary  engine ◐ canary" in on.text


async def test_what_the_engine_has_loaded_otherwise_is_pending_then_drift_and_n_leads_there() -> None:
    taken = loading(NORMAL, 3.0)
    async with opened(taken) as on:
        await on.press("n")
        assert "nothing that is shown here drifts" in on.text
        await on.later(10, taken)
        await on.press("n")
        assert "◐ C▲" in on.line("▸ unified_risk_guard")
        assert "file ◐ canary  engine ● production  drift for" in on.text
        assert "2 cells loaded otherwise" in on.text
        await on.press("n")
        assert "▸ batch_closing" in on.text
        await on.press("n")
        assert "▸ unified_risk_guard" in on.text


async def test_a_stage_that_trades_against_the_file_is_louder_than_other_drift() -> None:
    off = Flags("flags.yaml", "00", False, "staging", (Feature(GUARD, False, "canary"),))
    taken = with_flags(loading(NORMAL, 3.0), off)
    async with opened(taken) as on:
        await on.later(10, taken)
        await on.press("n")
        assert "· D◆" in on.line("▸ unified_risk_guard")


async def test_digits_are_stages_here_and_screens_elsewhere() -> None:
    async with opened(NORMAL, "1") as on:
        assert on.asked == [SetStage(GUARD, Stage.SHADOW, ("BNB003/USD",))]
        assert isinstance(on.app.screen, Rollout)
        await on.press("0", "3", "escape")
        assert [each.stage for each in on.asked[1:] if isinstance(each, SetStage)] == [
            Stage.DISABLED,
            Stage.PRODUCTION,
        ]
        assert isinstance(on.app.screen, Overview)
        await on.press("3")
        assert isinstance(on.app.screen, Rollout)


async def test_the_help_tells_no_key_that_means_something_else_here() -> None:
    async with opened() as on:
        here = offers(on.app.screen, on.app.view.actions)
        told = ["".join(span.text for span in line) for line in help_lines("", here, (), UNICODE, 78)]
    assert any(re.fullmatch(r":\s+overview: Every symbol against its limits", line) for line in told)
    assert any(
        re.fullmatch(r"4\s+Every alert, the rollback triggers and every source", line) for line in told
    )
    assert any(re.fullmatch(r"esc\s+Back to the screen before", line) for line in told)


async def test_in_the_first_column_the_whole_feature_is_meant() -> None:
    async with opened(NORMAL, "f", "plus", "f", "minus") as on:
        assert on.asked == [Promote(GUARD), Demote(GUARD, ("BNB003/USD",))]


async def test_what_is_marked_is_changed_at_once_wherever_the_cursor_is_in_its_row() -> None:
    async with opened(NORMAL, "right", "shift+right", "shift+right", "shift+left", "plus") as on:
        assert on.asked == [Promote(GUARD, ("BNB013/USD", "BNB018/USD"))]
        assert "[· D ]" in on.line("▸ unified_risk_guard")
        await on.press("left", "left", "space", "minus", "down", "minus", "up", "M", "minus")
        assert on.asked[1:] == [
            Demote(GUARD, ("BNB003/USD", "BNB013/USD", "BNB018/USD")),
            Demote("smart_entry", ("BNB003/USD",)),
            Demote(GUARD, ("BNB003/USD",)),
        ]


async def test_symbols_are_filtered_by_name_and_the_cursor_never_comes_to_the_whole_row_by_that() -> None:
    async with opened(NORMAL, "o", *"btc00") as on:
        assert [column.title for column in on.screen.matrix.columns] == ["BTC000/USD", "BTC005/USD"]
        await on.press("enter", "plus")
        assert on.asked == [Promote(GUARD, ("BTC000/USD",))]
        assert "o btc00" in on.text
        assert "2 of 58 symbols" in on.text
        await on.press("escape")
        assert len(on.screen.matrix.columns) == 58


async def test_a_mark_that_the_filter_hides_is_left_alone_and_the_screen_says_so() -> None:
    async with opened(NORMAL, "space", "o", *"btc00", "enter", "minus", "space", "minus") as on:
        assert on.asked == [Demote(GUARD, ("BTC000/USD",))] * 2
        assert f"{GUARD} for 1 marked, not for 1 hidden: BTC000/USD" in on.text
        await on.press("space")
        assert f"{GUARD} for BTC000/USD, not for 1 marked but hidden" in on.text
        await on.press("escape", "minus")
        assert on.asked[2:] == [Demote(GUARD, ("BNB003/USD",))]


def test_while_everything_is_off_the_screen_still_says_that_symbols_are_hidden() -> None:
    off = with_flags(NORMAL, Flags("flags.yaml", "00", True, "staging", ()))
    view = View(PAPER, UNICODE).next(FakeWatched(off, HandClock(START)).assessment())
    _, second = file_lines(view, "btc", 2, 78)
    assert "".join(span.text for span in second).startswith(
        " global_kill_switch is on: everything is off  o btc  2 of 58 symbols"
    )


async def test_features_are_filtered_by_name_and_by_the_stage_of_a_symbol() -> None:
    async with opened(NORMAL, "slash", *"BTC000/USD=production", "enter") as on:
        assert on.screen.matrix.keys == ("smart_entry",)


async def test_symbols_that_are_held_come_first_and_none_moves_while_one_looks() -> None:
    rows = [SymbolRow(name, margin) for name, margin in (("A", 1.9), ("B", 1.3), ("C", 1.9))]
    flags = Flags("flags.yaml", "00", False, None, (Feature(GUARD, True, "shadow"),))
    taken = with_flags(snapshot(START, metrics_of(rows)), flags)
    async with opened(taken) as on:
        before = [column.title for column in on.screen.matrix.columns]
        assert before == ["B", "A", "C"]
        worse = with_flags(snapshot(START, metrics_of([*rows[:2], replace(rows[2], margin=0.9)])), flags)
        await on.later(1, worse)
        assert [column.title for column in on.screen.matrix.columns] == before
        await on.press("w")
        assert [column.title for column in on.screen.matrix.columns] == ["C", "B", "A"]


def test_a_symbol_that_is_new_comes_last_and_one_that_is_gone_leaves_no_gap() -> None:
    assert kept(["B", "A", "C"], ["A", "B", "D"]) == ["B", "A", "D"]


async def test_without_a_flags_file_nothing_is_shown_and_nothing_can_be_changed() -> None:
    taken = replace(NORMAL, flags=replace(NORMAL.flags, good=None, last=None, configured=False))
    async with opened(taken, "plus", changes=False) as on:
        assert "NO FLAGS FILE" in on.text
        assert "the context names none" in on.text.splitlines()[-1]


async def test_a_file_that_cannot_be_read_any_more_is_stale_and_its_cells_are_unknown() -> None:
    async with opened() as on:
        assert isinstance(on.watched.clock, HandClock)
        on.watched.clock.at += 60
        on.watched.snapshot = failing(NORMAL, "flags.yaml: no such file", "flags")
        on.app.paint()
        await until(lambda: "STALE" in on.text and "no such file" in on.text)


async def test_what_an_engine_would_misread_is_said_above_the_matrix() -> None:
    finding = Finding(7, 3, "stage is 'Canary'", "no engine knows it", serious=True, feature=GUARD)
    feature = Feature(GUARD, True, "Canary", malformed=("stage",))
    taken = with_flags(NORMAL, Flags("flags.yaml", "00", False, None, (feature,), (finding,)))
    async with opened(taken) as on:
        assert "line 7:3: stage is 'Canary'; no engine knows it" in on.text
        assert "?   ?    " in on.line("▸ unified_risk_guard")
        assert "the engine has loaded it" not in on.text


async def test_the_global_switch_is_said_loudly() -> None:
    taken = with_flags(NORMAL, Flags("flags.yaml", "00", True, None, (Feature(GUARD, True, "canary"),)))
    async with opened(taken) as on:
        assert "global_kill_switch is on: everything is off" in on.text


async def test_in_a_replay_nothing_is_offered_that_changes_anything() -> None:
    async with opened(watched=a_record(), changes=False) as on:
        await on.press("plus", "1", "d")
        assert on.asked == []
        assert " up " not in on.text.splitlines()[-1]


async def test_enter_opens_the_symbol_and_e_what_the_log_says_of_the_feature_in_shadow_or_that_it_is_silent(
    tmp_path: Path,
) -> None:
    log = tmp_path / "futures.log"
    log.write_text(
        "2026-05-28 20:21:05,678 [INFO] flags: shadow unified_risk_guard: would have opened\n"
        "2026-05-28 20:21:06,678 [INFO] flags: something else\n"
    )
    watched = WithLogs(NORMAL, HandClock(START + 0.5), logs=(LogFile("engine", lambda: log),))
    async with opened(watched=watched) as on:
        await on.press("enter")
        assert isinstance(on.app.screen, SymbolDetail)
        await on.press("escape", "e")
        assert isinstance(on.app.screen, Logs)
        await until(lambda: "would have opened" in on.text and "something else" not in on.text)
        await on.press("3", "down", "e")
        words = "no line matches shadow.*smart_entry|smart_entry.*shadow in "
        await until(lambda: words in on.text)


async def test_only_what_is_to_be_seen_is_looked_up_of_thousands_of_symbols() -> None:
    """Sixty features and five thousand symbols: a key asks for no more cells than have room."""
    rows = [SymbolRow(f"S{n:04}USDT") for n in range(5000)]
    features = tuple(Feature(f"feature_{n}", True, "shadow") for n in range(60))
    taken = with_flags(snapshot(START, metrics_of(rows)), Flags("flags.yaml", "00", False, None, features))
    async with opened(taken) as on:
        looked: list[tuple[str, str]] = []
        status = on.app.view.live.rollout  # type: ignore[union-attr]
        known = type(status).cell

        class Counting:
            def __getattr__(self, name: str) -> Any:
                return getattr(status, name)

            def cell(self, feature: str, symbol: str) -> Any:
                looked.append((feature, symbol))
                return known(status, feature, symbol)

        on.screen._present.status = Counting()  # type: ignore[assignment]
        await on.press("right", "right_square_bracket", "down", "pagedown")
        assert 0 < len(looked) < 4 * 24 * 8


async def test_foreign_text_of_every_surface_is_inert_in_cells_titles_and_words() -> None:
    terminal = Console(color_system="truecolor", force_terminal=True)
    async with opened(poisoned_snapshot(0)) as on:
        for keys in ((), ("down", "right"), ("f",), ("o", "a"), ("escape",)):
            await on.press(*keys)
            assert {cell_len(strip.text) for strip in strips(on.app)} == {80}
            assert_inert("\r\n".join(strip.render(terminal) for strip in strips(on.app)))
