"""How long a trip takes until its flag is durable, with everything else on fire.

From the keyboard: a console in a terminal of its own shows 5,000 symbols whose every value changes, while
database and endpoint take connections and never answer; from the key `T` to the durable flag. Then the same
once more with the metrics gone too. In turns with each trip such a file is written without a console, which
tells how much of a late flag is the disk's. In a process that runs: from the call to its return. From the
command line: from the start of the process until the flag is there, in turns with a Python that writes the
same file and does nothing else, so that a machine whose speed drifts moves both alike.

    python -m benchmarks.kill [TRIPS]
"""

import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figures import Spread
from benchmarks.screen import paper_engine
from benchmarks.terminal import Terminal, environment
from console.actions.kill.switch import KillSwitch
from console.settings_file import load_settings
from console.sources.engine import read_engine_file

TRIPS = 200
SYMBOLS = 5000
_SETTINGS = """\
contexts:
  prod:
    environment: production
    colour: red
    database: {{url: "mysql://nobody@127.0.0.1:{port}/x"}}
    flags_file: {folder}/flags.yaml
    kill_switch:
      flag: {folder}/flag
      state: {folder}/state.json
      http: http://127.0.0.1:{port}/control/kill
      deadlines: {{database: 300ms, http: 300ms}}
"""
_BARE = """\
import os
handle = os.open({fresh!r}, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
os.write(handle, b"1")
os.fsync(handle)
os.close(handle)
os.rename({fresh!r}, {flag!r})
"""
_ROW = re.compile(r"[A-Z0-9]{2,}(USDT|/USD)\b.*\d\.\d")
"""A row of the console's table that has a number in it."""
_LOOKS_EVERY = 0.0005
_START_SECONDS = 60.0
_LATEST = 10.0
"""Seconds after which a flag that isn't there won't come."""


def from_the_keyboard(folder: Path, trips: int) -> Iterator[tuple[str, list[float], list[float]]]:
    """Seconds from `T` to the durable flag of each trip: with symbols that change, then without metrics.

    With them go those of the same write without a console, one after each trip.
    """
    plain = (folder / "console.yaml").read_text(encoding="utf-8")
    config = folder / "screen.yaml"
    with paper_engine(SYMBOLS) as engine, _market(engine) as (url, market):
        config.write_text(f"{plain}    metrics_url: {url}\n", encoding="utf-8")
        command = [sys.executable, "-m", "console", "--config", str(config), "--state", str(folder / "own")]
        with Terminal(command, environment(folder), folder) as terminal:
            _wait_for(lambda: _ROW.search(terminal.text()), _START_SECONDS)
            time.sleep(3)  # until what a console does after its start is done
            yield f"{SYMBOLS} symbols changing", *_in_turns(terminal, folder, trips)
            market.kill()
            time.sleep(3)
            yield "metrics gone too", *_in_turns(terminal, folder, trips)


def in_process(folder: Path, trips: int) -> list[float]:
    """Seconds from the call to the durable flag, of each trip."""
    settings = load_settings(
        config=folder / "console.yaml", state=folder / "own", environ=_environment(folder)
    )
    switch = KillSwitch(settings)
    switch.prepare()
    taken = []
    for _ in range(trips):
        (folder / "flag").unlink(missing_ok=True)
        began = time.perf_counter()
        switch.trip("benchmark")
        taken.append(time.perf_counter() - began)
        assert (folder / "flag").read_bytes() == b"1"
        switch.close(5)
    return taken


def from_the_command_line(folder: Path, runs: int) -> tuple[Spread, Spread, float]:
    """Seconds until the flag is there, ours and a bare Python's, and the median ratio of the two."""
    flag = folder / "flag"
    ours = [sys.executable, "-m", "console", "kill", "trip", "--config", str(folder / "console.yaml")]
    ours += ["--state", str(folder / "own"), "--reason", "benchmark", "--wait", "0"]
    bare = [sys.executable, "-c", _BARE.format(fresh=str(folder / "fresh"), flag=str(flag))]
    _until(flag, ours, folder)  # whose settings are remembered from then on
    pairs = [(_until(flag, ours, folder), _until(flag, bare, folder)) for _ in range(runs)]
    first, second = (Spread.of([pair[side] for pair in pairs]) for side in (0, 1))
    return first, second, statistics.median(one / other for one, other in pairs)


