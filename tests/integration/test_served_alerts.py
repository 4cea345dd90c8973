"""Alerts as a real Prometheus server evaluates them, and silences as a real Alertmanager holds them."""

import contextlib
import json
import math
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.alert_feed.memory import AlertMemory
from console.alert_feed.served import ServedAlerts
from console.domain.alert_book import AlertBook, Raised, RuleStanding, text_of
from console.domain.alert_state import Phase
from console.domain.clock import SystemClock
from console.domain.silences import Marks
from console.domain.triggers import Past
from console.sources.alertmanager import SILENCES_PATH, Alertmanager
from console.sources.errors import SourceError
from console.sources.prometheus_server import PrometheusServer
from tests import alertmanager
from tests.debian import NoServerError
from tests.prometheus import do_without, server, serving
from tests.waiting import eventually

RULES = """
groups:
  - name: futures
    rules:
      - alert: Margin
        expr: futures_margin_ratio < 1.05
        for: 1s
        labels: {severity: critical}
        annotations: {summary: "low on {{ $labels.symbol }}"}
      - alert: Sync
        expr: increase(futures_sync_errors_total[5m]) > 0
      - alert: Slippage
        expr: futures_slippage_bps > 10
        keep_firing_for: 1h
      - alert: Nothing
        expr: futures_nothing > 1
      - alert: Ambiguous
        expr: futures_margin_ratio * on () futures_margin_ratio > 1
"""


class Engine:
    """What the server scrapes."""

    def __init__(self) -> None:
        self.margins = {"BTC": 1.04, "ETH": 1.01, "SOL": 2.0}
        self.counters = {"futures_sync_errors_total": 5, "futures_liquidations_total": 7}
        self.slippage = 25
        self.scrapes = 0

    def page(self) -> str:
        self.scrapes += 1
        margins = [f'futures_margin_ratio{{symbol="{one}"}} {value}' for one, value in self.margins.items()]
        counters = [f'{name}{{symbol="BTC"}} {value}' for name, value in self.counters.items()]
        slippage = f'futures_slippage_bps{{symbol="BTC"}} {self.slippage}'
        return "\n".join([*margins, *counters, slippage, ""])


class Console:
    """What a console knows of the server, which it reads until a test has seen what it expects."""

    def __init__(self, url: str, folder: Path) -> None:
        clock = SystemClock()
        self.server = PrometheusServer(url, clock=clock, timeout=5)
        memory = AlertMemory(folder / "alerts.json")
        self._alerts = ServedAlerts(self.server, clock=clock, scrape=0.2, marks=Marks, memory=memory)
        self.book: AlertBook = AlertBook((), ())

    def read(self) -> AlertBook:
        self.book = self._alerts.read().value
        return self.book

    def alert(self, rule: str, symbol: str = "BTC") -> Raised | None:
        found = (
            one
            for one in self.book.raised
            if self.book.rules[one.rule].rule.name == rule and text_of(one.labels, "symbol") == symbol
        )
        return next(found, None)

    def rule(self, name: str) -> RuleStanding:
        return next(one for one in self.book.rules if one.rule.name == name)

    def until(self, seen: Callable[[], object]) -> None:
        """Read until `seen`, in which the server may be starting."""

        def look() -> object:
            with contextlib.suppress(SourceError):
                self.read()
            return seen()

        eventually(look, every=0.05)

    def until_phase(self, phase: Phase, rule: str = "Margin", symbol: str = "BTC") -> Raised:
        self.until(lambda: (one := self.alert(rule, symbol)) is not None and one.phase is phase)
        found = self.alert(rule, symbol)
        assert found is not None
        return found


