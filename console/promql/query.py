"""PromQL queries, read into the part of the language that the evaluator knows.

promql-parser checks syntax and types; what the evaluator doesn't know is refused by name, when the query is
loaded and never later.
"""

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from console.promql.known import KNOWN
from console.promql.tree import (
    Matcher,
    Node,
    Range,
    Selector,
    Subquery,
    UnsupportedQuery,
    node_of,
    parts,
    plain,
)

__all__ = ["Query", "UnsupportedQuery", "parse_query", "query_within"]

MAX_LENGTH = 10_000
MAX_OPERATORS = 500
MAX_DEPTH = 100
"""Bounds on a query, in characters, signs and levels: promql-parser recurses, and crashes far beyond them."""


class Query(NamedTuple):
    """A query ready to be evaluated.

    `ranged` names the metrics whose past it looks at, `ranged_like` has what the names of others must be
    like, and `window` says how far it looks back at most, in seconds: infinitely far where `@` pins a time.
    """

    text: str
    root: Node
    ranged: frozenset[str]
    window: float
    ranged_like: tuple[tuple[Matcher, ...], ...] = ()


def parse_query(text: str) -> Query:
    """Read `text`. UnsupportedQuery says what in it isn't PromQL or isn't known here."""
    if len(text) > MAX_LENGTH:
        raise UnsupportedQuery(f"{text[:40]!r}…: longer than {MAX_LENGTH} characters")
    try:
        _check(text)
        root = node_of(KNOWN.answer("tree", text, lambda: _read(text)))
        if _depth(root) > MAX_DEPTH:
            raise UnsupportedQuery(_TOO_DEEP)
    except RecursionError:
        raise UnsupportedQuery(f"{text!r}: {_TOO_DEEP}") from None
    except (ValueError, OverflowError) as error:
        raise UnsupportedQuery(f"{text!r}: {error}") from error
    back = [(selector, reach) for selector, reach in _reaches(root, 0.0) if reach > 0]
    return Query(
        text,
        root,
        frozenset(selector.name for selector, _ in back if selector.name is not None),
        max((reach for _, reach in back), default=0.0),
        tuple(dict.fromkeys(selector.names for selector, _ in back if selector.name is None)),
    )


def _read(text: str) -> object:
    from console.promql.reading import read  # noqa: PLC0415 (most often it is known)

    return plain(read(text))


def query_within(text: str, longest: float) -> Query:
    """As `parse_query`, of a query that looks back no further than `longest` seconds, as samples are kept."""
    query = parse_query(text)
    if query.window > longest:
        reach = "to a pinned time" if math.isinf(query.window) else f"{query.window:g} s"
        raise UnsupportedQuery(f"{text!r}: looks back {reach}, but samples are kept for {longest:g} s")
    return query


_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"
_NO_CODE = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|#[^\n]*""", re.DOTALL)
_OPERATOR = re.compile(r"[-+*/%^]|[<>=!]+|\b(?:and|or|unless|atan2)\b", re.IGNORECASE)
_BRACKET = re.compile(r"[(\[{]|[)\]}]")
_BEFORE_1970 = re.compile(r"@\s*-")


def _check(text: str) -> None:
    """Refuse what the parser can't be trusted with."""
    code = _NO_CODE.sub(" ", text)
    if len(_OPERATOR.findall(code)) > MAX_OPERATORS:
        raise UnsupportedQuery(f"more than {MAX_OPERATORS} operators")
    if _BEFORE_1970.search(code):
        raise UnsupportedQuery("the embedded evaluator does not know @ with a time before 1970")
    depth = 0
    for bracket in _BRACKET.findall(code):
        depth += 1 if bracket in "([{" else -1
        if depth > MAX_DEPTH:
            raise UnsupportedQuery(_TOO_DEEP)


def _reaches(node: Node, further: float) -> Iterator[tuple[Selector, float]]:
    """Each selector with how many seconds it looks back, from a time that is itself `further` back."""
    match node:
        case Range(selector=selector, length=length):
            yield from _reaches(selector, further + length / 1000)
        case Selector(offset=offset, pinned=pinned):
            yield node, further + offset / 1000 if pinned is None else math.inf
        case Subquery(operand=operand, length=length, offset=offset, pinned=pinned):
            back = further + (length + offset) / 1000
            yield from _reaches(operand, back if pinned is None else math.inf)
        case _:
            for part in parts(node):
                yield from _reaches(part, further)


def _depth(node: Node) -> int:
    return 1 + max((_depth(part) for part in parts(node)), default=0)
