"""Who hears of an operation after its commit: a notifier, and the live engine that closes are mirrored to.

Whatever they do, the books stay as they are: an exception of theirs is logged, and the result says so.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from console.paper.requests import Result

TradeNotifier = Callable[[str, Result], None]
"""Called with `open_position`, `limit_order` or `close_position`, and the result of that operation."""

logger = logging.getLogger(__name__)


class LiveEngine(Protocol):
    """What closes are mirrored to."""

    def close_position(
        self, *, symbol: str, position_side: str, quantity: Decimal, reason: str
    ) -> Mapping[str, object]:
        """Close `quantity` of the live position; `success` in the answer says whether that was done."""


@dataclass(frozen=True, slots=True)
class Listeners:
    """The notifier and the live engine, where there are any."""

    notifier: TradeNotifier | None
    live_engine: LiveEngine | None

    def hear(self, event: str, result: Result) -> None:
        """Tell the notifier of a committed operation; `notified` of the result says whether it has heard."""
        if self.notifier is None:
            return
        try:
            self.notifier(event, result)
        except Exception:  # somebody else's code, which may raise anything; what is committed stays so
            logger.exception("trade notifier failed on %s of %s", event, result.get("symbol"))
            result["notified"] = False
        else:
            result["notified"] = True

    def mirror(self, close: Result) -> None:
        """Have the live engine repeat a committed close; `mirrored` of the result says whether it did."""
        if self.live_engine is None:
            return
        close["mirrored"] = False
        try:
            answer = self.live_engine.close_position(
                symbol=close["symbol"],
                position_side=close["position_side"],
                quantity=close["quantity"],
                reason=close["reason"],
            )
        except Exception:  # as above
            logger.exception("live engine failed to close %s %s", close["symbol"], close["position_side"])
            return
        close["mirrored"] = answer.get("success") is True
        if not close["mirrored"]:
            logger.error("live engine did not close %s %s", close["symbol"], close["position_side"])