def test_the_console_tells_what_a_server_evaluates_and_what_it_does_not_tell(
    tmp_path: Path, subtests: pytest.Subtests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One test of it all, so that a run on several workers starts one server."""
    monkeypatch.setattr("console.alert_feed.served_evidence.EVERY", 0.2)
    monkeypatch.setattr("console.alert_feed.followed.LOOK_AGAIN", 0.2)
    engine, rules = Engine(), tmp_path / "rules.yaml"
    rules.write_text(RULES)
    try:
        with serving(engine.page) as target:
            with server(tmp_path, target, rules=[rules], evaluation="500ms") as prometheus:
                console = Console(prometheus.url, tmp_path)
                while_it_evaluates(console, engine, subtests)
            with subtests.test("a server that is gone is an error"), pytest.raises(SourceError):
                console.read()
            with server(tmp_path, target, rules=[rules], evaluation="500ms") as prometheus:
                console.server.url = prometheus.url
                after_its_restart(console, subtests)
    except NoServerError as error:
        do_without(error)


def while_it_evaluates(console: Console, engine: Engine, subtests: pytest.Subtests) -> None:
    with subtests.test("a condition that holds is pending, and firing after its for"):
        pending = console.until_phase(Phase.PENDING)
        fired = console.until_phase(Phase.FIRING)
        assert fired.active_at == pytest.approx(pending.active_at, abs=0.4)
        assert fired.fired_at is not None
        assert fired.fired_at - fired.active_at > 0.9
        assert (fired.value, fired.annotations) == (1.04, (("summary", "low on BTC"),))
    with subtests.test("a rule without series has no data, one with some has"):
        console.until(lambda: console.rule("Sync").no_data_since is None)
        assert console.rule("Nothing").no_data_since is not None
    with subtests.test("a rule that can't be evaluated says why"):
        assert "found duplicate series for the match group" in (console.rule("Ambiguous").error or "")
    with subtests.test("the events of an increase are counted, which it only estimates"):
        engine.counters = {"futures_sync_errors_total": 8, "futures_liquidations_total": 9}
        engine.slippage = 5
        assert console.until_phase(Phase.FIRING, "Sync").count == 3
    with subtests.test("an alert that only fires on is quiet"):
        console.until(lambda: (one := console.alert("Slippage")) is not None and one.quiet_since is not None)
    with subtests.test("an alert whose series vanishes is lost, one whose value is well is resolved"):
        del engine.margins["BTC"]
        engine.margins["ETH"] = 3.0
        assert console.until_phase(Phase.RESOLVED, symbol="BTC").lost_since is not None
        assert console.until_phase(Phase.RESOLVED, symbol="ETH").lost_since is None
    with subtests.test("the rollback triggers have exact counts"):
        expected = [{"BTC": 2.0}, {"BTC": 3.0}]
        console.until(lambda: figures(console.book) == expected)
    engine.margins["SOL"] = 1.0
    console.until_phase(Phase.FIRING, symbol="SOL")


def figures(book: AlertBook) -> list[object]:
    past = (book.evidence.liquidations, book.evidence.sync_errors)
    return [one.figures if isinstance(one, Past) else one for one in past]


def after_its_restart(console: Console, subtests: pytest.Subtests) -> None:
    with subtests.test("a server that has restarted begins its for anew"):
        console.until_phase(Phase.PENDING, symbol="SOL")
        console.until_phase(Phase.FIRING, symbol="SOL")
    with subtests.test("what was lost before stays lost"):
        lost = console.alert("Margin")
        assert lost is not None
        assert lost.lost_since is not None


@pytest.fixture
def silences(tmp_path: Path) -> Iterator[str]:
    try:
        with alertmanager.server(tmp_path) as url:
            yield url
    except NoServerError as error:
        do_without(error)


def test_a_silence_in_alertmanager_holds_here(silences: str) -> None:
    wanted = {
        "matchers": [{"name": "symbol", "value": "BTC.*", "isRegex": True, "isEqual": True}],
        "startsAt": iso(time.time()),
        "endsAt": iso(time.time() + 600),
        "createdBy": "alice",
        "comment": "maintenance",
    }
    request = urllib.request.Request(
        silences + SILENCES_PATH, json.dumps(wanted).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        key = json.load(response)["silenceID"]
    read = Alertmanager(silences, clock=SystemClock(), timeout=5)
    (silence,) = read.silences()
    assert (silence.key, silence.owner, silence.reason) == (key, "alice (Alertmanager)", "maintenance")
    assert silence.holds((("symbol", "BTCUSDT"),), math.ceil(time.time()))
    assert read.notes() == ()


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
