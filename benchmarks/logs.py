"""The console on a log of 2 GB, as its operator sees it: `python -m benchmarks.logs`.

*First screen*: from the key 7 to the first line of the log on the terminal, in a console that has just been
started, which has yet to load that screen, and again in one that has shown it before. *Followed*: lines are
written at a steady rate, each with its number. Of the newest one on the terminal is told how long ago it
was written, at its worst, which is just before a newer one comes. Memory is the console's own, noted once a
second.
"""

import argparse
import os
import re
import statistics
import sys
import tempfile
import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from benchmarks.processes import cpu_seconds, memory
from benchmarks.run import machine
from benchmarks.screen import paper_engine
from benchmarks.terminal import Screen, Terminal, environment

_LINE = re.compile(r"fill (\d{9})")
"""What the benchmark's own lines have, and nothing else on the screen."""
_BATCHES = 50
"""Writes a second, as of an engine that flushes what it logs."""
_TO_START, _TO_SETTLE = 4.0, 1.0
"""Seconds until a console has its first values, and after a key."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What following came to: ages in seconds, memory in MB for each second, CPU as a share of a core."""

    written: int
    shown: int
    ages: Sequence[float]
    resident: Sequence[float]
    cpu: float


def main() -> None:
    given = _options()
    print(f"{machine()}, load {os.getloadavg()[0]:.1f}", flush=True)
    with paper_engine(12) as state, tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "futures.log"
        lines = build_log(log, int(given.gigabytes * 1e9), given.rate)
        print(f"a log of {log.stat().st_size / 1e9:.2f} GB, {lines / 1e6:.1f} million lines", flush=True)
        command = _console(state, log)
        first = [delay for _ in range(given.opens) for delay in opened(command, state, 1)]
        print(f"first screen, new console   {_milliseconds(first)}", flush=True)
        print(f"first screen, once more     {_milliseconds(opened(command, state, given.opens + 1)[1:])}")
        what = followed(command, state, log, count=lines, rate=given.rate, seconds=given.seconds)
        print(_in_words(what, given.seconds))


def build_log(log: Path, size: int, rate: int) -> int:
    """Write numbered lines, `rate` of them to a second, until there are `size` bytes; returns how many."""
    at, count = datetime.now() - timedelta(hours=1), 0
    with log.open("wb") as stream:
        while stream.tell() < size:
            stream.write(_lines(at, count, rate))
            at, count = at + timedelta(seconds=1), count + rate
    return count


def opened(command: Sequence[str], home: Path, times: int) -> list[float]:
    """Seconds from the key to a line on the terminal, `times` times in the same console."""
    with Terminal(command, environment(home), home) as terminal:
        time.sleep(_TO_START)
        pressed = []
        for _ in range(times):
            pressed.append(terminal.send(b"7"))
            time.sleep(_TO_SETTLE)
            terminal.send(b"1")
            time.sleep(_TO_SETTLE)
        screens = list(terminal.screens(since=pressed[0]))
        return [_first_line(screens, at) for at in pressed]


def followed(
    command: Sequence[str], home: Path, log: Path, *, count: int, rate: int, seconds: float
) -> Followed:
    """Have the console follow the log while `rate` lines a second are added, numbered from `count`."""
    with Terminal(command, environment(home), home) as terminal, log.open("ab", buffering=0) as stream:
        time.sleep(_TO_START)
        terminal.send(b"7")
        time.sleep(_TO_SETTLE)
        began, before = time.perf_counter(), cpu_seconds(terminal.pid)
        written: list[tuple[int, float]] = []
        resident: list[float] = []
        for batch in range(int(seconds * _BATCHES)):
            stream.write(_lines(datetime.now(), count, rate // _BATCHES))
            count += rate // _BATCHES
            written.append((count - 1, time.perf_counter()))
            if batch % _BATCHES == 0:
                resident.append(memory(terminal.pid).resident)
            time.sleep(max(0.0, began + (batch + 1) / _BATCHES - time.perf_counter()))
        ended, after = time.perf_counter(), cpu_seconds(terminal.pid)
        time.sleep(2 * _TO_SETTLE)
        shown = [(screen.at, _newest(screen)) for screen in terminal.screens(since=began)]
    ages = list(_ages(shown, written, ended))
    return Followed(written[-1][0], shown[-1][1] or 0, ages, resident, (after - before) / (ended - began))


def _lines(at: datetime, first: int, count: int) -> bytes:
    """Numbered lines of one second, one in a thousand of them an error."""
    heads = [f"{at:%Y-%m-%d %H:%M:%S},{ms:03} [{'ERROR' if ms == 7 else 'INFO'}]" for ms in range(1000)]
    return "".join(
        f"{heads[number * 1000 // count]} engine.orders: fill {first + number:09} BTCUSDT 0.250 at 64012.50,"
        " margin 1.62, fee 6.40\n"
        for number in range(count)
    ).encode()


def _first_line(screens: Sequence[Screen], pressed: float) -> float:
    """Seconds from `pressed` until a line of the log was to be seen."""
    return next(screen.at for screen in screens if screen.at >= pressed and _newest(screen)) - pressed


def _newest(screen: Screen) -> int | None:
    """The number of the newest line that is to be seen."""
    found = (_LINE.search(line) for line in reversed(screen.lines))
    return next((int(match[1]) for match in found if match), None)


def _ages(
    shown: Sequence[tuple[float, int | None]], written: Sequence[tuple[int, float]], ended: float
) -> Iterator[float]:
    """How old the newest line shown was, each time just before a newer one took its place."""
    numbers = [number for number, _ in written]
    for (_, newest), (until, newer) in pairwise(shown):
        if newest is not None and newer != newest and newest >= numbers[0] and until < ended:
            yield until - written[min(len(written) - 1, bisect_right(numbers, newest))][1]


def _console(state: Path, log: Path) -> list[str]:
    settings = state / "logs.yaml"
    settings.write_text(
        "contexts:\n  paper:\n    environment: paper\n    colour: cyan\n"
        f"    engine_file: engine.json\n    log_file: {log}\n"
    )
    program = str(Path(sys.executable).with_name("opsconsole"))
    return [program, "--context", "paper", "--state", str(state), "--config", str(settings)]


def _milliseconds(delays: Sequence[float]) -> str:
    late = sorted(delays)[min(len(delays) - 1, int(0.95 * len(delays)))]
    ends = f"{min(delays) * 1000:.0f} to {max(delays) * 1000:.0f}"
    return f"{statistics.median(delays) * 1000:4.0f} ms median, {late * 1000:4.0f} ms p95 ({ends})"


def _in_words(what: Followed, seconds: float) -> str:
    resident = what.resident
    quarter = max(1, len(resident) // 4)
    early, late = statistics.median(resident[quarter : 2 * quarter]), statistics.median(resident[-quarter:])
    return (
        f"followed for {seconds:.0f} s, {what.cpu * 100:.0f} % of a core\n"
        f"age of the newest line      {_milliseconds(what.ages)}\n"
        f"at the end                  line {what.shown:,} shown of {what.written:,}\n"
        f"resident                    {resident[0]:.1f} MB before, {max(resident):.1f} at most,"
        f" {early:.1f} in the second quarter, {late:.1f} in the last"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.logs", description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--opens", type=int, default=15)
    parser.add_argument("--rate", type=int, default=50_000, help="lines a second")
    parser.add_argument("--seconds", type=float, default=30.0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
