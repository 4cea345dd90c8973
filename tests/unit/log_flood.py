"""Follows a log in a process of its own, while 50,000 lines a second are written to it; says what it took.

`python -m tests.unit.log_flood LOG SECONDS` prints the processor's seconds to the first page and for the
whole flood, once all of it has been read, and the growth of the resident memory in MB.
"""

import sys
import threading
import time
from pathlib import Path

import psutil

from console.domain.clock import SystemClock
from console.log_follower import LogFollower
from console.sources.logs.file import LogFile
from tests.waiting import DEADLINE, eventually

RATE = 50_000
_BATCHES = 50


def main(log: Path, seconds: float) -> str:
    first_page = threading.Event()
    process = psutil.Process()
    follower = LogFollower(LogFile("engine", lambda: log), SystemClock(), first_page.set)
    began = time.process_time()
    follower.start()
    first_page.wait(DEADLINE)
    first = time.process_time() - began
    with log.open("rb") as stream:
        line = stream.readline()
    batch = line * (RATE // _BATCHES)
    memory, used = 0, time.process_time()
    with log.open("ab", buffering=0) as stream:
        began = time.perf_counter()
        for number in range(int(seconds * _BATCHES)):
            stream.write(batch)
            if number == _BATCHES:  # everything has been used once by now
                memory = process.memory_info().rss
            time.sleep(max(0.0, began + (number + 1) / _BATCHES - time.perf_counter()))
    eventually(lambda: follower.page.size >= log.stat().st_size)
    used = time.process_time() - used
    grown = (process.memory_info().rss - memory) / 1e6
    follower.stop()
    return f"{first} {used} {grown}"


if __name__ == "__main__":
    sys.stdout.write(main(Path(sys.argv[1]), float(sys.argv[2])))
