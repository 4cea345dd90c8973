"""Snapshots to judge: a healthy engine, from which each test changes what it is about."""

from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from console.domain.assessment import Assessment, Rules, assess
from console.domain.metrics import Answer, Metrics, Series, column_of
from console.domain.reading import Reading, SourceState
from console.domain.severity import Severity
from console.domain.snapshot import Snapshot
from console.domain.surfaces import (
    Account,
    Books,
    EngineState,
    Exchange,
    Flags,
    LogTail,
    Position,
    ServerIdentity,
    Venue,
)
from console.domain.thresholds import KEY_METRICS, Condition, Ladder, Panel

T = TypeVar("T")

NOW = 1_800_000_000.0
LIMIT = 2.0
SWITCHES_ON = {"u_futures_trading_enabled": "1", "coin_futures_trading_enabled": "1"}

MARGIN = Panel(
    "Margin Ratio",
    "futures_margin_ratio{symbol=~'.*'}",
    Ladder(((1.5, Severity.OK), (1.2, Severity.WARNING), (1.05, Severity.HIGH))),
)
FUNDING = Panel(
    "Funding Rate",
    "futures_funding_rate{symbol=~'.*'}",
    Ladder(((0.0001, Severity.OK), (0.0003, Severity.WARNING), (0.0005, Severity.HIGH))),
)
SYNC = Panel("Position Sync Errors", "rate(futures_sync_errors_total[5m])", Condition(">", 0), 300)
PANELS = (MARGIN, FUNDING, SYNC)

HEALTHY_KEY_METRICS = (0.99, 1.0, 2.0, 0.999, 40e-6, 300e-6)


def series(name: str, symbol: str | None = None, **labels: str) -> Series:
    every = labels if symbol is None else {**labels, "symbol": symbol}
    return Series(name, tuple(sorted(every.items())))


def of(name: str, **values: float) -> dict[Series, float]:
    """A vector with one series per symbol."""
    return {series(name, symbol): value for symbol, value in values.items()}


def metrics(
    margin: dict[Series, float] | None = None,
    funding: dict[Series, float] | None = None,
    sync: dict[Series, float] | None = None,
    tripped: float | None = 0.0,
    key_metrics: tuple[float, ...] = HEALTHY_KEY_METRICS,
    covered: float = 4000.0,
) -> Metrics:
    symbols = {"BTC": 100.0, "SOL": 100.0}
    samples = {
        "futures_mark_price": of("futures_mark_price", **symbols),
        "futures_position_quantity": of("futures_position_quantity", **symbols),
        "futures_heartbeat_timestamp_seconds": {series("futures_heartbeat_timestamp_seconds"): NOW},
    }
    if tripped is not None:
        samples["futures_kill_switch_tripped"] = {series("futures_kill_switch_tripped"): tripped}
    answers = {
        MARGIN.query: Answer(of("", BTC=2.0, SOL=1.8) if margin is None else margin),
        FUNDING.query: Answer(of("", BTC=0.00005, SOL=-0.00005) if funding is None else funding),
        SYNC.query: Answer(of("", BTC=0.0, SOL=0.0) if sync is None else sync),
    }
    for metric, value in zip(KEY_METRICS, key_metrics, strict=True):
        answers[metric.query] = Answer({series(metric.name): value})
    columns = {name: column_of(vector) for name, vector in samples.items()}
    return Metrics(columns, answers, covered)


def account(identity: int, equity: str | None) -> Account:
    amount = None if equity is None else Decimal(equity)
    return Account(
        identity, f"account {identity}", amount, Decimal(0), Decimal(0), Decimal(0), amount, "active"
    )


def position(symbol: str) -> Position:
    return Position(1, 2, symbol, "LONG", 5, Decimal(1), Decimal(1), None, None, None, None, False)


BOOKS = Books(
    identity=ServerIdentity("MariaDB", "10.11", "db-1", None, False),
    response_time=0.004,
    accounts=(account(2, "10000"), account(3, "9000")),
    positions=(position("BTC"), position("SOL")),
    trades=(),
    switches=SWITCHES_ON,
)
FLAGS = Flags("flags.yaml", "0" * 64, False, None, ())
ENGINE = EngineState(flag=False, tripped=False, pid=1, started_at=NOW - 60, alive=True)
EXCHANGE = Exchange((Venue("usdm", 0.01, {}, NOW),))
LOG = LogTail("futures.log", 100, 300.0, True, 10, 0, 0, 0, 0, NOW, None)


def answered(name: str, value: T, age: float = 0.5) -> SourceState[T]:
    reading = Reading(name, NOW - age, 0.01, value=value)
    return SourceState(name, LIMIT, last=reading, good=reading)


def failing(state: SourceState[T], error: str, ago: float = 0.1) -> SourceState[T]:
    """The same source after a newer poll that failed."""
    return replace(state, last=Reading(state.name, NOW - ago, 0.01, error=error))


def healthy() -> Snapshot:
    return Snapshot(
        at=NOW,
        metrics=answered("metrics", metrics()),
        database=answered("database", BOOKS),
        exchange=answered("exchange", EXCHANGE),
        flags=answered("flags", FLAGS),
        engine=answered("engine", ENGINE),
        log=answered("log", LOG),
    )


def judged(snapshot: Snapshot, not_exported: frozenset[str] = frozenset()) -> Assessment:
    return assess(snapshot, Rules(PANELS, KEY_METRICS, not_exported))
