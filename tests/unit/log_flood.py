"""Follows a log in a process of its own, while 50,000 lines a second are written to it; says what it took.

`python -m tests.unit.log_flood LOG SECONDS` prints seconds to the first page, lines a second counted, bytes
behind at the end, and the growth of the resident memory in MB.
"""

import sys
import threading
import time
from pathlib import Path

import psutil

from console.domain.clock import SystemClock
from console.log_follower import LogFollower
from console.sources.logs.file import LogFile

RATE = 50_000
_BATCHES = 50


def main(log: Path, seconds: float) -> str:
    first_page = threading.Event()
    process = psutil.Process()
    follower = LogFollower(LogFile("engine", lambda: log), SystemClock(), first_page.set)
    began = time.perf_counter()
    follower.start()
    first_page.wait(10)
    first = time.perf_counter() - began
    with log.open("rb") as stream:
        line = stream.readline()
    batch = line * (RATE // _BATCHES)
    memory, rates = 0, [0]
    with log.open("ab", buffering=0) as stream:
        began = time.perf_counter()
        for number in range(int(seconds * _BATCHES)):
            stream.write(batch)
            if number == _BATCHES:  # everything has been used once by now
                memory = process.memory_info().rss
            rates.append(follower.page.rate)
            time.sleep(max(0.0, began + (number + 1) / _BATCHES - time.perf_counter()))
    time.sleep(0.6)
    grown = (process.memory_info().rss - memory) / 1e6
    behind = log.stat().st_size - follower.page.size
    follower.stop()
    return f"{first} {max(rates)} {behind} {grown}"


if __name__ == "__main__":
    sys.stdout.write(main(Path(sys.argv[1]), float(sys.argv[2])))
