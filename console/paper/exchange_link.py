"""The engine's end of the exchange: started where none runs, told of every change, and ended."""

import json
import logging
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Self

from console.paper.exchange import Change, ExchangePosition
from console.paper.exchange_place import ExchangePlace, said
from console.paper.exchange_wire import positions_of

_START_SECONDS = 30.0
_STUCK_SECONDS = 2.0
"""The longest that an exchange may take to hear something, before it counts as lost."""
_END_SECONDS = 5.0
_PAUSE_SECONDS = 0.005

_NEEDED = re.compile(r"PATH|HOME|TMPDIR|TZ|LANG|LC_[A-Z]+|LD_LIBRARY_PATH|VIRTUAL_ENV|PYTHON[A-Z0-9]+")
"""What an interpreter needs of its environment."""

_log = logging.getLogger("exchange")


class ExchangeError(Exception):
    """The exchange's process can't be had; the message is one line."""


class ExchangeLink:
    """A running exchange. Leaving the `with` block lets go of it: it lives on, unless `leave_none` was said.

    `url` is where it answers, `positions` what it held when this engine came, `fresh` that it has never been
    given any.
    """

    def __init__(self, place: ExchangePlace, environment: Mapping[str, str]) -> None:
        """Of the `environment` a process that is started gets what it needs, and no secret."""
        self.url = ""
        self.fresh = True
        self.positions: list[ExchangePosition] = []
        self._place = place
        self._environment = {name: text for name, text in environment.items() if _NEEDED.fullmatch(name)}
        self._lock = threading.Lock()
        self._line = _connected(place)
        self._process = None if self._line else self._start()
        self._down = False
        self._lost = False
        self._kept = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._line is not None:
            self._line.close()
        if self._process is not None and not self._kept:
            self._end(self._process)

    def attach(self) -> None:
        """Wait until it listens, and ask what it holds. Raises ExchangeError."""
        deadline = time.monotonic() + _START_SECONDS
        while not self._greeted():
            if time.monotonic() > deadline:
                raise ExchangeError(f"the paper exchange has not started: see {self._place.output}")
            code = None if self._process is None else self._process.poll()
            if code:
                raise ExchangeError(f"the paper exchange ended with code {code}: see {self._place.output}")
            if self._process is None or code == 0:
                self._process = self._start()  # the one that was there was about to end
            time.sleep(_PAUSE_SECONDS)

    def keep(self) -> None:
        """Have it outlive this engine."""
        self._kept = True

    def leave_none(self) -> None:
        """Have it end with this engine, which has started it."""
        self._kept = False

    @property
    def down(self) -> bool:
        """Whether it can't be reached: there is an outage, or its process is gone."""
        return self._down or self._lost

    def set_down(self, down: bool) -> None:
        """Begin or end an outage."""
        if down != self._down:
            self._down = down
            self.tell({"down": down})

    def tell(self, change: Change) -> None:
        """Tell it of a change. One that doesn't hear is lost: then nothing is told any more."""
        if self._line is None or self._lost:
            return
        try:
            with self._lock:
                self._line.sendall(said(change))
        except OSError as error:
            self._lost = True
            _log.critical("the exchange is lost: %s", error)

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "console.paper.exchange_process", str(self._place.root)]
        with self._place.output.open("wb") as output:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self._environment,
                start_new_session=True,  # what ends the engine's terminal or group doesn't end it
            )

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        try:
            if not end_exchange(self._place):
                process.terminate()  # it doesn't listen yet
            process.wait(_END_SECONDS)
        except (ExchangeError, subprocess.TimeoutExpired):
            process.kill()
            process.wait()

    def _greeted(self) -> bool:
        line = self._line or _connected(self._place)
        self._line = None
        if line is None:
            return False
        try:
            line.settimeout(_START_SECONDS)
            line.sendall(said({"engine": os.getpid()}))
            with line.makefile("rb") as answers:
                answer = json.loads(answers.readline() or b"{}")
        except (ConnectionError, TimeoutError):
            answer = {}
        if "url" not in answer:
            line.close()
            return False
        self.url, self.fresh, self.positions = answer["url"], answer["fresh"], positions_of(answer)
        line.settimeout(_STUCK_SECONDS)
        self._line = line
        return True


@contextmanager
def exchange_for(place: ExchangePlace) -> Iterator[None]:
    """Have the exchange of a state folder, where one runs, end with this process, however that ends.

    It waits for an engine that is still there then. Raises ExchangeError.
    """
    line = _connected(place)
    if line is None:
        yield
        return
    with line:
        with suppress(ConnectionError):
            line.sendall(said({"with": os.getpid()}))
        yield


def _connected(place: ExchangePlace) -> socket.socket | None:
    try:
        return place.connect()
    except OSError as error:
        raise ExchangeError(f"{place.ear}: {error.strerror or error}") from error


def end_exchange(place: ExchangePlace) -> bool:
    """End the exchange of a state folder, and wait until it has; False where none runs.

    Raises ExchangeError for one that doesn't end.
    """
    try:
        line = place.connect()
        if line is None:
            return False
        with line:
            line.settimeout(_END_SECONDS)
            line.sendall(said({"end": True}))
            while line.recv(1024):
                pass
    except ConnectionError:
        return True  # it has ended at that very moment
    except TimeoutError:
        raise ExchangeError(f"the exchange of {place.root} has not ended within {_END_SECONDS:g} s") from None
    except OSError as error:
        raise ExchangeError(f"{place.ear}: {error.strerror or error}") from error
    return True
