"""How long a change of a stage takes, from its confirmation until the engine is known to have loaded it.

On screen: a console in a terminal of its own switches off one feature after the other; from the key that
confirms it until the screen shows the word of the engine. Without a screen: from the call that makes a change
to the judgement of a monitor; every other one raises the risk, and passes all gates on the way. Changes come
at all moments between two polls, which are those of the shipped settings. To be held: 95 of 100 are
acknowledged within one and a half polls of the metrics.

    python -m benchmarks.rollout [CHANGES]
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from benchmarks.screen import paper_engine
from benchmarks.terminal import Screen, Terminal, environment
from console.actions.arming import SafetyCatch
from console.actions.checkpoint import Operator
from console.actions.guard import RefusedError
from console.actions.roles import roles_in, this_person
from console.actions.rollout.acknowledgement import heard_of
from console.actions.rollout.rollout import Rollout
from console.audit.actor import this_actor
from console.audit.open import open_journal
from console.domain.clock import SystemClock
from console.domain.rollout.gates import Asked
from console.domain.rollout.operations import SetStage
from console.domain.rollout.plan import Refusal
from console.domain.rollout.stages import Stage
from console.monitor import Monitor
from console.settings import Settings
from console.settings_file import load_settings
from console.sources.engine import read_engine_file
from console.wiring import open_monitor

CHANGES = 40
SYMBOLS = 12
POLLS = 1.5
"""Within so many polls of the metrics the engine's word is wanted."""
_SETTINGS = """\
contexts:
  paper:
    environment: paper
    colour: cyan
    engine_file: engine.json
    access: {arm_for: 1h, idle: 1h}
    rollout: {symbol_stages: true, chooses_by_crc: true, watched: 0, waits: {shadow: 0s, canary: 0s}}
"""
_TRADING = "features:\n  unified_risk_guard: {stage: production}\n"
_ROOM = 6.0
"""Seconds that console and engine have until all that comes with a start is over."""
_LATEST = 10.0
"""Seconds after which an acknowledgement won't come."""
_LOOKS_EVERY = 0.002


def on_screen(config: Path, state: Path, changes: int) -> list[float]:
    """Seconds from the key that confirms a change to the screen that shows the engine's word on it."""
    command = [sys.executable, "-m", "console", "--config", str(config), "--state", str(state)]
    with Terminal(command, environment(state), state) as terminal:
        time.sleep(_ROOM)
        terminal.send(b"3")
        time.sleep(1)
        return [_pressed(terminal, number) for number in range(changes)]


def _pressed(terminal: Terminal, number: int) -> float:
    """Go one feature further, switch it off, and wait for the engine's word."""
    terminal.send(b"\x1b[B")
    time.sleep(0.5)
    terminal.send(b"d")
    time.sleep(0.7 + _phase(number))
    began = terminal.send(b"D")
    while time.perf_counter() < began + _LATEST:
        time.sleep(1.0)
        shown = next((screen.at for screen in terminal.screens(began) if _is_acknowledged(screen)), None)
        if shown is not None:
            terminal.send(b"\x1b")
            time.sleep(0.5)
            return shown - began
    raise TimeoutError(f"change {number} isn't acknowledged:\n{terminal.text()}")


def _is_acknowledged(screen: Screen) -> bool:
    return "ACKNOWLEDGED" in (screen.line_with("the engine has loaded it") or "")


async def without_a_screen(settings: Settings, changes: int) -> list[float]:
    """Seconds from the call that makes a change to the judgement that it is acknowledged."""
    async with _watched(settings) as (monitor, who):
        rollout, taken = Rollout(settings), []
        for number in range(changes):
            await asyncio.sleep(_phase(number) * settings.polling.metrics.interval)
            stage = Stage.DISABLED if number % 2 == 0 else Stage.SHADOW
            taken.append(await _called(rollout, monitor, who, SetStage("feature_0", stage)))
    return taken


async def _called(rollout: Rollout, monitor: Monitor, who: Operator, operation: SetStage) -> float:
    applied, asked = None, Asked("benchmark")
    while applied is None:
        live, look = monitor.assessment(), rollout.look()
        plan = rollout.planned(operation, look, live)
        assert not isinstance(plan, Refusal), plan.reason
        began = monitor.clock.now()
        try:
            applied = await asyncio.to_thread(partial(rollout.apply, plan, look, asked, who, live))
        except RefusedError:  # on a busy machine the engine's own latency misses its target now and then
            await asyncio.sleep(1)
    assert applied.done, applied.outcome
    while not heard_of(applied, monitor.assessment()).loaded:
        assert monitor.clock.now() - began < _LATEST, "the engine doesn't acknowledge it"
        await asyncio.sleep(_LOOKS_EVERY)
    return monitor.clock.now() - began


@asynccontextmanager
async def _watched(settings: Settings) -> AsyncIterator[tuple[Monitor, Operator]]:
    """A monitor that has heard from every source, and somebody who is armed."""
    monitor, clock = open_monitor(settings, ()), SystemClock()
    standing = roles_in(settings.chosen).standing(this_person())
    catch = SafetyCatch(
        settings.context,
        settings.chosen.access,
        standing,
        journal=open_journal(settings.state, clock),
        actor=this_actor(os.environ),
        clock=clock,
        terminal=lambda: True,
    )
    polling = asyncio.create_task(monitor.run(lambda: None))
    await asyncio.sleep(_ROOM)
    try:
        yield monitor, Operator(standing, catch.arm("benchmark", monitor.assessment().sources))
    finally:
        polling.cancel()
        await asyncio.wait({polling})


def _phase(number: int) -> float:
    """A fraction of a poll; over many changes they are evenly spread."""
    return number * 0.618 % 1


def _write_flags(state: Path, changes: int) -> None:
    """Have the engine load a feature to trade by, one for each change, and one more."""
    engine = read_engine_file(state / "engine.json")
    file = None if engine is None else engine.text("flags_file")
    assert file is not None
    features = "".join(f"  feature_{number}: {{stage: shadow}}\n" for number in range(changes + 1))
    Path(file).write_text(_TRADING + features, encoding="utf-8")


def _told(taken: Sequence[float], interval: float) -> str:
    late = sorted(taken)[min(len(taken) - 1, len(taken) * 95 // 100)]
    figures = f"p50 {statistics.median(taken):.2f} s, p95 {late:.2f} s, longest {max(taken):.2f} s"
    return f"{figures}; p95 is {late / interval:.2f} polls of {POLLS:g}"


def main() -> None:
    """Measure and print."""
    changes = int(sys.argv[1]) if len(sys.argv) > 1 else CHANGES
    with paper_engine(SYMBOLS) as state, tempfile.TemporaryDirectory() as name:
        config = Path(name) / "console.yaml"
        config.write_text(_SETTINGS, encoding="utf-8")
        settings = load_settings(config=config, state=state, environ={})
        interval = settings.polling.metrics.interval
        _write_flags(state, changes)
        taken = asyncio.run(without_a_screen(settings, changes))
        print(f"call to acknowledgement, {changes} changes: {_told(taken, interval)}", flush=True)
        taken = on_screen(config, state, changes)
        print(f"key to acknowledgement on screen, {changes} changes: {_told(taken, interval)}")


if __name__ == "__main__":
    main()
