"""The paper exchange as a process of its own: `python -m console.paper.exchange_process STATE`.

An engine starts it where none runs on the state folder, and tells it what happens (`exchange_wire`). It goes
on answering when the engine is gone, however that ended: positions, orders, wallets and prices stay as they
were, the next engine takes the positions from here. It ends when it is told to, with its folder, with whom it
was for, and when for `IDLE_SECONDS` no engine was there and nobody asked it anything.
"""

import contextlib
import fcntl
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from console.paper.board import Board
from console.paper.exchange import Exchange, as_json
from console.paper.exchange_api import ExchangeApi, ExchangeKeys
from console.paper.exchange_place import ExchangePlace, said
from console.paper.exchange_wire import Hearing
from console.paper.loopback import LoopbackServer, Request, Response
from console.paper.private_file import write_private

IDLE_SECONDS = 3600.0
"""An exchange that nobody has used for so long ends."""

_LOOK_SECONDS = 0.5
_STARTED = 19
"""Which field after a process's name says when it started, in the kernel's ticks since it booted."""


class ExchangeProcess:
    """The process: one thread that waits for engines, one for each that is there, and the server's."""

    def __init__(self, place: ExchangePlace) -> None:
        keys = json.loads(place.keys.read_bytes())
        self._place = place
        self._exchange = Exchange(Board(()), time.time)
        self._api = ExchangeApi(self._exchange, ExchangeKeys(keys["api_key"], keys["api_secret"]), time.time)
        self._hearing = Hearing(self._exchange, self._api)
        self._used_at = time.monotonic()
        self._ended = threading.Event()
        self._engines = 0
        self._deserted = False
        self._turn = threading.Lock()
        self._url = LoopbackServer(self._answer, "exchange").url

    def run(self) -> None:
        """Serve until it is over. The caller holds the lock."""
        folder = self._place.root.stat().st_ino
        with self._listening() as listener:
            started = {"pid": os.getpid(), "start_time": _start_time(), "url": self._url}
            write_private(self._place.file, started)
            while not self._ended.is_set() and not self._is_left(folder):
                with contextlib.suppress(TimeoutError):
                    line, _ = listener.accept()
                    line.settimeout(None)
                    threading.Thread(target=self._hear, args=(line,), daemon=True).start()

    def end(self) -> None:
        """Have it end, within a second."""
        self._ended.set()

    @contextlib.contextmanager
    def _listening(self) -> Iterator[socket.socket]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            self._place.ear.unlink(missing_ok=True)
            with self._place.address() as address:
                listener.bind(address)
            listener.listen()
            listener.settimeout(_LOOK_SECONDS)
            try:
                yield listener
            finally:
                self._place.ear.unlink(missing_ok=True)
                self._place.file.unlink(missing_ok=True)

    def _answer(self, request: Request) -> Response:
        self._used_at = time.monotonic()
        return self._api.answer(request)

    def _is_left(self, folder: int) -> bool:
        """Whether nobody needs it any more."""
        try:
            if self._place.root.stat().st_ino != folder:
                return True
        except OSError:
            return True
        idle = time.monotonic() - self._used_at > IDLE_SECONDS
        return not self._engines and (self._deserted or idle)

    def _hear(self, line: socket.socket) -> None:
        """What one who connects has to say, to its end."""
        with line, line.makefile("rb") as lines:
            first = json.loads(lines.readline() or b"{}")
            if "end" in first:
                self._leave()
            elif "with" in first:
                self._stay_with(lines)
            elif "engine" in first:
                with self._turn:  # what the engine before has said is heard to its end first
                    line.sendall(said(self._welcome()))
                    self._serve(lines)

    def _stay_with(self, lines: Iterator[bytes]) -> None:
        """Whoever it is for says nothing more; however they go, their end of the line goes with them."""
        with contextlib.suppress(ConnectionError):
            for _ in lines:
                pass
        self._deserted = True

    def _welcome(self) -> dict[str, object]:
        held = [as_json(position) for position in self._exchange.held()]
        return {"url": self._url, "fresh": self._exchange.fresh, "positions": held}

    def _serve(self, lines: Iterator[bytes]) -> None:
        """Take what an engine tells until it is gone; its outage goes with it."""
        self._engines += 1
        self._deserted = False
        try:
            for text in lines:
                if text.endswith(b"\n"):  # what was cut off with the engine has not happened
                    self._hearing.take(json.loads(text))
        except ConnectionError:
            pass  # as good as the end of the line
        finally:
            self._engines -= 1
            self._used_at = time.monotonic()
            self._api.set_down(False)

    def _leave(self) -> None:
        """End at once; whoever asked sees the end of its line when the process is gone."""
        self._place.ear.unlink(missing_ok=True)
        self._place.file.unlink(missing_ok=True)
        os._exit(0)


def main(state: Path) -> int:
    """Run the exchange of a state folder; 0 also where another process is that exchange already."""
    os.umask(0o077)
    place = ExchangePlace(state.absolute())
    with place.lock.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        process = ExchangeProcess(place)
        signal.signal(signal.SIGTERM, lambda _number, _frame: process.end())
        process.run()
    return 0


def _start_time() -> float:
    """When this process started, in seconds since 1970, to tell a pid that was used again."""
    fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    of_machine = Path("/proc/stat").read_text(encoding="ascii")
    booted = next(int(line.split()[1]) for line in of_machine.splitlines() if line.startswith("btime "))
    return booted + int(fields[_STARTED]) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
