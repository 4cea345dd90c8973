"""A stand-in for the monitor: settled data of every kind, on a clock that tests turn by hand."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from console.domain.assessment import Assessment, Judgement, Rules, assess
from console.domain.clock import Clock
from console.domain.metrics import Answer, Labels, Metrics, Series
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
    ServerIdentity,
    Venue,
)
from console.domain.thresholds import KEY_METRICS, Condition, Ladder, Panel
from console.tui.app import ContextView

START = 1_780_000_000.0
PANELS = (
    Panel(
        "Margin Ratio",
        "futures_margin_ratio",
        Ladder(((1.5, Severity.OK), (1.2, Severity.WARNING), (1.05, Severity.HIGH))),
    ),
    Panel(
        "Funding Rate",
        "futures_funding_rate",
        Ladder(((0.0001, Severity.OK), (0.0003, Severity.WARNING), (0.0005, Severity.HIGH))),
    ),
    Panel("Position Sync Errors", "rate(futures_sync_errors_total[5m])", Condition(">", 0)),
    Panel("Liquidation Count", "increase(futures_liquidations_total[1h])", Condition(">", 0)),
)
RULES = Rules(PANELS, KEY_METRICS)
KEY_VALUES = (0.974, 3.2, 1.62, 0.995, 62e-6, 310e-6)
PAPER = ContextView("paper", "paper", "#2f9e6e", "sqlite", "dana")
PRODUCTION = ContextView("futures-prod", "production", "#d4372c", "db-1.internal", "dana")


@dataclass(slots=True)
class HandClock:
    """A clock that stands still until it is turned."""

    at: float = START

    def now(self) -> float:
        return self.at

    def wall(self) -> float:
        return self.at


@dataclass(frozen=True, slots=True)
class Row:
    """One symbol's values, in the order of PANELS."""

    symbol: str
    margin: float = 1.8
    funding: float = 0.00005
    sync_errors: float = 0.0
    liquidations: float = 0.0


def symbol_rows(count: int, phase: float = 0.0) -> list[Row]:
    """`count` symbols whose values move smoothly with `phase`, most of them inside their limits."""
    return [
        Row(
            f"{('BTC', 'ETH', 'SOL', 'BNB', 'XRP')[n % 5]}{n:03}/USD",
            margin=1.9 + 0.3 * math.sin(n + phase),
            funding=0.00006 * math.sin(2 * n + phase),
        )
        for n in range(count)
    ]


def metrics_of(
    rows: list[Row], *, tripped: float = 0.0, key_values: tuple[float, ...] = KEY_VALUES
) -> Metrics:
    def vector(name: str, pick: Callable[[Row], float]) -> dict[Series, float]:
        return {Series(name, (("symbol", row.symbol),)): pick(row) for row in rows}

    picks: tuple[Callable[[Row], float], ...] = (
        lambda row: row.margin,
        lambda row: row.funding,
        lambda row: row.sync_errors,
        lambda row: row.liquidations,
    )
    answers = {p.query: Answer(vector(p.key, pick)) for p, pick in zip(PANELS, picks, strict=True)}
    answers |= {
        k.query: Answer({Series(k.name, ()): v}) for k, v in zip(KEY_METRICS, key_values, strict=True)
    }
    build: Labels = (("mode", "paper"), ("version", "2.4.1"))
    return Metrics(
        samples={
            "futures_mark_price": vector("futures_mark_price", lambda _row: 100.0),
            "futures_kill_switch_tripped": {Series("futures_kill_switch_tripped", ()): tripped},
            "futures_heartbeat_timestamp_seconds": {Series("futures_heartbeat_timestamp_seconds", ()): START},
            "futures_build_info": {Series("futures_build_info", build): 1.0},
        },
        answers=answers,
    )


