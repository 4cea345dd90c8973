"""Whether CPU and memory stay flat: `python -m benchmarks.soak [--seconds 7200] [--symbols 50]`.

The console watches a calm paper engine in a terminal while a key is pressed every second. What it took is
noted once a minute. Told are the medians of each eighth of that time, which is a quarter of an hour, and of
each half, which is an hour, by how much memory grew in it, as the least-squares line has it. It is not the
first start in its home: as with an operator's, settings that were found valid are remembered, and what
validates them is not in memory.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from benchmarks.processes import cpu_seconds, memory
from benchmarks.screen import paper_engine
from benchmarks.terminal import Terminal, environment

_KEYS = (b"\x1b[B", b"\x1b[B", b"\x1b[A", b"s", b"2", b"1", b"4", b"1")
_FIRST_START = 20.0
"""Seconds that the start which isn't counted is given."""


@dataclass(frozen=True, slots=True)
class Minute:
    """What an interval came to that ended `at` hours: percent of a core, bytes a second, resident MB."""

    at: float
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
            start, keys = time.perf_counter(), cycle(_KEYS)
            ends = time.monotonic() + seconds
            while time.monotonic() < ends:
                began, before = time.perf_counter(), cpu_seconds(terminal.pid)
                while time.perf_counter() < began + interval:
                    terminal.send(next(keys))
                    time.sleep(1)
                ended = time.perf_counter()
                took = ended - began
                cpu = (cpu_seconds(terminal.pid) - before) / took * 100
                written = terminal.written(began, ended) / took
                at = (ended - start) / 3600
                minutes.append(Minute(at, cpu, written, memory(terminal.pid).resident))
                terminal.chunks.clear()
    return minutes


def parts(minutes: Sequence[Minute], number: int) -> list[Sequence[Minute]]:
    """The minutes in so many parts of the same length, but for some of the last where they don't fit."""
    each = len(minutes) // number
    return [minutes[each * part : each * (part + 1)] for part in range(number)]


def growth(minutes: Sequence[Minute]) -> float:
    """By how many MB an hour memory grew, by the line that fits best."""
    line = statistics.linear_regression([one.at for one in minutes], [one.resident for one in minutes])
    return line.slope


def told(part: Sequence[Minute]) -> str:
    """A row: until when, and the medians."""
    figures = zip(*((one.cpu, one.written / 1000, one.resident) for one in part), strict=True)
    cpu, written, resident = map(statistics.median, figures)
    return f"{part[-1].at * 60:8.0f} {cpu:8.2f} {written:14.2f} {resident:13.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=7200)
    parser.add_argument("--symbols", type=int, default=50)
    given = parser.parse_args()
    with paper_engine(given.symbols) as state:
        minutes = watch(state, given.seconds, min(60.0, given.seconds / 16))
    print(f"{given.symbols} symbols, medians")
    print("  minute   CPU, %  written, kB/s  resident, MB")
    for part in parts(minutes, 8):
        print(told(part))
    for name, half in zip(("first", "second"), parts(minutes, 2), strict=True):
        print(f"the {name} half: resident {growth(half):+.2f} MB an hour")


if __name__ == "__main__":
    main()
