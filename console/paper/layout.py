"""The engine's state folder: where everything lies, the lock that keeps a second engine out, and its log.

engine.lock  engine.pid  engine.json  started.json  paper.db  and the exchange's (`exchange_place`)
state/ops_kill_switch.flag  state/ops_state.json
logs/futures.log
configs/feature_flags_futures.yaml  configs/config_live_futures.yaml  configs/config_live_spot.yaml
app/  the engine's code, as far as the paper engine has any (`code_tree`)
"""

import json
import logging
import os
import secrets
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path

from filelock import FileLock, Timeout

from console.paper.exchange_api import ExchangeKeys
from console.paper.exchange_place import ExchangePlace
from console.paper.private_file import write_private

_LOG_BYTES = 5_000_000
_LOG_FILES = 3
_LOCK_SECONDS = 0.5


class StateFolderError(Exception):
    """The folder can't be used; the message is one line."""


@dataclass(frozen=True, slots=True)
class StateFolder:
    """The paths below one state folder."""

    root: Path

    @property
    def database(self) -> Path:
        """The default database."""
        return self.root / "paper.db"

    @property
    def engine_file(self) -> Path:
        """Where the engine says how to reach it, and that it has ended in order."""
        return self.root / "engine.json"

    @property
    def started_file(self) -> Path:
        """How the engine was last started; it stays when the engine ends."""
        return self.root / "started.json"

    @property
    def exchange(self) -> ExchangePlace:
        """Where the exchange is, which lives on when the engine ends."""
        return ExchangePlace(self.root)

    @property
    def code(self) -> Path:
        """The tree of the engine's code."""
        return self.root / "app"

    def configuration(self, name: str) -> Path:
        """The file of a configuration, `futures` or `spot`."""
        return self.root / "configs" / f"config_live_{name}.yaml"

    @property
    def kill_flag(self) -> Path:
        """The kill switch's flag file."""
        return self.root / "state" / "ops_kill_switch.flag"

    @property
    def kill_state(self) -> Path:
        """The kill switch's state file."""
        return self.root / "state" / "ops_state.json"

    @property
    def log_file(self) -> Path:
        """The engine's log."""
        return self.root / "logs" / "futures.log"

    @property
    def flags_file(self) -> Path:
        """The feature flags."""
        return self.root / "configs" / "feature_flags_futures.yaml"

    def create(self) -> None:
        """Make the folders. Raises StateFolderError."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for path in (self.kill_flag, self.log_file, self.flags_file):
                path.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise StateFolderError(f"state folder {self.root}: {error.strerror}") from error

    def lock(self) -> FileLock:
        """Take the folder for this process; the system frees it when the process ends, however it ends.

        Raises StateFolderError that names the process which has it.
        """
        lock = FileLock(self.root / "engine.lock", mode=0o600)
        holder = self.root / "engine.pid"
        try:
            lock.acquire(timeout=_LOCK_SECONDS, poll_interval=0.01)  # somebody may just look at it
        except Timeout:
            pid = holder.read_text().strip() if holder.exists() else "unknown"
            raise StateFolderError(
                f"state folder {self.root} is in use by the engine with pid {pid}"
            ) from None
        except OSError as error:
            raise StateFolderError(f"state folder {self.root}: {error.strerror}") from error
        holder.write_text(f"{os.getpid()}\n")
        return lock

    def exchange_keys(self) -> ExchangeKeys:
        """The key pair of this folder, made on first use, readable by its owner only."""
        try:
            document = json.loads(self.exchange.keys.read_bytes())
            return ExchangeKeys(document["api_key"], document["api_secret"])
        except (OSError, ValueError, KeyError, TypeError):
            keys = ExchangeKeys(secrets.token_hex(32), secrets.token_hex(32))
            write_private(self.exchange.keys, {"api_key": keys.api_key, "api_secret": keys.api_secret})
            return keys

    def forget_process(self) -> None:
        """Remove what only a running engine has."""
        (self.root / "engine.pid").unlink(missing_ok=True)


def open_log(path: Path, level: str) -> logging.Handler:
    """Send the process' log to `path`, in lines as real engines write them, rotated by size."""
    handler = RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8")
    handler.setFormatter(_OneLine("%(asctime)s [%(levelname)s] %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level)
    return handler


class _OneLine(logging.Formatter):
    """A record is one line: what came from outside can't begin another."""

    def format(self, record: logging.LogRecord) -> str:
        return "".join(
            character if character.isprintable() else f"\\x{ord(character):02x}"
            for character in super().format(record)
        )
