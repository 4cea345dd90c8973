"""Screen 3 and the change of a stage in every state that an operator meets, pinned as text."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.domain.snapshot import Snapshot
from console.domain.surfaces import Feature, Finding, Flags
from tests.tui.cases import CASES
from tests.tui.fake import START, HandClock, failing, metrics_of, snapshot
from tests.tui.fake import Row as SymbolRow
from tests.tui.rollouts import RolloutDesk
from tests.tui.screen import assert_snapshot
from tests.tui.test_kill_snapshots import local_time_is_utc
from tests.tui.test_painting import a_record
from tests.tui.test_rollout import GUARD, loading, opened, with_flags
from tests.unit.actions.rollout.test_rollout import CANARY, PRODUCTION, SHADOW

__all__ = ["local_time_is_utc"]

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
FILE = "configs/feature_flags_futures.yaml"


def misread() -> Snapshot:
    """A file with a stage in another letter case, and its kill switch on."""
    features = (
        Feature(GUARD, True, "Canary", malformed=("stage",)),
        Feature("smart_entry", True, "production"),
        Feature("batch_closing", False, "shadow"),
    )
    finding = Finding(7, 12, "stage is 'Canary'", "no engine can be relied on to know it", serious=True)
    flags = Flags(FILE, "00", False, "staging", features, (finding,))
    return with_flags(CASES["normal"].snapshot, flags)


def hostile() -> Snapshot:
    names = ("[red]guard[/]", "E\x1b[31mS\x9b2J", "R\u202eLO\u200bZ", "漢字", "A" * 60)
    features = tuple(Feature(name, True, "canary", ("BTC",)) for name in names)
    return with_flags(CASES["hostile"].snapshot, Flags("/etc/\x1b]0;x\x07", "00", False, "\x9b1m", features))


def large() -> Snapshot:
    """Sixty features and five thousand symbols."""
    stages = ("disabled", "shadow", "canary", "production")
    features = tuple(
        Feature(f"feature_{n:02}", n % 7 != 0, stages[n % 4], tuple(f"S{m:04}USDT" for m in range(0, 99, 9)))
        for n in range(60)
    )
    rows = [SymbolRow(f"S{n:04}USDT") for n in range(5000)]
    return with_flags(snapshot(START, metrics_of(rows)), Flags(FILE, "00", False, "staging", features))


def no_file() -> Snapshot:
    taken = CASES["normal"].snapshot
    return replace(taken, flags=replace(taken.flags, good=None, last=None, configured=False))


@SIZES
async def test_the_matrix_looks_as_reviewed_from_calm_to_drift_to_stale(size: tuple[int, int]) -> None:
    taken = loading(CASES["normal"].snapshot, 3.0)
    cells = f"{size[0]}x{size[1]}"
    async with opened(taken, size=size) as on:
        await assert_snapshot(on.app, f"rollout-normal-{cells}")
        await on.later(10, taken)
        await on.press("w", "n", "right", "shift+right")
        await assert_snapshot(on.app, f"rollout-drift-{cells}")
        await on.press("left", "left", "f")
        await assert_snapshot(on.app, f"rollout-whole-{cells}")
        assert isinstance(on.watched.clock, HandClock)
        on.watched.clock.at += 60
        on.watched.snapshot = failing(on.watched.snapshot, f"{FILE}: no such file", "flags", "metrics")
        on.app.paint()
        await assert_snapshot(on.app, f"rollout-stale-{cells}")


@SIZES
@pytest.mark.parametrize("state", ["misread", "hostile", "large", "no-file"])
async def test_the_matrix_looks_as_reviewed(size: tuple[int, int], state: str) -> None:
    made = {"misread": misread, "hostile": hostile, "large": large, "no-file": no_file}[state]
    async with opened(made(), size=size) as on:
        if state == "large":
            await on.press("down", "right_square_bracket")
        await assert_snapshot(on.app, f"rollout-{state}-{size[0]}x{size[1]}")


@SIZES
@pytest.mark.parametrize("case", ["worst", "disconnected", "empty"])
async def test_whatever_the_world_is_like_it_looks_as_reviewed(size: tuple[int, int], case: str) -> None:
    async with opened(CASES[case].snapshot, size=size) as on:
        assert isinstance(on.watched.clock, HandClock)
        on.watched.clock.at = START + CASES[case].later
        on.app.paint()
        await assert_snapshot(on.app, f"rollout-{case}-{size[0]}x{size[1]}")


@SIZES
async def test_in_a_replay_it_looks_as_reviewed(size: tuple[int, int]) -> None:
    async with opened(watched=a_record(), changes=False, size=size) as on:
        await assert_snapshot(on.app, f"rollout-replay-{size[0]}x{size[1]}")


@SIZES
async def test_without_colour_it_looks_as_reviewed(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(loading(CASES["normal"].snapshot, 3.0), "o", *"btc00", "enter", size=size) as on:
        await assert_snapshot(on.app, f"rollout-no-colour-{size[0]}x{size[1]}")


@SIZES
async def test_a_change_that_raises_the_risk_looks_as_reviewed(size: tuple[int, int], tmp_path: Path) -> None:
    """From what is possible instead, over its gates, to what the engine says of it."""
    desk, cells = RolloutDesk(tmp_path, SHADOW), f"{size[0]}x{size[1]}"
    async with desk.app.run_test(size=size):
        await desk.begin("2")
        await desk.sees("INSTEAD")
        await assert_snapshot(desk.app, f"change-refused-{cells}")
        await desk.press("1")
        await desk.sees("NOT YET")
        await assert_snapshot(desk.app, f"change-closed-{cells}")
        await desk.press("0")
        await desk.type("two quiet weeks")
        await desk.arm()
        await desk.sees(" W  writes it")
        desk.app.end_notice()
        await assert_snapshot(desk.app, f"change-open-{cells}")
        await desk.press("enter")
        await assert_snapshot(desk.app, f"change-in-full-{cells}")
        await desk.press("escape")
        desk.engine.deaf = desk.desk.live()
        await desk.press("W")
        await desk.sees("not yet after")
        await assert_snapshot(desk.app, f"change-unconfirmed-{cells}")
        desk.clock.at += 2
        desk.engine.deaf = None
        await desk.sees("✓ after 2.0 s")
        await assert_snapshot(desk.app, f"change-done-{cells}")


@SIZES
async def test_a_change_that_lowers_the_risk_looks_as_reviewed(size: tuple[int, int], tmp_path: Path) -> None:
    desk = RolloutDesk(tmp_path, PRODUCTION, has_access=False)
    async with desk.app.run_test(size=size):
        await desk.begin("d")
        await desk.sees(" D  writes it")
        await assert_snapshot(desk.app, f"change-off-{size[0]}x{size[1]}")


@SIZES
async def test_the_phrase_for_production_looks_as_reviewed(size: tuple[int, int], tmp_path: Path) -> None:
    desk = RolloutDesk(tmp_path, CANARY)
    async with desk.app.run_test(size=size):
        await desk.begin("f", "plus", "0")
        await desk.type("two quiet weeks")
        await desk.arm()
        await desk.press("g")
        await desk.type("nobody else is awake")
        await desk.sees("GLASS BROKEN", "asks for the phrase")
        await desk.press("W")
        desk.app.end_notice()
        await assert_snapshot(desk.app, f"change-phrase-{size[0]}x{size[1]}")
