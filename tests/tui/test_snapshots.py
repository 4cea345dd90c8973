"""The overview in every state that an operator meets, pinned as text at the two common sizes."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from rich.cells import cell_len

from console.domain.snapshot import Snapshot
from console.tui.app import ContextView, OpsConsole
from tests.tui.fake import (
    PAPER,
    PRODUCTION,
    START,
    FakeWatched,
    HandClock,
    Row,
    books,
    failing,
    metrics_of,
    nothing_yet,
    snapshot,
    symbol_rows,
)
from tests.tui.screen import assert_snapshot, painted, strips, text_of

SIZES = ((80, 24), (120, 40))
UTF8 = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}


def normal() -> Snapshot:
    rows = symbol_rows(58)
    rows[3] = replace(rows[3], margin=1.402)
    return snapshot(START, metrics_of(rows))


def worst() -> Snapshot:
    rows = [Row(f"S{n:02}/USD", 1.01 + n / 1000, -0.0009, 0.4, 3) for n in range(30)]
    bad = (0.71, 25.0, 1.01, 0.8, 900e-6, 0.03)
    return snapshot(START, metrics_of(rows, tripped=1, key_values=bad), account_books=books("12.5"))


def hostile() -> Snapshot:
    rows = [
        Row("A" * 40, 12345678901234567890.0, 1.0),
        Row("[red]BTC[/]", 1.1),
        Row("E\x1b[31mS\x9b2JC", 1.3),
        Row("R\u202eLO\u200bZW", 1.6),
        Row("漢字/USD", 1.7),
        Row("e\u0301te\u0301/USD", 1.75),
    ]
    return snapshot(START, metrics_of(rows), account_books=books("12345678901234567890.12"))


CASES: Mapping[str, tuple[Snapshot, float, ContextView, Mapping[str, str]]] = {
    "normal": (normal(), 0.8, PAPER, UTF8),
    "worst": (worst(), 0.8, PRODUCTION, UTF8),
    "empty": (nothing_yet(START), 0.2, PAPER, UTF8),
    "stale": (failing(normal(), "connection refused", "metrics"), 4.4, PAPER, UTF8),
    "disconnected": (
        failing(normal(), "no route to host", "metrics", "database", "exchange", "flags", "engine", "log"),
        75.0,
        PRODUCTION,
        UTF8,
    ),
    "hostile": (hostile(), 0.8, PAPER, UTF8),
    "ascii": (worst(), 0.8, PRODUCTION, {"LANG": "C", "TERM": "linux"}),
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("case", CASES)
async def test_the_overview_looks_as_reviewed(case: str, size: tuple[int, int]) -> None:
    shown, later, context, environ = CASES[case]
    app = OpsConsole(context, lambda: FakeWatched(shown, HandClock(START + later)), environ=environ)
    async with app.run_test(size=size) as pilot:
        await painted(app)
        await pilot.pause()
        assert_snapshot(app, f"overview-{case}-{size[0]}x{size[1]}")


async def test_the_alerts_look_as_reviewed() -> None:
    gone = failing(worst(), "usdm: HTTP 503: " + "Internal error, try again. " * 4, "exchange")
    app = OpsConsole(PAPER, lambda: FakeWatched(gone, HandClock(START + 0.8)), environ=UTF8)
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.pause()
        await pilot.press("4")
        await pilot.pause()
        assert_snapshot(app, "alerts-80x24")


@pytest.mark.parametrize(
    ("name", "environ"), [("help", UTF8), ("help-ascii", {"LANG": "C", "TERM": "linux"})]
)
async def test_the_help_looks_as_reviewed(name: str, environ: Mapping[str, str]) -> None:
    app = OpsConsole(PAPER, lambda: FakeWatched(normal(), HandClock(START + 0.8)), environ=environ)
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("question_mark")
        await pilot.pause()
        assert_snapshot(app, f"{name}-80x24")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_without_colour_every_severity_still_reads(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    rows = [Row("CRIT", 1.0), Row("HIGH", 1.1), Row("WARN", 1.3), Row("GOOD", 2.0), Row("NAN", float("nan"))]
    watched = FakeWatched(snapshot(START, metrics_of(rows)), HandClock(START + 0.8))
    app = OpsConsole(PAPER, lambda: watched, environ=UTF8)
    async with app.run_test(size=size) as pilot:
        await painted(app)
        await pilot.pause()
        assert_snapshot(app, f"overview-no-colour-{size[0]}x{size[1]}")
        shown = " ".join(text_of(app).split())
        for row in (
            "CRIT ✘ critical 1.000 ✘",
            "HIGH ◆ high 1.100 ◆",
            "WARN ▲ warning 1.300 ▲",
            "NAN ? unknown NaN ?",
        ):
            assert row in shown


async def test_lines_of_foreign_text_are_as_wide_as_the_screen() -> None:
    app = OpsConsole(PAPER, lambda: FakeWatched(hostile(), HandClock(START + 0.8)), environ=UTF8)
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.pause()
        assert {cell_len(strip.text) for strip in strips(app)} == {80}
