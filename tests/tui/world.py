"""A world in full for the fake monitor: what every source says of the same symbols, and how it came about."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from console.domain.metrics import Answer, Metrics, Series
from console.domain.reading import SourceState
from console.domain.snapshot import Snapshot
from console.domain.surfaces import (
    Activity,
    ClosedPosition,
    Contract,
    EngineState,
    Exchange,
    ExchangePosition,
    Feature,
    Flags,
    LogTail,
    Position,
    SymbolBooks,
    Venue,
)
from tests.tui.fake import START, books, snapshot

T = TypeVar("T")


def in_full(taken: Snapshot, quantity: str = "1.25") -> Snapshot:
    """The snapshot with what database, exchange, flags file and engine say of its symbols."""
    metrics = taken.metrics.value
    assert metrics is not None
    names = tuple(series.symbol or "" for series in metrics.answers["futures_margin_ratio"].vector)
    held = tuple(name for number, name in enumerate(names) if number % 3 != 2)
    positions = tuple(_position(number, name, quantity) for number, name in enumerate(held))
    margins = metrics.answers["futures_margin_ratio"].vector
    worst = min(margins, key=lambda series: margins[series]).symbol or ""
    focus = SymbolBooks(worst, _orders(worst), _trades(worst), _closed(worst))
    there = Exchange((Venue("coinm", 0.02, _contracts(metrics), taken.at, _at_exchange(positions, worst)),))
    features = (
        Feature("unified_risk_guard", True, "canary", names[:2]),
        Feature("smart_entry", True, "production", ()),
        Feature("batch_closing", False, "shadow", ()),
    )
    log = LogTail("futures.log", 10, 300, True, 5, 0, 0, 0, 0, taken.at, None, _log_lines(worst))
    return replace(
        taken,
        metrics=_saying(taken.metrics, _measured(metrics, names, positions)),
        database=_saying(
            taken.database, replace(taken.database.value or books(), positions=positions, focus=focus)
        ),
        exchange=_saying(taken.exchange, there),
        flags=_saying(taken.flags, Flags("flags.yaml", "00", False, "staging", features)),
        engine=_saying(taken.engine, EngineState(False, False, None, {}, 4242, START - 11_523, True)),
        log=_saying(taken.log, log),
    )


def past_of(taken: Snapshot, minutes: int = 20, step: float = 20.0) -> Iterator[Snapshot]:
    """Earlier snapshots, in which margins, funding and equities come to where they are in this one."""
    metrics, held = taken.metrics.value, taken.database.value
    if metrics is None or held is None:
        return
    for number in range(int(minutes * 60 / step), 0, -1):
        ago = number * step
        accounts = tuple(
            replace(a, total_equity=a.total_equity and a.total_equity * Decimal(1 - ago / 300_000))
            for a in held.accounts or ()
        )
        yield snapshot(
            START - ago, _metrics_ago(metrics, ago), account_books=replace(held, accounts=accounts)
        )


def _metrics_ago(metrics: Metrics, ago: float) -> Metrics:
    """Of four symbols one has fallen, one has risen, one goes round, and one stands still."""
    answers = dict(metrics.answers)
    for query in ("futures_margin_ratio", "futures_funding_rate"):
        moves: tuple[Callable[[float], float], ...] = (
            lambda value: value * (1 + 0.00013 * ago),
            lambda value: value * (1 - 0.0002 * ago),
            lambda value: value * (1 + 0.05 * math.sin(ago / 90)),
            lambda value: value,
        )
        vector = answers[query].vector
        answers[query] = Answer(
            {series: moves[(n + 1) % 4](value) for n, (series, value) in enumerate(vector.items())}
        )
    return replace(metrics, answers=answers)


def _saying(state: SourceState[T], value: T) -> SourceState[T]:
    """The source's state with another value in what it last said."""
    good = None if state.good is None else replace(state.good, value=value)
    return replace(state, good=good, last=good if state.last is state.good else state.last)


