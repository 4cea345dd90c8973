"""A flood of foreign text through everything that shows it, down to the bytes that a terminal gets."""

import random
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import pyte
import pytest
from rich.cells import cell_len
from rich.console import Console
from textual.app import App, ComposeResult

from console.domain.severity import Severity
from console.tui.text import Align, clip, fit, folded, plain_ascii, visible, wrap
from console.tui.theme import UNICODE, Tone
from console.tui.widgets.table.columns import Cell, Column
from console.tui.widgets.table.table import Table

_OBEYED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Categories of which no character may reach a terminal."""

_PIECES = (
    *"aZ0 .%/[]()\\",
    *map(chr, range(0x20)),
    *map(chr, range(0x7F, 0xA0)),
    "\x1b[31m", "\x1b[2J", "\x1b]52;c;aGk=\x07", "\x1b]8;;http://x\x1b\\", "\x9b2J",
    "\x1bPq", "\x1b(0", "\x1b",
    *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c",
    *"\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u115f\u1160\u3164\u2800\u180e",
    *"\u0301\u0308\u20dd\u0e49\u093f\u1b44\u302e\U0001d165",
    *"漢字가ｱＡ、ไไกไทयनअ",
    *"\ufe0e\ufe0f\U000e0100", "\u2764\ufe0f", "1\ufe0f\u20e3",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea",
    "\U0001f44d\U0001f3fd", "\U000e0041",
    *"\ud800\udfff\ue000\uffff\u0378\u2028\u2029\u3000\u2003\ufdfd\u05d0\u0627",
    "[red]", "[/]", "[bold red]x[/bold red]",
)  # fmt: skip


def foreign_texts(count: int, seed: int) -> Iterator[str]:
    chance = random.Random(seed)
    for _ in range(count):
        length = chance.choice((1, 3, 8, 20, 60))
        yield "".join(
            chance.choice(_PIECES) if chance.random() < 0.9 else chr(chance.randrange(0x110000))
            for _ in range(length)
        )


COUNTS = pytest.mark.parametrize("count", [3000, pytest.param(100_000, marks=pytest.mark.campaign)])


@COUNTS
def test_whatever_text_it_is_only_inert_characters_come_out_and_no_more_than_fit(count: int) -> None:
    chance = random.Random(count)
    for text in foreign_texts(count, seed=1):
        cells, align = chance.randrange(41), chance.choice(_ALIGNS)
        clipped, fitted, lines = (
            clip(text, cells, "…"),
            fit(text, cells, align, "…"),
            wrap(text, max(2, cells)),
        )
        for shown in (visible(text), clipped, fitted, *lines, *folded([text]), plain_ascii(visible(text))):
            assert not _OBEYED & set(map(unicodedata.category, shown)), ascii(text)
        assert cell_len(clipped) <= cells
        assert cell_len(fitted) == cells
        assert all(cell_len(line) <= max(2, cells) for line in lines)
        assert clipped == visible(text) or clipped.endswith("…") or cells == 0


_ALIGNS: tuple[Align, Align] = ("left", "right")


@dataclass(frozen=True, slots=True)
class Row:
    key: str
    one: str
    other: str


COLUMNS: list[Column[Row]] = [
    Column("one", "ONE", 18, lambda row: Cell(row.one, Tone.STRONG), lambda row: row.key, "left"),
    Column("other", "OTHER", 14, lambda row: Cell(row.other, mark="◆"), lambda row: row.key, marked=True),
    Column("end", "END", 5, lambda _row: Cell("|END|"), lambda row: row.key),
]


class Host(App[None]):
    CSS = "Table { width: 1fr; height: 1fr; }"

    def compose(self) -> ComposeResult:
        self.table: Table[Row] = Table("rows", lambda row: row.key, lambda _row: Severity.OK, UNICODE)
        self.table.set_columns(COLUMNS, "end")
        yield self.table


@COUNTS
async def test_a_table_of_it_stays_aligned_and_no_escape_reaches_the_terminal(count: int) -> None:
    console = Console(color_system="truecolor", force_terminal=True)
    host = Host()
    async with host.run_test(size=(60, 41)) as pilot:
        await pilot.pause()
        texts = list(foreign_texts(count, seed=2))
        pairs = [Row(f"{n:06}", *pair) for n, pair in enumerate(zip(texts[::2], texts[1::2], strict=True))]
        for begin in range(0, len(pairs), 40):
            rows = pairs[begin : begin + 40]
            host.table.set_rows(rows)
            strips = [host.table.render_line(y) for y in range(len(rows) + 1)]
            assert {cell_len(strip.text) for strip in strips} == {60}
            sent = "\r\n".join(strip.render(console) for strip in strips)
            assert_inert(sent)
            assert_aligned(sent, host.table._across.placed[-1].x, len(rows))


def assert_inert(sent: str) -> None:
    """Beside colours and line ends, nothing that a terminal obeys."""
    text = re.sub("\x1b\\[[0-9;]*m|\r\n", "", sent)
    assert not _OBEYED & set(map(unicodedata.category, text)), ascii(text)
    sent.encode()


def assert_aligned(sent: str, x: int, rows: int) -> None:
    """In a terminal, the last column stands where it should."""
    screen = pyte.Screen(60, 41)
    pyte.Stream(screen).feed(sent)
    for y in range(1, rows + 1):
        shown = "".join(screen.buffer[y][x + n].data for n in range(5))
        assert shown == "|END|", ascii(screen.display[y])
