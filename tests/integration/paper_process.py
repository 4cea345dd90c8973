"""A real paper engine in a process of its own, for tests."""

import hmac
import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine

from console.paper.exchange_link import end_exchange
from console.paper.exchange_place import ExchangePlace
from console.paper.store import open_database
from tests import forked
from tests.waiting import DEADLINE, eventually

START_SECONDS = 60.0
SOON = 8.0
"""Seconds that an engine may take to stop on a busy machine; waiting for its database would take more."""

plain_http = httpx.Client(
    timeout=DEADLINE, verify=False, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
)
"""A connection for each request, as of `httpx.get`, which would read all certificates for each of them."""


class PaperProcess:
    """A running engine on `state`. Leaving the block ends it and its exchange, however the test went."""

    def __init__(
        self,
        state: Path,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        wait: bool = True,
        cold: bool = False,
    ) -> None:
        """`wait` until it answers; `cold` as a process that is not forked (`tests.forked`)."""
        self.state = state
        self.process = forked.start(
            "console.paper",
            "--state",
            str(state),
            *arguments,
            env={**os.environ, **(environment or {})},
            cold=cold,
            stderr=subprocess.PIPE,
        )
        self.file: dict[str, Any] = {}
        if wait:
            self._wait_until_it_answers()

    def __enter__(self) -> "PaperProcess":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        end_exchange(ExchangePlace(self.state))

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal; answers the exit code."""
        self.process.send_signal(how)
        return self.process.wait(DEADLINE)

    def finished(self) -> tuple[int, str]:
        """Exit code and stderr of a process that ends by itself."""
        _, errors = self.process.communicate(timeout=START_SECONDS)
        return self.process.returncode, errors

    def get(self, path: str) -> httpx.Response:
        return plain_http.get(f"{self.file['control_url']}{path}")

    def post(self, path: str, **fields: str) -> httpx.Response:
        return plain_http.post(f"{self.file['control_url']}{path}", json=fields)

    def exchange(self, path: str) -> Any:
        """What the exchange answers to a signed request; whether the engine runs is nothing to it."""
        keys = json.loads(Path(self.file["exchange_keys"]).read_text())
        query = f"timestamp={int(time.time() * 1000)}"
        signature = hmac.new(keys["api_secret"].encode(), query.encode(), sha256).hexdigest()
        url = f"{self.file['exchange_url']}{path}?{query}&signature={signature}"
        answer = plain_http.get(url, headers={"X-MBX-APIKEY": keys["api_key"]})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def held(self) -> dict[str, str]:
        """The positions at the exchange by its symbols: coins at USD-M, contracts at COIN-M."""
        both = (*self.exchange("/fapi/v3/positionRisk"), *self.exchange("/dapi/v1/positionRisk"))
        return {entry["symbol"]: entry["positionAmt"] for entry in both}

    def scenario(self, name: str) -> None:
        assert self.post("/scenario", name=name).status_code == 200

    def values(self, name: str) -> dict[tuple[str, ...], float]:
        """One metric's samples by their label values; only its lines are parsed, as many wait for a value."""
        lines = self.get("/metrics").text.splitlines(keepends=True)
        its = "".join(line for line in lines if line.startswith((f"{name}{{", f"{name} ")))
        families = text_string_to_metric_families(its)
        found = (sample for family in families for sample in family.samples if sample.name == name)
        return {tuple(sample.labels.values()): sample.value for sample in found}

    def value(self, name: str, *labels: str) -> float:
        return self.values(name)[labels]

    def tripped(self) -> bool:
        return self.value("futures_kill_switch_tripped") == 1

    def count(self, query: str) -> int:
        """The one number that a query on the engine's SQLite file gives."""
        with closing(sqlite3.connect(self.state / "paper.db", timeout=DEADLINE)) as connection:
            number: int = connection.execute(query).fetchone()[0]
            return number

    def trades(self) -> int:
        return self.count("SELECT count(*) FROM futures_trades")

    @contextmanager
    def books(self) -> Iterator[Engine]:
        """The engine's database, opened for ourselves."""
        database = open_database(self.file["database_url"], create=False)
        yield database
        database.dispose()

    def log(self) -> str:
        return (self.state / "logs" / "futures.log").read_text()

    def _wait_until_it_answers(self) -> None:
        file = self.state / "engine.json"
        pid = self.process.pid

        def is_there() -> bool:
            if self.process.poll() is not None:
                raise AssertionError(f"the engine ended: {self.finished()}")
            told = json.loads(file.read_text()) if file.exists() else {}
            return told.get("pid") == pid and "ended_at" not in told

        eventually(is_there, START_SECONDS)
        self.file = json.loads(file.read_text())
