"""Screens in every state that an operator meets, pinned as text at the common sizes."""

import time
from collections.abc import Iterator, Mapping

import pytest
from rich.cells import cell_len

from console.tui.app import OpsConsole
from tests.tui.cases import ASCII, CASES, UTF8, Case, console_of, normal, worst
from tests.tui.fake import PAPER, START, FakeWatched, HandClock, Row, failing, metrics_of, snapshot
from tests.tui.screen import assert_snapshot, painted, strips, text_of

SIZES = ((80, 24), (120, 40))


@pytest.fixture(autouse=True)
def local_time_is_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Instants are shown in local time: wherever the tests run, it is the same here."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def name_of(value: object) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


@pytest.mark.parametrize("case", CASES)
async def test_the_overview_looks_as_reviewed(case: str) -> None:
    app = console_of(CASES[case])
    async with app.run_test(size=SIZES[0]) as pilot:
        await painted(app)
        for width, height in (*SIZES, (200, 60)) if case == "normal" else SIZES:
            await pilot.resize_terminal(width, height)
            await assert_snapshot(app, f"overview-{case}-{width}x{height}")


async def test_the_alerts_look_as_reviewed() -> None:
    gone = failing(worst(), "usdm: HTTP 503: " + "Internal error, try again. " * 4, "exchange")
    app = console_of(Case(gone, 0.8, PAPER, UTF8))
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.pause()
        await pilot.press("4")
        await pilot.pause()
        await assert_snapshot(app, "alerts-80x24")


@pytest.mark.parametrize(("name", "environ"), [("help", UTF8), ("help-ascii", ASCII)])
async def test_the_help_looks_as_reviewed(name: str, environ: Mapping[str, str]) -> None:
    app = console_of(Case(normal(), 0.8, PAPER, environ))
    await _opened_looks_as_reviewed(app, "question_mark", name)


@pytest.mark.parametrize("case", CASES)
async def test_the_palette_looks_as_reviewed(case: str) -> None:
    await _opened_looks_as_reviewed(console_of(CASES[case]), "colon", f"palette-{case}")


@pytest.mark.parametrize("case", ["worst", "empty", "stale", "disconnected", "hostile"])
async def test_the_help_looks_as_reviewed_whatever_the_world_is_like(case: str) -> None:
    await _opened_looks_as_reviewed(console_of(CASES[case]), "question_mark", f"help-{case}")


@pytest.mark.parametrize(("name", "key"), [("help", "question_mark"), ("palette", "colon")])
async def test_without_colour_they_look_as_reviewed(
    name: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    await _opened_looks_as_reviewed(console_of(CASES["normal"]), key, f"{name}-no-colour")


async def _opened_looks_as_reviewed(app: OpsConsole, key: str, name: str) -> None:
    """What `key` opens over the overview looks as reviewed at each size."""
    async with app.run_test(size=SIZES[0]) as pilot:
        await painted(app)
        await pilot.press(key)
        for width, height in SIZES:
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            await assert_snapshot(app, f"{name}-{width}x{height}")


@pytest.mark.parametrize("size", SIZES, ids=name_of)
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
        await assert_snapshot(app, f"overview-no-colour-{size[0]}x{size[1]}")
        shown = " ".join(text_of(app).split())
        for row in (
            "CRIT ✘ critical margin 1.000 ✘",
            "HIGH ◆ high margin 1.100 ◆",
            "WARN ▲ warning margin 1.300 ▲",
            "NAN ? unknown margin NaN ?",
        ):
            assert row in shown


@pytest.mark.parametrize("keys", [(), ("enter",)], ids=["overview", "symbol"])
@pytest.mark.parametrize("size", [*SIZES, (200, 60)], ids=name_of)
async def test_lines_of_foreign_text_are_as_wide_as_the_screen(
    size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    app = console_of(CASES["hostile"])
    async with app.run_test(size=size) as pilot:
        await painted(app)
        await pilot.press(*keys)
        await pilot.pause(0.1)
        assert {cell_len(strip.text) for strip in strips(app)} == {size[0]}
