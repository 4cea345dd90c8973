"""A paper engine as a process of its own, for as long as a console looks at it.

The engine's standard input is a pipe that this process holds: when this process ends, however it ends, the
engine reads the end of it and stops.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from console.sources.engine import is_alive, read_engine_file
from console.sources.errors import SourceError

PASSWORD_VARIABLE = "OPSCONSOLE_PAPER_DB_PASSWORD"  # noqa: S105 (a variable's name)
_START_SECONDS = 60.0
_STOP_SECONDS = 5.0
"""Seconds that the engine has for an orderly stop."""


class DemoError(Exception):
    """The engine could not be started; the message is one line."""


@dataclass(frozen=True, slots=True)
class Engine:
    """How to start the engine; `symbols` are those of USD-M."""

    state: Path
    symbols: int
    scenario: str
    seed: int
    database: str | None = None


@contextmanager
def running(engine: Engine) -> Iterator[int]:
    """Start the engine, wait until it answers, and stop it at the end, or the one that has taken its place.

    Yields its pid. Raises DemoError when it doesn't start; then nothing is left running.
    """
    arguments, environment = _command(engine)
    try:
        engine.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DemoError(f"state folder {engine.state}: {error.strerror}") from None
    with (engine.state / "engine.out").open("w+b") as output:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,  # Ctrl-C is for the console, which then stops the engine
        )
        try:
            _wait_until_ready(process, engine.state, output.name)
            yield process.pid
        finally:
            _stop(process)
            _stop_successor(engine.state)


@contextmanager
def ending_cleanly() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the program as an exception does, so that what was started is stopped."""

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def stop_when_stdin_closes() -> None:
    """In the engine: stop as after SIGHUP once the process that started it is gone, and the exchange with it.

    That may have gone too soon to see to it that the engine ends. So where the orderly stop isn't over in
    time, the process ends without it.
    """

    def wait() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGHUP)
        time.sleep(_STOP_SECONDS)
        os._exit(1)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def _command(engine: Engine) -> tuple[list[str], dict[str, str]]:
    """The engine's argument list and environment; a password in the URL moves from the one to the other."""
    arguments = [sys.executable, "-m", "console", "paper", "run", "--state", str(engine.state)]
    arguments += ["--symbols", str(engine.symbols), "--scenario", engine.scenario, "--seed", str(engine.seed)]
    arguments.append("--until-stdin-closes")
    if engine.database is not None:
        url, password = _without_password(engine.database)
        if password is not None:
            os.environ[PASSWORD_VARIABLE] = password  # the console of this process needs it too
        arguments += ["--database", url]
    return arguments, dict(os.environ)


def _without_password(text: str) -> tuple[str, str | None]:
    """The URL as it may stand in a process list, and the password that it held."""
    from sqlalchemy import URL, make_url  # noqa: PLC0415 (200 ms that only a named database needs)
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise DemoError("--database is a URL such as mysql://user@host:3306/binance-data") from None
    if url.query:
        raise DemoError("--database is a URL without parameters: mysql://user@host:3306/binance-data")
    bare = URL.create(url.drivername, url.username, None, url.host, url.port, url.database)
    return bare.render_as_string(), None if url.password is None else str(url.password)


def _wait_until_ready(process: "subprocess.Popen[bytes]", state: Path, output: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise DemoError(_last_words(Path(output)) or f"the engine ended with code {process.returncode}")
        try:
            found = read_engine_file(state / "engine.json")
        except SourceError:
            found = None
        if found is not None and found.pid == process.pid and not found.ended:
            return
        time.sleep(0.02)
    raise DemoError(f"the engine was not ready after {_START_SECONDS:.0f} s; see {output}")


def _last_words(output: Path) -> str:
    """The last line that the engine wrote before it ended: its error."""
    lines = output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1].removeprefix("opsconsole paper: ") if lines else ""


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if process.stdin is not None:
        process.stdin.close()
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _stop_successor(state: Path) -> None:
    """Stop the engine that a runbook has started since, in place of ours."""
    import psutil  # noqa: PLC0415

    try:
        found = read_engine_file(state / "engine.json")
    except SourceError:
        return
    if found is None or not is_alive(found):
        return
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(found.pid)
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except psutil.TimeoutExpired:
            process.kill()
