"""How fast the audit journal is: appending a record so that it is durable, and verifying ten thousand.

python -m benchmarks.journal [RECORDS]
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Spread
from console.audit.actor import this_actor
from console.audit.anchors import AnchorFile
from console.audit.journal import Journal
from console.audit.record import Act
from console.audit.verify import verify
from console.domain.clock import SystemClock

RECORDS = 10_000
_RUNS = 5


def appended(folder: Path, records: int) -> list[float]:
    """Seconds of each append of a journal that is made in `folder`."""
    journal = Journal(folder / "audit", SystemClock(), anchor=AnchorFile(folder / "anchor"))
    who, taken = this_actor({}), []
    for number in range(records):
        act = Act("paper", "kill.trip", "all", reason=f"trip {number}", evidence={"actuators": ["flag file"]})
        began = time.perf_counter()
        journal.note(who, act)
        taken.append(time.perf_counter() - began)
    return taken


def verified(folder: Path, records: int) -> float:
    """Seconds that verifying the journal in `folder` takes."""
    began = time.perf_counter()
    verdict = verify(folder / "audit", [AnchorFile(folder / "anchor")])
    taken = time.perf_counter() - began
    assert verdict.sound and verdict.records == records
    return taken


def main() -> None:
    """Measure and print."""
    records = int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS
    with tempfile.TemporaryDirectory() as name:
        taken = [each * 1000 for each in sorted(appended(Path(name), records))]
        late = taken[records * 99 // 100]
        print(f"append, {records} records: p50 {statistics.median(taken):.2f} ms, p99 {late:.2f} ms")
        spread = Spread.of(verified(Path(name), records) for _ in range(_RUNS))
        print(f"verify {records} records: {spread:.3f} s")


if __name__ == "__main__":
    main()
