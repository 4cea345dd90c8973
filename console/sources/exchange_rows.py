"""The exchange's lists of thousands of objects, and what stands in their rows.

A list is parsed in parts: as Python's objects, all of it at once would take ten times the room of its text.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

Row = Mapping[str, Any]

_PART = 1 << 16
"""Bytes of a list that are parsed at once, at least."""
_BETWEEN = b"},{"
_MOST_DIGITS = 40
"""Before or after the point: nothing that is traded has more, and reckoning with more may fail."""


def parts_of(body: bytes) -> Iterator[object]:
    """What a JSON text says: a list of objects as shorter lists one after the other, anything else at once.

    ValueError for what is no JSON, maybe after some of the parts.
    """
    if not body.startswith(b"[{") or not body.endswith(b"}]"):
        yield orjson.loads(body)
        return
    begin, end, size = 1, len(body) - 1, _PART
    while begin < end:
        cut = body.find(_BETWEEN, begin + size, end) + 1 or end
        try:
            part = orjson.loads(b"[%b]" % body[begin:cut])
        except ValueError:
            if cut == end:
                raise
            size *= 2  # it was cut inside a text or an inner list: further on it may be between two objects
        else:
            yield part
            begin, size = cut + 1, _PART


@dataclass(frozen=True, slots=True)
class AccountWord:
    """What `account` says: the wallet's balance in USD(T), and the maintenance margin of what is open."""

    wallet: Decimal | None = None
    maintenance: Decimal | None = None


def account_word(answer: object) -> AccountWord:
    """Read an answer to `account`; what isn't there, or is no number, is None.

    USD-M states totals, of USDT alone unless assets are pooled, and both markets state each asset's share:
    the larger of the two is taken. A wallet of coins has no balance in USD.
    """
    if not isinstance(answer, dict):
        return AccountWord()
    listed = answer.get("assets")
    assets = [asset for asset in listed if isinstance(asset, dict)] if isinstance(listed, list) else []
    total = _amount(answer.get("totalMaintMargin"))
    shares = [share for share in amounts(assets, "maintMargin") if share is not None]
    stated = [*([] if total is None else [total]), *([sum(shares, Decimal(0))] if shares else [])]
    return AccountWord(_amount(answer.get("totalWalletBalance")), max(stated, default=None))


def names(rows: Sequence[Row], field: str) -> list[str]:
    """Each row's text under `field`, interned: the same few thousand come again and again."""
    return [sys.intern(str(row.get(field, ""))) for row in rows]


def amounts(rows: Sequence[Row], field: str) -> list[Decimal | None]:
    """Each row's number under `field`, which is a decimal string; None for anything else, "" included.

    Rows that say the same have one object: most of thousands of positions are 0.
    """
    said = [row.get(field) for row in rows]
    numbers = {text: _amount(text) for text in {one for one in said if isinstance(one, str)}}
    return [numbers[one] if isinstance(one, str) else None for one in said]


def moment(value: object) -> float | None:
    """Milliseconds as seconds since 1970; None for anything else, 0 included."""
    return value / 1000 if isinstance(value, int) and 0 < value < 1 << 53 else None


def _amount(value: object) -> Decimal | None:
    if not isinstance(value, str):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < _MOST_DIGITS else None
