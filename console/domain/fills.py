"""Which fills of the books the engine has not traded: they only say what has happened at the exchange."""

from collections.abc import Set

from console.domain.surfaces import Activity, Books

_SYNC = "position_sync"
"""Who placed the orders of a sync of positions, as engines write it."""
_LIQUIDATION, _LIQUIDATED = "liquidation", "liquidated"
"""Who placed the order of a liquidation, and how its notes begin."""


def untraded(books: Books) -> Set[str]:
    """The newest orders that no engine placed to trade: by a sync of the books, or of a liquidation."""
    return {order.id for order in books.orders or () if order.source == _SYNC or _is_liquidation(order)}


def liquidated(source: str | None, notes: str | None) -> bool:
    """Whether an order that closes is the exchange's, which has liquidated the position.

    An exit whose notes only speak of liquidation is the engine's own.
    """
    return (source or "").lower() == _LIQUIDATION or (notes or "").lower().startswith(_LIQUIDATED)


def _is_liquidation(order: Activity) -> bool:
    return order.side.upper().startswith("CLOSE") and liquidated(order.source, order.notes)
