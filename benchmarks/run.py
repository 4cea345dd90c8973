"""The figures that the README quotes: `python -m benchmarks.run`, on whatever machine this is.

Each figure is the median of paired runs, A B A B, so that a machine whose speed drifts moves both alike;
what is quoted is the ratio.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from console.sources.engine import read_engine_file

RUNS = 15
SYMBOLS = 12
IMPORTS = "import httpx, sqlalchemy, pymysql"
_START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Times:
    """Wall-clock seconds of each run."""

    seconds: tuple[float, ...]

    def __str__(self) -> str:
        low, high = min(self.seconds), max(self.seconds)
        return f"{statistics.median(self.seconds):.3f} s ({low:.3f} to {high:.3f})"


def paired(one: Sequence[str], other: Sequence[str], runs: int) -> tuple[Times, Times, float]:
    """Run two commands in turn, after one run of each that isn't counted; the times, and the median ratio."""
    pairs = [(_seconds(one), _seconds(other)) for _ in range(runs + 1)][1:]
    first, second = (Times(tuple(pair[side] for pair in pairs)) for side in (0, 1))
    return first, second, statistics.median(a / b for a, b in pairs)


def status_against_imports(state: Path) -> str:
    """`opsconsole status` on a running engine, against importing the three libraries that it stands on."""
    status = [sys.executable, "-m", "console", "status", "--state", str(state)]
    ours, imports, ratio = paired(status, [sys.executable, "-c", IMPORTS], RUNS)
    return f"opsconsole status    {ours}\n{IMPORTS!r}    {imports}\nratio    {ratio:.2f}"


def _seconds(command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    return time.perf_counter() - began


def main() -> None:
    """Start a paper engine of its own, measure, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        arguments = ["paper", "run", "--state", folder, "--symbols", str(SYMBOLS)]
        engine = subprocess.Popen([sys.executable, "-m", "console", *arguments])
        try:
            deadline = time.monotonic() + _START_SECONDS
            while read_engine_file(state / "engine.json") is None and time.monotonic() < deadline:
                time.sleep(0.05)
            time.sleep(2)
            print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {RUNS} pairs, median (range)")
            print(status_against_imports(state))
        finally:
            engine.terminate()
            engine.wait()


if __name__ == "__main__":
    main()