def _position(number: int, symbol: str, quantity: str) -> Position:
    side, entry = ("LONG", "SHORT")[number % 2], Decimal("100") + number % 7
    liquidation = entry * (Decimal("0.805") if side == "LONG" else Decimal("1.195"))
    pnl = (100 - entry) * Decimal(quantity) * (1 if side == "LONG" else -1)
    return Position(
        number + 1, 3, symbol, side, 5, Decimal(quantity), entry * Decimal(quantity) / 5, entry,
        Decimal("100.02"), liquidation, pnl, True, open_time=START - 3600 * (number + 1), source="ema_cross",
        stop_loss_price=entry * Decimal("0.95"), take_profit_price=entry * Decimal("1.1"),
    )  # fmt: skip


def _measured(metrics: Metrics, names: tuple[str, ...], held: tuple[Position, ...]) -> Metrics:
    def stages(feature: str, stage: Callable[[int], float]) -> dict[Series, float]:
        name = "futures_feature_stage"
        return {
            Series(name, (("feature", feature), ("symbol", s))): stage(number)
            for number, s in enumerate(names)
        }

    quantities = {
        Series("futures_position_quantity", (("side", p.side), ("symbol", p.symbol))): float(p.quantity or 0)
        for p in held
    }
    slippage = {
        Series("futures_slippage_bps", (("symbol", name),)): 1.2 + n % 5 for n, name in enumerate(names)
    }
    return replace(
        metrics,
        samples={
            **metrics.samples,
            "futures_position_quantity": quantities,
            "futures_slippage_bps": slippage,
            "futures_feature_stage": {
                **stages("unified_risk_guard", lambda number: 2.0 if number < 2 else 0.0),
                **stages("smart_entry", lambda _: 3.0),
                **stages("batch_closing", lambda number: 1.0 if number == 0 else 0.0),
            },
        },
    )


def _contracts(metrics: Metrics) -> Mapping[str, Contract]:
    """The exchange has each symbol under its own name; its funding is 3 h 12 min away."""
    rates = metrics.answers["futures_funding_rate"].vector
    there = {(series.symbol or "").replace("/", "") + "_PERP": rate for series, rate in rates.items()}
    return {
        name: Contract(name, "TRADING", Decimal("100.05"), Decimal(f"{rate:.8f}"), START + 11_520)
        for name, rate in there.items()
    }


def _at_exchange(held: tuple[Position, ...], off: str) -> tuple[ExchangePosition, ...]:
    """The same positions, but for the entry price of the symbol `off`."""
    return tuple(
        ExchangePosition(
            p.symbol.replace("/", "") + "_PERP",
            (p.quantity or Decimal(0)) * (10 if p.side == "LONG" else -10),
            (p.entry_price or Decimal(0)) * (Decimal("1.02") if p.symbol == off else 1),
            p.liquidation_price,
            p.unrealized_pnl,
        )
        for p in held
    )


def _orders(symbol: str) -> tuple[Activity, ...]:
    return tuple(
        Activity(f"FUT-{n:05}", 3, symbol, "OPEN_LONG", Decimal("0.25"), Decimal("100.4"), "FILLED", None,
                 START - 400 * n, "LIMIT", Decimal("100.5"), Decimal("0.01"), "grid entry")
        for n in range(1, 15)
    )  # fmt: skip


def _trades(symbol: str) -> tuple[Activity, ...]:
    return tuple(
        Activity(f"T-{n:05}", 3, symbol, "CLOSE_LONG", Decimal("0.25"), Decimal("101.2"), None,
                 Decimal("3.17") - n, START - 900 * n, fee=Decimal("0.01"))
        for n in range(1, 9)
    )  # fmt: skip


def _closed(symbol: str) -> tuple[ClosedPosition, ...]:
    opened, size = START - 90_000, Decimal("0.5")
    liquidated = ClosedPosition(
        7, 3, symbol, "LONG", size, Decimal("104"), Decimal("-51.2"), opened, START - 50_000, "liquidated"
    )
    won = ClosedPosition(
        6, 3, symbol, "SHORT", size, Decimal("99"), Decimal("8.4"), opened, START - 59_000, "take profit"
    )
    return liquidated, won


def _log_lines(symbol: str) -> tuple[str, ...]:
    return tuple(
        f"2026-05-28 20:2{n}:05,678 [WARNING] margin_status: {symbol} margin ratio 1.4{n}"
        for n in range(9, 0, -1)
    )
