"""What the paper strategy wants to do next. Decisions only; `desk` carries them out.

It keeps one position per symbol. The market reverts to each symbol's level, so the strategy leans against
the distance from it and takes profits: the accounts live for as long as one watches, fees included.
Quantities of coin symbols are whole contracts, so that books and exchange agree to the contract.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from math import log10
from random import Random
from zlib import crc32

from console.paper.exchange import contracts
from console.paper.holdings import Holding, profit
from console.paper.requests import OpenRequest
from console.paper.universe import Listing, Venue

TRADING_FEATURE = "unified_risk_guard"
"""The feature that must be canary or above for a symbol before the strategy opens anything in it."""

_LEVERAGES = (3, 5, 8, 10, 15, 20)
_MARGIN = 150.0  # USD(T) of one position
_PART = Decimal("0.1")  # of a position: what an addition or a trim moves
_FEES = 0.0008 * 3  # profit as a fraction of notional from which a position is closed and opened anew
_SOURCE = "paper_strategy"
_EIGHT_PLACES = Decimal("0.00000001")


@dataclass(frozen=True, slots=True)
class Roll:
    """Close the position whole and open a new one."""

    held: Holding


@dataclass(frozen=True, slots=True)
class Trim:
    """Close `quantity` of the position."""

    held: Holding
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Add:
    """Open, or add to, a position; a request with a limit price rests until the market comes to it."""

    request: OpenRequest


Move = Roll | Trim | Add


def initial_balance(symbols: int) -> Decimal:
    """The USD-M account's first balance in USDT: thrice what positions freeze, at least 10,000."""
    return max(Decimal(10_000), Decimal(3 * int(_MARGIN)) * symbols)


def opening(listing: Listing, price: Decimal) -> OpenRequest:
    """A whole new position: against the distance from the listing's level."""
    side = "LONG" if float(price) <= listing.price else "SHORT"
    leverage = _LEVERAGES[crc32(listing.symbol.encode()) % len(_LEVERAGES)]
    quantity = _quantity(listing, Decimal(_MARGIN * leverage), price)
    return OpenRequest(
        account_id=listing.venue.account,
        symbol=listing.symbol,
        position_side=side,
        quantity=quantity,
        leverage=leverage,
        source=_SOURCE,
        entry_signal_type="mean_reversion",
        entry_reason=f"{side} at {price:f}, level {listing.price:g}",
    )


def next_move(listing: Listing, held: Sequence[Holding], price: Decimal, random: Random) -> Move:
    """What to do with one symbol now: open, take a profit, trim a full position or add to a small one."""
    if not held:
        return Add(opening(listing, price))
    one = held[0]
    if profit(one, float(price)) > _FEES * one.quantity * one.entry:
        return Roll(one)
    part = _part_of(listing, one)
    if one.margin >= _MARGIN or random.random() < 0.2:
        return Trim(one, part)
    return Add(_addition(one, part))


def resting(listing: Listing, held: Holding, price: Decimal) -> Add:
    """A small limit order 0.4 % on the better side of the price."""
    better = price * (1 - held.sign * Decimal("0.004"))
    limit = better.quantize(Decimal(1).scaleb(-listing.places))
    return Add(_addition(held, _part_of(listing, held), limit))


def _addition(held: Holding, quantity: Decimal, limit: Decimal | None = None) -> OpenRequest:
    return OpenRequest(
        account_id=held.account,
        symbol=held.symbol,
        position_side=held.side,
        quantity=quantity,
        leverage=held.leverage,
        limit_price=limit,
        source=_SOURCE,
        entry_signal_type="batch_entry",
    )


def _part_of(listing: Listing, held: Holding) -> Decimal:
    """A tenth of a position in tradable units; never more than the position."""
    if listing.venue is Venue.COIN:
        whole = contracts(listing, held.amount, held.exact_entry)
        count = max(Decimal(1), (whole * _PART).quantize(Decimal(1), ROUND_HALF_EVEN))
        part = listing.contract_size * count / held.exact_entry
        return min(held.amount, part.quantize(_EIGHT_PLACES))
    return min(held.amount, max(_unit(held.exact_entry), _rounded(held.amount * _PART, held.exact_entry)))


def _quantity(listing: Listing, notional: Decimal, price: Decimal) -> Decimal:
    """Coins worth about `notional` USD(T) at `price`."""
    if listing.venue is Venue.USDM:
        return max(_unit(price), _rounded(notional / price, price))
    count = max(Decimal(1), (notional / listing.contract_size).quantize(Decimal(1)))
    return (count * listing.contract_size / price).quantize(_EIGHT_PLACES)


def _unit(price: Decimal) -> Decimal:
    """The smallest tradable quantity: between 0.1 and 1 USD(T) worth, a power of ten."""
    return Decimal(1).scaleb(-max(0, min(8, int(log10(float(price))) + 1)))


def _rounded(quantity: Decimal, price: Decimal) -> Decimal:
    return quantity.quantize(_unit(price))