def books(equity: str = "10234.56") -> Books:
    return Books(
        ServerIdentity("MariaDB", "11.4", "db-1", None, False),
        0.004,
        accounts=(
            Account(
                2,
                "usdm-main",
                Decimal("8100"),
                Decimal("2100"),
                Decimal("34.56"),
                Decimal("12"),
                Decimal(equity),
                "active",
            ),
            Account(
                3,
                "coin",
                Decimal("4000"),
                Decimal("1000"),
                Decimal("-21.5"),
                Decimal("3"),
                Decimal("4978.50"),
                "active",
            ),
        ),
        positions=(),
        trades=(),
        switches={},
    )


def state(name: str, value: object, at: float, limit: float) -> SourceState[object]:
    reading = Reading(name, at, 0.012, value)
    return SourceState(name, limit, last=reading, good=reading)


def snapshot(
    at: float, metrics: Metrics, *, account_books: Books | None = None, limit: float = 3.0
) -> Snapshot:
    """Every source answered at `at`; metrics are stale after `limit` seconds, the others later."""
    sources = {
        "database": state("database", account_books or books(), at, limit * 3),
        "flags": state("flags", Flags("flags.yaml", "00", False, "staging", ()), at, limit * 5),
        "exchange": state("exchange", Exchange((Venue("usdm", 0.02, {}, at),)), at, limit * 5),
        "log": state("log", LogTail("futures.log", 10, 300, True, 5, 0, 0, 0, 0, at, None), at, limit * 5),
        "engine": state("engine", EngineState(False, False, pid=4242, alive=True), at, limit * 5),
    }
    return Snapshot(at=at, metrics=state("metrics", metrics, at, limit), **sources)  # type: ignore[arg-type]


def nothing_yet(at: float) -> Snapshot:
    """The snapshot right after the start: nothing has answered."""
    names = ("metrics", "database", "flags", "exchange", "log", "engine")
    return Snapshot(at=at, **{name: SourceState(name, 3.0) for name in names})


def failing(whole: Snapshot, error: str, *names: str) -> Snapshot:
    """`whole` with the newest poll of these sources failed."""
    return replace(
        whole,
        **{
            name: replace(getattr(whole, name), last=Reading(name, whole.at, 0.5, error=error))
            for name in names
        },
    )


@dataclass(slots=True)
class FakeWatched:
    """Shows one snapshot, assessed at the clock's present; `run` waits for ever unless told otherwise."""

    snapshot: Snapshot
    clock: Clock = field(default_factory=HandClock)
    changed: Callable[[], None] | None = None
    focused: str | None = None
    past: tuple[Snapshot, ...] = ()
    """What was judged before, the oldest first: where trends come from."""
    rules: Rules = RULES
    _before: Judgement | None = None

    def focus(self, symbol: str | None) -> None:
        self.focused = symbol

    def held(self, judged: Assessment, ahead: float = 0.0) -> Assessment:
        at = self.clock.now() + ahead
        return assess(replace(judged.snapshot, at=at), self.rules)

    def assessment(self, ahead: float = 0.0) -> Assessment:
        if self._before is None and self.past:
            self._before = _judged(self.past, self.rules)
        return assess(replace(self.snapshot, at=self.clock.now() + ahead), self.rules, self._before)

    async def run(self, changed: Callable[[], None]) -> None:
        self.changed = changed
        await asyncio.Event().wait()


_JUDGED: dict[tuple[int, int], tuple[tuple[Snapshot, ...], Rules, Judgement]] = {}
"""By the ids of a past and of rules, both of which it keeps, how the past was judged in the end."""
_MOST = 16
"""Those that are kept at most: more than there are cases."""


def _judged(past: tuple[Snapshot, ...], rules: Rules) -> Judgement:
    """The newest of a past, judged one after the other, once: many tests begin with the same one."""
    key = id(past), id(rules)
    if key not in _JUDGED:
        before: Judgement | None = None
        for earlier in past:
            before = earlier, assess(earlier, rules, before)
        assert before is not None, "there is no past"
        if len(_JUDGED) >= _MOST:
            _JUDGED.clear()
        _JUDGED[key] = past, rules, before
    return _JUDGED[key][2]
