"""engine.json (mode 600): how to reach the engine while it runs, and what it was once it has ended.

It appears only when everything answers, and stays: after an orderly stop with `ended_at`, after a crash as it
was. Its shape:

    version                1
    pid, start_time        the process; its start in seconds since 1970, to tell a pid that was used again
    started_at             local time, ISO 8601
    ended_at               the same, of an orderly stop; missing while the engine runs, and after a crash
    metrics_url            http://127.0.0.1:PORT/metrics
    control_url            http://127.0.0.1:PORT
    exchange_url           http://127.0.0.1:PORT
    ports                  {"control": PORT, "exchange": PORT}
    exchange_process       {"pid", "start_time"}: of the exchange, which outlives the engine
    database_url           SQLAlchemy URL without its password
    database_password_env  environment variable that holds the password, or null
    flags_file, log_file   paths
    kill_switch            {"flag": path, "state": path}
    exchange_keys          path of {"api_key", "api_secret"}
    symbols, seed          as the engine was started
    configuration          futures or spot

`STATE/started.json` says how the engine is started again as it was: the database's URL without its password,
symbols, seed and configuration.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import psutil

from console.paper.layout import StateFolder, StateFolderError
from console.paper.private_file import write_private


@dataclass(frozen=True, slots=True)
class Start:
    """How an engine has started; `database` is a URL without password, `password_from` a variable's name."""

    database: str
    password_from: str | None
    symbols: int
    seed: int
    configuration: str


def write_engine_file(folder: StateFolder, start: Start, urls: Mapping[str, str]) -> None:
    """Say that this process runs; `urls` are `control_url` and `exchange_url`."""
    started = {"database": start.database, "symbols": start.symbols, "seed": start.seed}
    write_private(folder.started_file, {**started, "configuration": start.configuration})
    exchange = json.loads(folder.exchange.file.read_bytes())
    document = {
        "version": 1,
        "pid": os.getpid(),
        "start_time": psutil.Process().create_time(),
        "started_at": _now(),
        "metrics_url": f"{urls['control_url']}/metrics",
        **urls,
        "ports": {name.removesuffix("_url"): urlsplit(url).port for name, url in urls.items()},
        "exchange_process": {name: exchange[name] for name in ("pid", "start_time")},
        "database_url": start.database,
        "database_password_env": start.password_from,
        "flags_file": str(folder.flags_file),
        "kill_switch": {"flag": str(folder.kill_flag), "state": str(folder.kill_state)},
        "log_file": str(folder.log_file),
        "exchange_keys": str(folder.exchange.keys),
        "symbols": start.symbols,
        "seed": start.seed,
        "configuration": start.configuration,
    }
    write_private(folder.engine_file, document)


def write_end(folder: StateFolder) -> None:
    """Say that this process has stopped in order; all the rest of the file stays true."""
    document = json.loads(folder.engine_file.read_bytes())
    write_private(folder.engine_file, {**document, "ended_at": _now()})


def last_start(folder: StateFolder) -> Start | None:
    """How the engine was started last; None where it never was.

    Raises StateFolderError for a file that no engine has written.
    """
    file = folder.started_file
    try:
        told = json.loads(file.read_bytes())
        configuration = str(told.get("configuration", "futures"))
        return Start(told["database"], None, int(told["symbols"]), int(told["seed"]), configuration)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateFolderError(f"{file}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError):
        raise StateFolderError(f"{file}: not what an engine writes of its start") from None


def _now() -> str:
    return datetime.now().isoformat(timespec="seconds")
