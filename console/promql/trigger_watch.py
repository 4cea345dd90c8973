"""What the rollback triggers are judged by, watched in the scrapes of an engine's own endpoint."""

from console.domain.triggers import (
    CONSISTENTLY,
    HOUR,
    MARGIN_CALL_RATIO,
    SLIPPAGE_BPS,
    Evidence,
    Missing,
    Past,
    beyond,
)
from console.promql.events import Growth, events, growths_in
from console.promql.lows import Lows
from console.promql.query import parse_query
from console.promql.samples import LOOKBACK, SampleStore

LIQUIDATIONS, SYNC_ERRORS = "futures_liquidations_total", "futures_sync_errors_total"
SLIPPAGE, MARGIN_RATIO = "futures_slippage_bps", "futures_margin_ratio"
_COUNTED = (parse_query(f"increase({LIQUIDATIONS}[1h])"), parse_query(f"increase({SYNC_ERRORS}[1m])"))
_GROWTHS = tuple(growth for query in _COUNTED for growth in growths_in(query))
_PARTS = 30


class TriggerWatch:
    """Looks at each scrape of a store. What it has seen goes with the process; the counters' past is kept."""

    queries = _COUNTED
    """What they look back on has to be kept in the store."""

    def __init__(self, store: SampleStore) -> None:
        self._store = store
        self._slippages = Lows(CONSISTENTLY, _PARTS)
        self._margins = Lows(HOUR, _PARTS)

    def evidence(self, now: float) -> Evidence:
        """What is known at `now`, seconds on the store's clock; the engine's life is seen elsewhere.

        Of figures by symbol only those that a trigger asks about, or else the worst.
        """
        with self._store.lock:
            slippages, margins = (self._store.instant(name, now) for name in (SLIPPAGE, MARGIN_RATIO))
            liquidations, sync_errors = (self._counted(growth, now) for growth in _GROWTHS)
        self._slippages.note(now, slippages, LOOKBACK)
        self._margins.note(now, margins, LOOKBACK)
        return Evidence(
            liquidations=liquidations,
            sync_errors=sync_errors,
            slippages=_past(self._slippages, now, SLIPPAGE_BPS, 1),
            margin_ratios=_past(self._margins, now, MARGIN_CALL_RATIO, -1),
            life=Missing("no heartbeat is known"),
        )

    def _counted(self, growth: Growth, now: float) -> Past:
        """The exact number of events by symbol; nothing at all where the metric isn't exported."""
        watched = min(self._store.covered(now), growth.seconds)
        counted: dict[str, float] = {}
        for series, count in events(growth, self._store, now).items():
            counted[series.symbol or ""] = counted.get(series.symbol or "", 0.0) + count
        exported = counted or self._store.instant(growth.selector.name or "", now)
        return Past(counted or ({"": 0.0} if exported else {}), watched)


def _past(lows: Lows, now: float, limit: float, sign: int) -> Past:
    return Past(beyond(lows.lowest(), limit, sign), lows.watched(now))
