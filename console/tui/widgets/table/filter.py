"""The filter of a table: what is typed, parsed into a question to all rows at once.

    sol          rows with this text, in the first column or another one that has words
    !usd         rows without it
    ~btcd        rows with these characters in this order
    margin<1.2   a column's number, in the unit that is displayed: < > <= >= = !=
    state=high   a column's text or one of its words: = !=

Terms with blanks between them all have to hold; `!` turns any of them round. A column is named by its key
or its title, or by a beginning that no other column has.
"""

import difflib
import functools
import itertools
import math
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from console.tui.text import folded
from console.tui.widgets.table.columns import Column, numbers_of, texts_of

T = TypeVar("T")

Mask = list[bool]
"""For each row whether it is one of those asked for."""
Term = Callable[[Sequence[T]], Mask]


class FilterError(Exception):
    """A filter that is wrong, or not finished: what is allowed, in few words to stand beside it."""


@dataclass(frozen=True, slots=True)
class Filter(Generic[T]):
    """A parsed filter. Its `text` has single blanks between the terms, and is empty where it has none."""

    text: str
    terms: tuple[Term[T], ...]

    def matching(self, rows: Sequence[T]) -> Mask:
        """Which of `rows` every term holds for."""
        mask: Mask = [True] * len(rows)
        for term in self.terms:
            mask = list(map(operator.and_, mask, term(rows)))
        return mask


def parse(text: str, columns: Sequence[Column[T]]) -> Filter[T]:
    """The filter that `text` means for a table with these columns. Raises FilterError."""
    words = text.split()
    return Filter(" ".join(words), tuple(_term(word, columns) for word in words))


def complaint(text: str, columns: Sequence[Column[T]]) -> str:
    """Why `text` isn't understood; empty where it is."""
    try:
        parse(text, columns)
    except FilterError as error:
        return str(error)
    return ""


def sound_part(text: str, columns: Sequence[Column[T]]) -> Filter[T]:
    """The filter of those terms of `text` that can be understood."""
    words = [word for word in text.split() if _is_sound(word, columns)]
    return parse(" ".join(words), columns)


def _is_sound(word: str, columns: Sequence[Column[T]]) -> bool:
    try:
        _term(word, columns)
    except FilterError:
        return False
    return True


_COMPARISON = re.compile(r"(?P<name>[^<>=!]*)(?P<sign><=|>=|!=|=|<|>)(?P<value>.*)")
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
"""The signs that order numbers; with NaN none of them holds."""


def _term(word: str, columns: Sequence[Column[T]]) -> Term[T]:
    if word.startswith("!") and not word.startswith("!="):
        if word == "!":
            raise FilterError("! needs what is not to be shown, as in !usd")
        return _inverse(_term(word[1:], columns))
    if word.startswith("~"):
        if word == "~":
            raise FilterError("~ needs characters to look for, as in ~btcd")
        fuzzy = re.compile(".*?".join(map(re.escape, word[1:].casefold())))
        return _anywhere(columns, lambda texts: map(fuzzy.search, texts))
    comparison = _COMPARISON.fullmatch(word)
    if comparison is None:
        part = word.casefold()
        return _anywhere(columns, lambda texts: map(operator.contains, texts, itertools.repeat(part)))
    column = _named(comparison["name"], columns)
    sign, value = comparison["sign"], comparison["value"]
    return _number(column, sign, value) if column.numeric else _word(column, sign, value)


def _inverse(term: Term[T]) -> Term[T]:
    return lambda rows: list(map(operator.not_, term(rows)))


def _anywhere(columns: Sequence[Column[T]], found: Callable[[list[str]], Iterable[object]]) -> Term[T]:
    """Rows with something `found` in their texts, in the first column or any other that has words."""
    searched = [*columns[:1], *(column for column in columns[1:] if column.searched and not column.numeric)]

    def term(rows: Sequence[T]) -> Mask:
        masks = (list(map(bool, found(folded(texts_of(column, rows))))) for column in searched)
        return functools.reduce(lambda one, other: list(map(operator.or_, one, other)), masks)

    return term


def _number(column: Column[T], sign: str, value: str) -> Term[T]:
    wanted, slack = _read(column, sign, value)
    compare = _SIGNS.get(sign)
    if compare is not None:
        return lambda rows: list(map(compare, numbers_of(column, rows), itertools.repeat(wanted)))
    if sign == "=":
        return lambda rows: [abs(number - wanted) <= slack for number in numbers_of(column, rows)]
    return lambda rows: [abs(number - wanted) > slack for number in numbers_of(column, rows)]


def _read(column: Column[T], sign: str, value: str) -> tuple[float, float]:
    """The number that was typed, and how far another one may be from it to count as the same.

    Decimals are compared as far as they were written, so that what is displayed can be asked for; a whole
    number is compared exactly, so that `errors!=0` shows the smallest rate.
    """
    digits = value.removesuffix("%").replace(",", "")
    try:
        number = float(digits)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise FilterError(f"a number is needed, as in {_name(column)}{sign}1.2")
    decimals = re.fullmatch(r"[-+]?\d*\.(\d+)", digits)
    return number, 0.5000001 * 10.0 ** -len(decimals[1]) if decimals else 0.0


def _word(column: Column[T], sign: str, value: str) -> Term[T]:
    if sign not in ("=", "!="):
        raise FilterError(f"{_name(column)} has words: only = and !=")
    if not value:
        raise FilterError(f"a word is needed, as in {_name(column)}{sign}high")
    wanted = value.casefold()

    def equal(rows: Sequence[T]) -> Mask:
        return [wanted == text or wanted in text.split() for text in folded(texts_of(column, rows))]

    return equal if sign == "=" else _inverse(equal)


def _named(name: str, columns: Sequence[Column[T]]) -> Column[T]:
    """The column that `name` means."""
    wanted = _letters(name)
    if not wanted:
        raise FilterError(f"a column comes first: {_some(columns, wanted)}")
    names = [(column, {_letters(column.key), _letters(column.title)}) for column in columns]
    exact = [column for column, own in names if wanted in own]
    begun = exact or [column for column, own in names if any(one.startswith(wanted) for one in own)]
    if len(begun) == 1:
        return begun[0]
    if begun:
        raise FilterError(f"several columns: {_some(begun, wanted)}")
    raise FilterError(f"no such column; try {_some(columns, wanted)}")


_LONGEST_LIST = 22
"""Characters of column names in a complaint, which has to stand beside what is typed."""


def _some(columns: Sequence[Column[T]], wanted: str) -> str:
    """Names of columns, those that are most like `wanted` first, and how many others there are."""

    def likeness(name: str) -> float:
        return difflib.SequenceMatcher(None, wanted, name).ratio()

    names = sorted(map(_name, columns), key=likeness, reverse=True)
    ends = itertools.accumulate(len(name) + len(", ") for name in names)
    shown = max(1, sum(end <= _LONGEST_LIST for end in ends))
    more = f", {len(names) - shown} more" if shown < len(names) else ""
    return ", ".join(names[:shown]) + more


def _letters(name: str) -> str:
    """A name as it is compared: without case, blanks and signs."""
    return "".join(filter(str.isalnum, name.casefold()))


def _name(column: Column[T]) -> str:
    """What a column is called in a filter: the letters of its title."""
    return _letters(column.title) or _letters(column.key)
