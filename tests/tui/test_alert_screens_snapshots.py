"""Screen 4 with alert rules, and what opens from it, pinned as text."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pytest

from console.domain.alert_book import AlertBook
from console.domain.snapshot import Snapshot
from console.tui.app import OpsConsole
from console.tui.tools import Tools
from tests.tui.alerting import (
    CRITICAL,
    SYMBOLS,
    Marking,
    calm_of_alerts,
    labels_of,
    raised,
    with_book,
    worst_book,
    worst_of_alerts,
)
from tests.tui.cases import ASCII, CASES, UTF8
from tests.tui.fake import PAPER, START, FakeWatched, HandClock, metrics_of, snapshot
from tests.tui.screen import assert_snapshot, painted, settled

HOSTILE = "\x1b[31m[red]漢" + "X" * 60


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def past() -> tuple[Snapshot, ...]:
    """Ten minutes in which the margins fell to where they are."""
    return tuple(
        snapshot(START - ago, metrics_of([replace(row, margin=row.margin + ago / 3000) for row in SYMBOLS]))
        for ago in range(600, 0, -20)
    )


def console(taken: Snapshot, *, later: float = 0.8, environ: Mapping[str, str] = UTF8) -> OpsConsole:
    watched = FakeWatched(taken, HandClock(START + later), past=past())
    return OpsConsole(PAPER, lambda: watched, environ=environ, tools=Tools(marking=Marking))


def hostile() -> Snapshot:
    book = worst_book()
    rule = replace(CRITICAL, name=HOSTILE, expression=HOSTILE, group=HOSTILE, holes=(HOSTILE,), place=HOSTILE)
    alert = raised(CRITICAL, HOSTILE, float("nan"), summary=HOSTILE, labels=labels_of(rule, HOSTILE))
    rules = (replace(book.rules[0], rule=rule), *book.rules[1:])
    return _with(
        replace(book, rules=rules, raised=(alert, *book.raised), evaluated_by=HOSTILE, notes=(HOSTILE,))
    )


def not_read() -> Snapshot:
    return _with(worst_book(), age=40.0)


def _with(book: AlertBook, age: float = 0.0) -> Snapshot:
    return with_book(snapshot(START, metrics_of(SYMBOLS)), book, age)


async def pinned(
    app: OpsConsole, name: str, keys: Sequence[str], sizes: Sequence[tuple[int, int]] = ((80, 24), (120, 40))
) -> None:
    """What `keys` lead to looks as reviewed at each of the sizes."""
    async with app.run_test(size=sizes[0]) as pilot:
        await painted(app)
        await pilot.press("4")
        await settled(app)
        await pilot.press(*keys)
        for width, height in sizes:
            await pilot.resize_terminal(width, height)
            await settled(app)
            await assert_snapshot(app, f"rules-{name}-{width}x{height}")


@pytest.mark.parametrize(
    ("name", "taken"),
    [("worst", worst_of_alerts), ("calm", calm_of_alerts), ("hostile", hostile), ("stale", not_read)],
)
async def test_the_rules_alerts_look_as_reviewed(name: str, taken: object) -> None:
    sizes = ((80, 24), (120, 40), (200, 60)) if name == "worst" else ((80, 24), (120, 40))
    await pinned(console(taken()), name, (), sizes)  # type: ignore[operator]


@pytest.mark.parametrize("case", ["disconnected", "empty"])
async def test_whatever_the_world_is_like_they_look_as_reviewed(case: str) -> None:
    """Sources gone, rules and all; and right after the start, when nothing was evaluated yet."""
    taken, later = CASES[case].snapshot, CASES[case].later
    book = with_book(taken, worst_book(), age=40.0) if case == "disconnected" else taken
    await pinned(console(book, later=later), case, ())


async def test_they_look_as_reviewed_in_ascii() -> None:
    await pinned(console(worst_of_alerts(), environ=ASCII), "ascii", (), ((80, 24),))


async def test_they_look_as_reviewed_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    await pinned(console(worst_of_alerts()), "no-colour", (), ((80, 24),))


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("detail", ("enter",)),
        ("muted", (*["down"] * 4, "enter")),
        ("triggers", ("r",)),
        ("holes", ("H",)),
        ("ack", ("A", *"sam is at it", "enter")),
        ("silence", ("z", "escape")),
        ("done", ("A", *"sam is at it", "enter", "W")),
        ("unmute", (*["down"] * 4, "u")),
    ],
)
async def test_what_opens_from_them_looks_as_reviewed(name: str, keys: Sequence[str]) -> None:
    await pinned(console(worst_of_alerts()), name, keys)


async def test_a_hostile_alert_in_full_looks_as_reviewed() -> None:
    app = console(hostile())
    await pinned(app, "hostile-detail", ("down", "down", "enter"), ((80, 24),))
