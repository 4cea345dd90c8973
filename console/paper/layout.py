"""The engine's state folder: where everything lies, the lock that keeps a second engine out, and its log.

engine.lock  engine.pid  engine.json  started.json  exchange_keys.json  paper.db
state/ops_kill_switch.flag  state/ops_state.json
logs/futures.log
configs/feature_flags_futures.yaml
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

_LOG_BYTES = 5_000_000
_LOG_FILES = 3


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
        """Where the running engine says how to reach it."""
        return self.root / "engine.json"

    @property
    def started_file(self) -> Path:
        """How the engine was last started; it stays when the engine ends."""
        return self.root / "started.json"

    @property
    def keys_file(self) -> Path:
        """The exchange's key pair."""
        return self.root / "exchange_keys.json"

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
        lock = FileLock(self.root / "engine.lock", timeout=0, mode=0o600)
        holder = self.root / "engine.pid"
        try:
            lock.acquire()
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
            document = json.loads(self.keys_file.read_bytes())
            return ExchangeKeys(document["api_key"], document["api_secret"])
        except (OSError, ValueError, KeyError, TypeError):
            keys = ExchangeKeys(secrets.token_hex(32), secrets.token_hex(32))
            write_private(self.keys_file, {"api_key": keys.api_key, "api_secret": keys.api_secret})
            return keys

    def forget_process(self) -> None:
        """Remove what only a running engine has."""
        self.engine_file.unlink(missing_ok=True)
        (self.root / "engine.pid").unlink(missing_ok=True)


def write_private(path: Path, document: dict[str, object]) -> None:
    """Write JSON that only the owner may read; readers see the old file or the new one, never a part."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


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
