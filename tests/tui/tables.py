"""A table on a real screen, with its prompt, for tests of its keys."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from textual import events
from textual.keys import _character_to_key
from textual.widget import Widget

from console.domain.severity import Severity
from console.tui.app import OpsConsole
from console.tui.screens.frame import Frame
from console.tui.theme import Tone, tone_of
from console.tui.view import View
from console.tui.widgets.table.columns import Cell, Column
from console.tui.widgets.table.table import Table
from console.tui.wishes import Wishes
from tests.tui.fake import PAPER, START, FakeWatched, nothing_yet
from tests.waiting import DEADLINE


@dataclass(frozen=True, slots=True)
class Pair:
    """A row: a name, two numbers and a severity."""

    name: str
    margin: float | None = 2.0
    funding: float = 0.0
    severity: Severity = Severity.OK


def margin_cell(pair: Pair) -> Cell:
    return Cell("-" if pair.margin is None else f"{pair.margin:.2f}", tone_of(pair.severity))


COLUMNS: list[Column[Pair]] = [
    Column("symbol", "SYMBOL", 12, lambda p: Cell(p.name, Tone.STRONG), lambda p: p.name, "left", grow=10),
    Column("state", "STATE", 10, lambda p: Cell(p.severity.word), lambda p: -p.severity, "left"),
    Column(
        "margin_ratio", "MARGIN", 8, margin_cell, lambda p: p.margin,
        marked=True, number=lambda p: p.margin,
    ),
    Column(
        "funding_rate", "FUND 8H", 8, lambda p: Cell(f"{p.funding:.3f}%"), lambda p: p.funding,
        marked=True, number=lambda p: p.funding,
    ),
    Column("note", "NOTE", 8, lambda p: Cell("note"), lambda p: p.name, optional=True),
]  # fmt: skip


class TableScreen(Frame):
    """A screen with nothing but a table; what it says and opens is noted."""

    def __init__(self, view: View, rows: Sequence[Pair]) -> None:
        super().__init__(view)
        self.said: list[str] = []
        self.opened: list[str] = []
        self.table: Table[Pair] = Table("pairs", lambda p: p.name, lambda p: p.severity, view.glyphs)
        self.table.set_columns(COLUMNS, "state")
        self.table.set_rows(rows)

    def body(self) -> Iterable[Widget]:
        yield self.table

    def on_mount(self) -> None:
        self.table.focus()

    def say(self, words: str) -> None:
        self.said.append(words)
        super().say(words)

    def refuse(self, words: str) -> None:
        self.said.append(words)
        super().refuse(words)

    def on_table_opened(self, event: Table.Opened) -> None:
        self.opened.append(event.key)


class TableApp(OpsConsole):
    """The console with that screen at the bottom, and a monitor that has nothing to say."""

    def __init__(self, rows: Sequence[Pair], state: Path | None = None, **environ: str) -> None:
        self._rows = rows
        super().__init__(
            PAPER,
            lambda: FakeWatched(nothing_yet(START)),
            wishes=Wishes(state=state),
            environ={"LANG": "C.UTF-8", "TERM": "xterm-256color", **environ},
        )

    def get_default_screen(self) -> TableScreen:
        return TableScreen(self.view, self._rows)

    @property
    def shown(self) -> TableScreen:
        screen = self.screen_stack[0]
        assert isinstance(screen, TableScreen)
        return screen

    @property
    def table(self) -> Table[Pair]:
        return self.shown.table

    def line(self, y: int) -> str:
        """What stands on line `y` of the table."""
        return self.table.render_line(y).text.rstrip()

    async def type(self, *keys: str) -> None:
        """Have these keys come together, and wait until all of them have been dealt with."""
        for key in keys:
            self.post_message(key_event(key))
        done = asyncio.Event()
        self.call_later(done.set)
        await asyncio.wait_for(done.wait(), DEADLINE)


def key_event(key: str) -> events.Key:
    """The event of a key by textual's name for it, or of a single character."""
    return events.Key(_character_to_key(key), key) if len(key) == 1 else events.Key(key, None)


def pairs(count: int) -> list[Pair]:
    """Rows `P000` to `P…`, the margin of each a hundredth above the one before."""
    return [Pair(f"P{n:03}", 1.0 + n / 100, n / 1000) for n in range(count)]
