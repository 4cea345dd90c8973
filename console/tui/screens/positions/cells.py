"""What stands in a cell of the books: words, prices, amounts and times, in every table that shows them.

Prices and amounts stand in line by their decimal points. What is not the present is grey with a `?`: the
database's side by its own doubt; what the exchange says is unknown as soon as the exchange is.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from console.domain.amounts import price, quantity
from console.domain.assessment import Assessment
from console.domain.figures import money
from console.tui.theme import Glyphs, Tone
from console.tui.widgets.table.columns import Cell, Column, Order

T = TypeVar("T")
Write = Callable[[Decimal, int], str]
"""Writes a number in at most so many cells."""

_PRICE_PLACES, _COIN_PLACES = 6, 5


@dataclass(slots=True)
class Present:
    """What cells need beside their row.

    `at` is in seconds since 1970, `stale` says that the database's word isn't the present, and `accounts` are
    the accounts' names by their numbers.
    """

    glyphs: Glyphs
    at: float = 0.0
    stale: bool = False
    accounts: Mapping[int, str] = field(default_factory=dict)

    def take(self, assessment: Assessment) -> None:
        """Go on to the instant of `assessment`."""
        books = assessment.books
        self.at, self.stale = assessment.at, bool(assessment.books_doubt)
        accounts = () if books is None else books.accounts or ()
        self.accounts = {account.id: account.name for account in accounts if account.name}

    def account(self, number: int | None) -> str | None:
        return None if number is None else self.accounts.get(number) or f"account {number}"

    def cell(self, text: str | None, tone: Tone = Tone.PLAIN, mark: str = "") -> Cell:
        """A cell of the books; old values without another `mark` have their `?` at the end of the text."""
        if text is None:
            return Cell(self.glyphs.none, Tone.DIM)
        return Cell(text + self.sign if not mark else text, tone, mark, stale=self.stale)

    @property
    def sign(self) -> str:
        """What stands after values that are old."""
        return self.glyphs.unknown if self.stale else ""


def words(
    present: Present,
    key: str,
    width: int,
    pick: Callable[[T], str | None],
    *,
    grow: int = 0,
    tone: Tone = Tone.PLAIN,
    align_right: bool = False,
    optional: bool = False,
) -> Column[T]:
    """A column of words in their order, of `width` cells, one for the `?`, and up to `grow` more.

    Names, which are strong, don't grow old: they have no `?`. Filters look for the words without it.
    """
    named = tone is Tone.STRONG

    def cell(row: T) -> Cell:
        text = pick(row)
        return Cell(text, tone, stale=present.stale) if named and text else present.cell(text, tone)

    def texts(rows: Sequence[T]) -> Sequence[str]:
        return [present.glyphs.none if text is None else text for text in map(pick, rows)]

    return Column(
        key,
        key.upper(),
        width if named else width + 1,
        cell,
        pick,
        "right" if align_right else "left",
        grow=grow,
        texts=texts,
        optional=optional,
    )


def number(
    present: Present,
    key: str,
    width: int,
    pick: Callable[[T], Decimal | None],
    write: Write,
    *,
    optional: bool = False,
) -> Column[T]:
    """A column of numbers, the greatest first."""

    def figure(row: T) -> float | None:
        value = pick(row)
        return None if value is None else float(value)

    def cell(row: T) -> Cell:
        value = pick(row)
        return present.cell(None if value is None else write(value, width - len(present.sign)))

    def order(row: T) -> Order:
        value = pick(row)
        return None if value is None else -float(value)

    title = key.replace("x ", "exch. ").upper().replace("UPNL", "uPnL")
    return Column(key, title, max(width, len(title)), cell, order, number=figure, optional=optional)


def moment(present: Present, key: str, pick: Callable[[T], float | None]) -> Column[T]:
    """A column of instants, the newest first: day and time on the clock of this host, as engines write it."""

    def cell(row: T) -> Cell:
        at = pick(row)
        return present.cell(None if at is None else time.strftime("%m-%d %H:%M:%S", time.localtime(at)))

    def newest(row: T) -> Order:
        at = pick(row)
        return None if at is None or math.isnan(at) else -at

    return Column(key, key.upper(), 15, cell, newest, "left")


def as_price(value: Decimal, cells: int) -> str:
    """A price, in line with others."""
    return _in_line(value, price(value), _PRICE_PLACES, cells)


def as_coins(value: Decimal, cells: int) -> str:
    """A quantity in coins, in line with others."""
    return _in_line(value, quantity(value, cells), _COIN_PLACES, cells)


def as_money(value: Decimal, cells: int) -> str:
    """An amount to the cent; to the unit, and then to four digits, where that is too long."""
    return shortest((money(value, ""), f"{value:,.0f}", f"{value:.4g}"), cells)


def as_gain(value: Decimal, cells: int) -> str:
    """The same with its sign."""
    return shortest((money(value, "", signed=True), f"{value:+,.0f}", f"{value:+.4g}"), cells)


def as_percent(value: Decimal, cells: int) -> str:
    """A percentage with its sign; `value` is in percent."""
    return shortest((f"{value:+.1f}%", f"{value:+.2g}%"), cells)


def shortest(forms: Sequence[str], cells: int) -> str:
    """The first of them that fits, else the last."""
    return next((form for form in forms if len(form) <= cells), forms[-1])


def _in_line(value: Decimal, written: str, places: int, cells: int) -> str:
    """`written` with as many blanks as bring its decimal point in line with those of `places` decimals."""
    if len(written) > cells:
        return f"{value:.4g}"
    _, point, decimals = written.partition(".")
    blanks = places + 1 - len(point + decimals)
    return written + " " * max(0, min(blanks, cells - len(written)))