def _in_turns(terminal: Terminal, folder: Path, trips: int) -> tuple[list[float], list[float]]:
    pairs = [(_pressed(terminal, folder, number), _written_alone(folder)) for number in range(trips)]
    return [trip for trip, _ in pairs], [alone for _, alone in pairs]


def _written_alone(folder: Path) -> float:
    """What a flag costs with fresh file, fsync, rename and fsync of its folder, and nothing else."""
    fresh, began = folder / "alone.fresh", time.perf_counter()
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.write(handle, b"1")
    os.fsync(handle)
    os.close(handle)
    fresh.rename(folder / "alone")
    _make_durable(folder)
    return time.perf_counter() - began


def _pressed(terminal: Terminal, folder: Path, number: int) -> float:
    """Open the kill switch, trip, and go back to the table; the seconds that the flag took.

    The hand's pauses are such that all moments between two polls and two paints are met.
    """
    flag, phase = folder / "flag", number * 0.618 % 1
    flag.unlink(missing_ok=True)
    terminal.send(b"K")
    time.sleep(0.12 + 0.25 * phase)
    began = terminal.send(b"T")
    _wait_for(flag.exists, _LATEST)
    _make_durable(folder)
    taken = time.perf_counter() - began
    time.sleep(0.45)  # the actuators that get no answer have ended then
    terminal.send(b"\x1b")
    time.sleep(0.3 + 0.5 * phase)
    return taken


def _make_durable(folder: Path) -> None:
    """What the console itself does after the rename: once this is through, the flag is sure to be durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(handle)
    os.close(handle)


def _until(flag: Path, command: Sequence[str], home: Path) -> float:
    flag.unlink(missing_ok=True)
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=_environment(home)) as process:
        while not flag.exists() and process.poll() is None:
            time.sleep(_LOOKS_EVERY)
        return time.perf_counter() - began


def _wait_for(condition: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s")
        time.sleep(_LOOKS_EVERY)


@contextmanager
def _market(engine: Path) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """An endpoint whose every value moves, in front of the engine's own: its address and its process."""
    running = read_engine_file(engine / "engine.json")
    own = running.text("metrics_url") if running else None
    assert own is not None
    command = [sys.executable, "-m", "benchmarks.market", own]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as market:
        assert market.stdout is not None
        try:
            yield market.stdout.readline().strip(), market
        finally:
            market.kill()


def _environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home)}


def _told(taken: Sequence[float]) -> str:
    late = sorted(taken)[min(len(taken) - 1, len(taken) * 99 // 100)]
    figures = (statistics.median(taken), late, max(taken))
    return "p50 {:.1f} ms, p99 {:.1f} ms, longest {:.1f} ms".format(*(each * 1000 for each in figures))


def main() -> None:
    """Measure and print."""
    trips = int(sys.argv[1]) if len(sys.argv) > 1 else TRIPS
    with tempfile.TemporaryDirectory() as name, socket.create_server(("127.0.0.1", 0)) as hole:
        folder = Path(name)
        (folder / "flags.yaml").write_text("global_kill_switch: false\nfeatures: {}\n")
        text = _SETTINGS.format(folder=folder, port=hole.getsockname()[1])
        (folder / "console.yaml").write_text(text)
        for world, taken, alone in from_the_keyboard(folder, trips):
            print(f"key to durable flag, {trips} trips, {world}: {_told(taken)}")
            print(f"  the same write alone: {_told(alone)}", flush=True)
        print(f"call to durable flag, {trips} trips: {_told(in_process(folder, trips))}", flush=True)
        ours, bare, ratio = from_the_command_line(folder, max(5, trips // 10))
        print(f"opsconsole kill trip to flag: {ours:.3f} s; a bare Python: {bare:.3f} s; ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
