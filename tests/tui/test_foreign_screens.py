"""Foreign text on its whole way: from every string of every surface to each screen and to the clipboard."""

import base64
import dataclasses
import random
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from textual.app import App, ComposeResult

from console.domain.snapshot import Snapshot
from console.sources.logs.file import LogFile
from console.sources.logs.lines import LogLine, Place, Raw, read_line
from console.sources.logs.pattern import LinePattern
from console.sources.logs.reader import Page
from console.tui.app import ContextView, OpsConsole
from console.tui.screens.line_detail import LineDetail
from console.tui.screens.logs import Logs
from console.tui.theme import UNICODE
from console.tui.widgets.lines import Lines
from console.tui.widgets.log.header import what_is_shown, which_log
from console.tui.widgets.log.view import LogView
from console.tui.widgets.table.columns import Cell, Column
from tests.tui.fake import START, HandClock, Row, failing, metrics_of, snapshot
from tests.tui.logs import UTF8, WithLogs
from tests.tui.screen import painted, strips
from tests.tui.test_foreign_text import COUNTS, Host, assert_inert, foreign_texts
from tests.tui.test_foreign_text import Row as TableRow
from tests.tui.world import in_full
from tests.waiting import until

_TERMINAL = Console(color_system="truecolor", force_terminal=True)
_ROWS, _CELLS = 40, 120
_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")
SEEDS = pytest.mark.parametrize(
    "seed", [0, *(pytest.param(n, marks=pytest.mark.campaign) for n in range(1, 60))]
)


class LogHost(App[None]):
    CSS = "LogView { width: 1fr; height: 1fr; } Lines { height: 2; }"

    def compose(self) -> ComposeResult:
        self.header = Lines(lambda _: (), UNICODE)
        self.log_view = LogView(UNICODE)
        yield self.header
        yield self.log_view


def log_line(number: int, text: str, chance: random.Random) -> LogLine:
    """A line as it is read from a file: with a header around the text, or without one."""
    header = f"2026-01-02 03:04:05,678 [{chance.choice(('INFO', 'ERROR'))}] {text[:9]}: "
    data = f"{header if chance.random() < 0.7 else ''}{text}".encode("utf-8", "surrogatepass")
    data = data.replace(b"\n", b"") + (b"\xff\xfe" if chance.random() < 0.1 else b"")
    line = read_line(Raw(Place(0, number), Place(0, number + 1), data))
    begin = chance.randrange(len(line.text) + 1)
    return dataclasses.replace(line, marks=((begin, len(line.text)),) if chance.random() < 0.3 else ())


@COUNTS
async def test_log_lines_of_it_are_inert_and_as_wide_as_the_screen(count: int) -> None:
    chance, host = random.Random(count), LogHost()
    async with host.run_test(size=(_CELLS, _ROWS + 2)) as pilot:
        await pilot.pause()
        lines = [log_line(n, text, chance) for n, text in enumerate(foreign_texts(count, seed=3))]
        for begin in range(0, count, _ROWS):
            host.log_view.show(Page(path="x", lines=tuple(lines[begin : begin + _ROWS])))
            shown = [host.log_view.render_line(y) for y in range(_ROWS)]
            assert {cell_len(strip.text) for strip in shown} == {_CELLS}
            assert_inert("\r\n".join(strip.render(_TERMINAL) for strip in shown))


async def test_what_stands_above_a_log_is_inert_whatever_its_path_and_pattern_are() -> None:
    host, texts = LogHost(), foreign_texts(1200, seed=4)
    async with host.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for name, path, pattern, note in zip(texts, texts, texts, texts, strict=False):
            page = Page(path, pattern=LinePattern(pattern), sought=LinePattern(note), note=note)
            unread = dataclasses.replace(page, unread=True, note=f"there is no {path}")
            for said in (page, unread):
                host.log_view.show(said)
                header = which_log(name, said, 0, 80, UNICODE), what_is_shown(said, None, 0, 80, UNICODE)
                host.header.show(lambda _, header=header: header)  # type: ignore[misc]
                shown = [host.header.render_line(y) for y in (0, 1)]
                shown += [host.log_view.render_line(y) for y in range(5)]
                assert {cell_len(strip.text) for strip in shown} == {80}
                assert_inert("\r\n".join(strip.render(_TERMINAL) for strip in shown))


