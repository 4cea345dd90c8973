"""How long `opsconsole status` takes on a running engine.

It is measured in pairs, A B A B, against importing the libraries that it stands on, so that a machine
whose speed drifts moves both alike; what is quoted is the ratio.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Spread

IMPORTS = "import httpx, sqlalchemy, pymysql"


def status_against_imports(state: Path, runs: int) -> str:
    """`opsconsole status` on the engine of `state`, and the imports; the figures in words."""
    status = [sys.executable, "-m", "console", "status", "--state", str(state)]
    ours, imports, ratio = paired(status, [sys.executable, "-c", IMPORTS], runs)
    return f"opsconsole status    {ours:.3f} s\n{IMPORTS!r}    {imports:.3f} s\nratio    {ratio:.2f}"


def paired(one: Sequence[str], other: Sequence[str], runs: int) -> tuple[Spread, Spread, float]:
    """Run two commands in turn, after one run of each that isn't counted; the times, and the median ratio."""
    pairs = [(_seconds(one), _seconds(other)) for _ in range(runs + 1)][1:]
    first, second = (Spread.of([pair[side] for pair in pairs]) for side in (0, 1))
    return first, second, statistics.median(a / b for a, b in pairs)


def _seconds(command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    return time.perf_counter() - began
