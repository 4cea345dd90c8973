"""The states of the world that every screen is pinned in: the same ones for all of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from console.domain.snapshot import Snapshot
from console.tui.app import ContextView, OpsConsole
from tests.tui.fake import (
    PAPER,
    PRODUCTION,
    START,
    FakeWatched,
    HandClock,
    Row,
    books,
    failing,
    metrics_of,
    nothing_yet,
    snapshot,
    symbol_rows,
)
from tests.tui.world import in_full, past_of

UTF8 = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}
ASCII = {"LANG": "C", "TERM": "linux"}


class Case(NamedTuple):
    """What the sources last said, how many seconds ago that was, whose context it is, and the terminal."""

    snapshot: Snapshot
    later: float
    context: ContextView
    environ: Mapping[str, str]


def console_of(case: Case) -> OpsConsole:
    """The console on a case, with the ten minutes behind it in which its margins came to where they are."""
    watched = FakeWatched(case.snapshot, HandClock(START + case.later), past=past_of_case(case))
    return OpsConsole(case.context, lambda: watched, environ=case.environ)


_PASTS: dict[int, tuple[Snapshot, tuple[Snapshot, ...]]] = {}
_MOST = 16
"""Those that are kept at most: more than there are cases."""


def past_of_case(case: Case) -> tuple[Snapshot, ...]:
    """What was before, made once for every snapshot."""
    taken = case.snapshot
    if id(taken) not in _PASTS:
        if len(_PASTS) >= _MOST:
            _PASTS.clear()
        _PASTS[id(taken)] = taken, tuple(past_of(taken))
    return _PASTS[id(taken)][1]


def normal() -> Snapshot:
    rows = symbol_rows(58)
    rows[3] = replace(rows[3], margin=1.402)
    return in_full(snapshot(START, metrics_of(rows)))


def worst() -> Snapshot:
    rows = [Row(f"S{n:02}/USD", 1.01 + n / 1000, -0.0009, 0.4, 3) for n in range(30)]
    bad = (0.71, 25.0, 1.01, 0.8, 900e-6, 0.03)
    taken = snapshot(START, metrics_of(rows, tripped=1, key_values=bad), account_books=books("12.5"))
    return in_full(taken)


def hostile() -> Snapshot:
    rows = [
        Row("A" * 40, 12345678901234567890.0, 1.0),
        Row("[red]BTC[/]", 1.1),
        Row("E\x1b[31mS\x9b2JC", 1.3),
        Row("R\u202eLO\u200bZW", 1.6),
        Row("漢字/USD", 1.7),
        Row("e\u0301te\u0301/USD", 1.75),
    ]
    taken = snapshot(START, metrics_of(rows), account_books=books("12345678901234567890.12"))
    return in_full(taken, quantity="12345678901234567890")


ALL = ("metrics", "database", "exchange", "flags", "engine", "log")
CASES: Mapping[str, Case] = {
    "normal": Case(normal(), 0.8, PAPER, UTF8),
    "worst": Case(worst(), 0.8, PRODUCTION, UTF8),
    "empty": Case(nothing_yet(START), 0.2, PAPER, UTF8),
    "stale": Case(failing(normal(), "connection refused", "metrics"), 4.4, PAPER, UTF8),
    "disconnected": Case(failing(normal(), "no route to host", *ALL), 75.0, PRODUCTION, UTF8),
    "hostile": Case(hostile(), 0.8, PAPER, UTF8),
    "ascii": Case(worst(), 0.8, PRODUCTION, ASCII),
}