async def test_column_heads_of_it_are_inert_and_keep_their_columns() -> None:
    host = Host()
    async with host.run_test(size=(60, 41)) as pilot:
        await pilot.pause()
        host.table.set_rows([TableRow("k", "one", "other")])
        for text in foreign_texts(300, seed=5):
            columns: list[Column[TableRow]] = [
                Column("one", text, 18, lambda row: Cell(row.one), lambda row: row.key, "left"),
                Column("end", "END", 5, lambda _row: Cell("|END|"), lambda row: row.key),
            ]
            host.table.set_columns(columns, "one")
            head, row = host.table.render_line(0), host.table.render_line(1)
            assert cell_len(head.text) == cell_len(row.text) == 60
            assert_inert(head.render(_TERMINAL))


def poisoned(value: Any, texts: Iterator[str]) -> Any:
    """The value with foreign text behind every string in it."""
    if isinstance(value, str):
        return value + next(texts)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if field.init}
        return dataclasses.replace(value, **{name: poisoned(held, texts) for name, held in fields.items()})
    if isinstance(value, tuple) and type(value) is tuple:
        return tuple(poisoned(held, texts) for held in value)
    if isinstance(value, Mapping):
        return {poisoned(key, texts): poisoned(held, texts) for key, held in value.items()}
    return value


def poisoned_snapshot(seed: int) -> Snapshot:
    """Every symbol, and every string of database, exchange, flags file, engine and log, is foreign text."""
    texts = foreign_texts(100_000, seed)
    rows = [Row(f"{n}{next(texts)}", 1.0 + n / 10) for n in range(12)]
    taken = in_full(snapshot(START, metrics_of(rows)))

    def source(name: str) -> Any:
        state = getattr(taken, name)
        good = dataclasses.replace(state.good, value=poisoned(state.good.value, texts))
        return dataclasses.replace(state, good=good, last=good)

    names = ("database", "exchange", "flags", "engine", "log")
    return failing(dataclasses.replace(taken, **{name: source(name) for name in names}), next(texts), "flags")


@SEEDS
async def test_no_screen_lets_anything_of_it_through(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "futures.log"
    log.write_text("\n".join(foreign_texts(100, seed)), encoding="utf-8", errors="replace")
    texts = foreign_texts(10, seed + 1000)
    context = ContextView(next(texts), "paper", "#2f9e6e", next(texts), next(texts))
    watched = WithLogs(
        poisoned_snapshot(seed), HandClock(START + 0.8), logs=(LogFile("engine" + next(texts), lambda: log),)
    )
    app = OpsConsole(context, lambda: watched, environ=UTF8)
    async with app.run_test(size=(_CELLS, _ROWS)) as pilot:
        written: list[str] = []
        assert app._driver is not None
        monkeypatch.setattr(app._driver, "write", written.append)
        await painted(app)
        for keys in (
            "",
            "enter y",
            "escape 2 y",
            "right y tab y",
            "4 y",
            "question_mark",
            "escape 7",
            "up y",
        ):
            await pilot.press(*keys.split())
            if keys.endswith("7"):
                await until(lambda: isinstance(app.screen, Logs) and app.screen._lines.line is not None)
            app.paint()
            await pilot.pause()
            assert {cell_len(strip.text) for strip in strips(app)} == {_CELLS}
            assert_inert("\r\n".join(strip.render(_TERMINAL) for strip in strips(app)))
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, LineDetail))
        assert_inert("\r\n".join(strip.render(_TERMINAL) for strip in strips(app)))
    assert_harmless(written)


def assert_harmless(written: list[str]) -> None:
    """What was copied is inert where it is pasted, and nobody has named the window or sent anything else."""
    copied = [match[1] for text in written for match in re.finditer("\x1b]52;c;([^\x07]*)\x07", text)]
    assert len(copied) >= 4
    for payload in copied:
        text = base64.b64decode(payload, validate=True).decode()
        assert not _OBEYED.search(text), ascii(text)
    rest = re.sub(
        "\x1b](52;c;[A-Za-z0-9+/=]*|22;[a-z-]*)\x07", "", "".join(written)
    )  # 22: the pointer's shape
    assert not re.search("\x1b[]Pk^_X]|[\x80-\x9f]", rest), ascii(rest)
