"""What the operator looks at closely: sources read for it what would be too much for everything."""

from dataclasses import dataclass


@dataclass(slots=True)
class Focus:
    """Looked at by sources at each poll.

    `symbol` is that whose detail is open, or None, as the screen says. `tripped` says that the kill switch
    was used, as far as the monitor can judge: then one waits to see that no order rests any more. `orders`
    says that somebody waits for a count of the resting orders.
    """

    symbol: str | None = None
    tripped: bool = False
    orders: bool = False
