"""An engine on loopback whose answers a test writes byte by byte, and the scraper that asks it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from console.domain.clock import Clock, SystemClock
from console.sources.errors import SourceError
from console.sources.scrape import ScrapeSource
from tests.waiting import DEADLINE

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"


@dataclass
class Engine:
    """A server that hands each request's connection to `behave`, and keeps what was asked."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/metrics"


Behaviour = Callable[[socket.socket], None]


@contextmanager
def engine(behave: Behaviour) -> Iterator[Engine]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = Engine(listener.getsockname()[1])

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                running.connections += 1
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection: socket.socket) -> None:
            try:
                with connection:
                    while request := connection.recv(65536):
                        running.requests.append(request)
                        behave(connection)
            except OSError:
                return  # the console has hung up

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield running
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(2)


def answering(body: bytes, *headers: str) -> Behaviour:
    lines = "".join(f"{header}\r\n" for header in headers).encode()
    whole = HEAD + lines + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    return lambda connection: connection.sendall(whole)


def dribbling(start: bytes) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(b"a")
            time.sleep(0.02)

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Each request gets the next of `behaviours`."""
    coming = iter(behaviours)

    def behave(connection: socket.socket) -> None:
        next(coming)(connection)

    return behave


def source(url: str, clock: Clock | None = None, timeout: float = DEADLINE) -> ScrapeSource:
    return ScrapeSource(url, clock=clock or SystemClock(), timeout=timeout, max_bytes=1 << 20)


def failure(behave: Behaviour, timeout: float = DEADLINE) -> str:
    with engine(behave) as running, pytest.raises(SourceError) as caught:
        source(running.url, timeout=timeout).read()
    return str(caught.value)
