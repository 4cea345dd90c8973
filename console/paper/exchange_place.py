"""Where the exchange of a state folder is found: its files, and the socket on which it is told what happens.

exchange.json (pid, start_time, url)  exchange.lock  exchange.sock  exchange.out  exchange_keys.json
"""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ExchangePlace:
    """The exchange's files in the state folder `root`."""

    root: Path

    @property
    def file(self) -> Path:
        """Which process the exchange is, and where it answers, for as long as it lives."""
        return self.root / "exchange.json"

    @property
    def lock(self) -> Path:
        """Held by the exchange's process for as long as it lives."""
        return self.root / "exchange.lock"

    @property
    def output(self) -> Path:
        """What the exchange's process has complained of."""
        return self.root / "exchange.out"

    @property
    def keys(self) -> Path:
        """The key pair that the exchange accepts."""
        return self.root / "exchange_keys.json"

    @property
    def ear(self) -> Path:
        """The socket on which it is told."""
        return self.root / "exchange.sock"

    @contextmanager
    def address(self) -> Iterator[str]:
        """The socket's address. A path may be longer than an address, so it is one of an open folder."""
        folder = os.open(self.root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield f"/proc/self/fd/{folder}/{self.ear.name}"
        finally:
            os.close(folder)

    def connect(self) -> socket.socket | None:
        """A connection to the exchange's process; None where none listens. Raises other OSErrors."""
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with self.address() as address:
                line.connect(address)
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            line.close()
            return None
        except OSError:
            line.close()
            raise
        return line


def said(document: object) -> bytes:
    """A line."""
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"
