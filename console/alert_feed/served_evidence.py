"""What the rollback triggers are judged by, asked of a Prometheus server now and then.

Liquidations and sync errors are counted from the samples of those series that have grown, which are few;
the lowest slippage and margin ratio of each symbol the server finds itself.
"""

import math
import re
from collections.abc import Callable, Mapping

from console.alert_feed.counting import BEFORE, counted, quoted
from console.domain.alert_book import NO_EVIDENCE
from console.domain.triggers import (
    CONSISTENTLY,
    HOUR,
    MARGIN_CALL_RATIO,
    MINUTE,
    SLIPPAGE_BPS,
    Evidence,
    Missing,
    Past,
    beyond,
)
from console.sources.errors import SourceError
from console.sources.prometheus_server import Asking

EVERY = 5.0
"""Seconds between two looks."""
WATCHED_EVERY = 15.0
"""Seconds between two questions for how long there have been samples."""
LIQUIDATIONS, SYNC_ERRORS = "futures_liquidations_total", "futures_sync_errors_total"
SLIPPAGE, MARGIN_RATIO = "futures_slippage_bps", "futures_margin_ratio"
HEARTBEAT = "futures_heartbeat_timestamp_seconds"
MOST_COUNTED = 100
"""Symbols whose samples are asked for; of more, what `increase()` estimates is told."""
_MINUTES = 62
"""How many minutes are looked at for samples: an hour, and its ends."""
_FINE, _COARSE = 15, 60
"""Seconds from one instant to the next at which samples are looked for: of one series, and of many."""


class ServedEvidence:
    """The evidence as of the last look. What the server doesn't answer is missing, with the reason."""

    def __init__(self) -> None:
        self.watched = 0.0
        """Seconds before now that the server has samples of, up to an hour."""
        self._evidence = NO_EVIDENCE
        self._due = self._watched_due = -math.inf

    def look(self, asking: Asking, server_now: float, now: float) -> Evidence:
        """The evidence at `now`, which by the server's clock is `server_now`."""
        if now < self._due:
            return self._evidence
        self._due = now + EVERY
        if now >= self._watched_due:
            self._watched_due = now + WATCHED_EVERY
            self.watched = _watched(asking)
        self._evidence = Evidence(
            liquidations=_or_why(lambda: self._counted(asking, LIQUIDATIONS, HOUR, server_now)),
            sync_errors=_or_why(lambda: self._counted(asking, SYNC_ERRORS, MINUTE, server_now)),
            slippages=_or_why(lambda: self._lowest(asking, SLIPPAGE, CONSISTENTLY, SLIPPAGE_BPS, 1)),
            margin_ratios=_or_why(lambda: self._lowest(asking, MARGIN_RATIO, HOUR, MARGIN_CALL_RATIO, -1)),
            life=Missing("no heartbeat is known"),
        )
        return self._evidence

    def _counted(self, asking: Asking, name: str, seconds: float, at: float) -> Past:
        """The events of each symbol that has any; 0 for the engine as a whole where there are none."""
        grown = _grown(asking, name, seconds + BEFORE)
        found = {symbol: growth for symbol, growth in grown.items() if growth > 0}
        if self.watched >= seconds:
            before = f"last_over_time({name}[{BEFORE:.0f}s] offset {seconds:.0f}s)"
            found |= dict.fromkeys(_by_symbol(asking, f"sum by (symbol) ({name} > 0 unless {before})"), 1.0)
        asked = sorted(found, key=lambda symbol: -found[symbol])[:MOST_COUNTED]
        counts: dict[str, float] = {}
        if asked:
            selected = f"{name}{{symbol=~{quoted('|'.join(map(re.escape, asked)))}}}"
            for one in counted(asking, selected, seconds, at, self.watched):
                symbol = one.labels.get("symbol", "")
                counts[symbol] = counts.get(symbol, 0.0) + one.events
        if len(found) > len(asked):
            grown_since = _grown(asking, name, seconds).items()
            counts = {
                symbol: max(1.0, round(growth)) for symbol, growth in grown_since if growth > 0
            } | counts
        events = {symbol: count for symbol, count in counts.items() if count > 0}
        return Past(events or ({"": 0.0} if grown else {}), self.watched)

    def _lowest(self, asking: Asking, name: str, seconds: float, limit: float, sign: int) -> Past:
        lowest = _by_symbol(asking, f"min by (symbol) (min_over_time({name}[{seconds:.0f}s]))")
        return Past(beyond(lowest, limit, sign), self.watched)


def _or_why(look: Callable[[], Past]) -> Past | Missing:
    try:
        return look()
    except SourceError as error:
        return Missing(str(error))


def _by_symbol(asking: Asking, query: str) -> Mapping[str, float]:
    """What a query says of each symbol, "" for what has none."""
    return {labels.get("symbol", ""): value for labels, value in asking.ask(query).results}


def _grown(asking: Asking, name: str, seconds: float) -> Mapping[str, float]:
    """By how much each symbol's counters have grown, roughly: above 0 just where there were events."""
    return _by_symbol(asking, f"sum by (symbol) (increase({name}[{seconds:.0f}s]))")


def _watched(asking: Asking) -> float:
    """Seconds before now of which the server has samples, gaps of minutes aside.

    They are those of the heartbeat, or of an engine without one those of what the triggers look at. 0 where
    the server doesn't say.
    """
    others = "|".join((LIQUIDATIONS, SYNC_ERRORS, SLIPPAGE, MARGIN_RATIO))
    for name, step in ((HEARTBEAT, _FINE), (f'{{__name__=~"{others}"}}', _COARSE)):
        there = f"group(last_over_time({name}[{BEFORE:.0f}s]))"
        try:
            found = asking.ask(f"count_over_time({there}[{_MINUTES}m:{step}s])").results
        except SourceError:
            return 0.0
        if found:
            return (found[0][1] - 1) * step
    return 0.0
