"""Whether CPU and memory stay flat: `python -m benchmarks.soak [--seconds 3600] [--symbols 50]`.

The console watches a calm paper engine in a terminal while a key is pressed every second. What it took is
noted once a minute; compared are the medians of the second and of the last quarter, the first being the
warm-up. It is not the first start in its home: as with an operator's, settings that were found valid are
remembered, and what validates them is not in memory.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from benchmarks.processes import cpu_seconds, memory
from benchmarks.screen import paper_engine
from benchmarks.terminal import Terminal, environment

_KEYS = (b"\x1b[B", b"\x1b[B", b"\x1b[A", b"s", b"2", b"1", b"4", b"1")
_FIRST_START = 5.0
"""Seconds that the start which isn't counted is given."""


@dataclass(frozen=True, slots=True)
class Minute:
    """What one interval came to: CPU in percent of a core, bytes a second, resident MB at its end."""

    cpu: float
    written: float
    resident: float


def watch(state: Path, seconds: float, interval: float) -> list[Minute]:
    """Run the console on the engine in `state`, and note each interval."""
    program = str(Path(sys.executable).with_name("opsconsole"))
    minutes: list[Minute] = []
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        command = [program, "--context", "paper", "--state", str(state)]
        with Terminal(command, environment(folder), folder):
            time.sleep(_FIRST_START)
        with Terminal(command, environment(folder), folder) as terminal:
            ends, keys = time.monotonic() + seconds, cycle(_KEYS)
            while time.monotonic() < ends:
                began, before = time.perf_counter(), cpu_seconds(terminal.pid)
                while time.perf_counter() < began + interval:
                    terminal.send(next(keys))
                    time.sleep(1)
                ended = time.perf_counter()
                took = ended - began
                cpu = (cpu_seconds(terminal.pid) - before) / took * 100
                written = terminal.written(began, ended) / took
                minutes.append(Minute(cpu, written, memory(terminal.pid).resident))
                terminal.chunks.clear()
    return minutes


def drift(minutes: Sequence[Minute], pick: Callable[[Minute], float]) -> tuple[float, float]:
    """The median of the second quarter and that of the last."""
    quarter = max(1, len(minutes) // 4)
    values = [pick(minute) for minute in minutes]
    return statistics.median(values[quarter : 2 * quarter] or values), statistics.median(values[-quarter:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--symbols", type=int, default=50)
    given = parser.parse_args()
    with paper_engine(given.symbols) as state:
        minutes = watch(state, given.seconds, min(60.0, given.seconds / 8))
    print(f"{given.symbols} symbols, {given.seconds:.0f} s: median of the second quarter, of the last")
    for name, pick in (
        ("CPU, % of a core", lambda minute: minute.cpu),
        ("written, kB/s", lambda minute: minute.written / 1000),
        ("resident, MB", lambda minute: minute.resident),
    ):
        early, late = drift(minutes, pick)
        print(f"{name:18} {early:8.2f} {late:8.2f}")


if __name__ == "__main__":
    main()
