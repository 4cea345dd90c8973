"""What the alert rules said is recorded as it was, whoever evaluated them, and read with distrust."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.alert_book import NO_EVIDENCE, AlertBook
from console.domain.alert_rows import AlertState
from console.domain.silences import Acknowledgement, LabelMatcher, Marks, Silence
from console.domain.snapshot import Snapshot
from console.domain.triggers import Past
from console.history.frames import RecordError
from console.history.payload import pack, unpack
from console.history.player import open_player
from console.history.steps import StepReader, StepWriter
from tests.examples import examples
from tests.unit.domain.worlds import NOW, healthy
from tests.unit.history.alert_books import alert_books, cascade
from tests.unit.history.records import HandClock, read, recorded

THOUSANDS = range(3000)


def with_book(book: AlertBook, at: float = NOW) -> Snapshot:
    return replace(healthy(), at=at, alerts=read("alerts", book, at))  # type: ignore[arg-type]


def told(snapshot: Snapshot) -> str:
    """What the alerts' source says, in a form in which NaN equals itself."""
    return repr(snapshot.alerts)


@settings(max_examples=examples(15, 40))
@given(st.lists(alert_books(st.floats()), min_size=1, max_size=4))
def test_every_book_comes_back(books: Sequence[AlertBook]) -> None:
    writer, reader = StepWriter(), StepReader()
    for number, book in enumerate(books):
        snapshot, whole = with_book(book, NOW + number), number == 0
        payload = writer.whole(snapshot, 1.0) if whole else writer.changes(snapshot, 1.0)
        reader.read(payload, whole=whole)
        assert told(reader.snapshot()) == told(snapshot)


def size_of_change(before: AlertBook, after: AlertBook) -> int:
    """The bytes that record `after` when `before` was recorded already; checked to be read back."""
    writer, reader = StepWriter(), StepReader()
    reader.read(writer.whole(with_book(before), 1.0), whole=True)
    later = with_book(after, NOW + 1)
    change = writer.changes(later, 1.0)
    reader.read(change, whole=False)
    assert told(reader.snapshot()) == told(later)
    return len(change)


@pytest.mark.parametrize(
    "after",
    [THOUSANDS[1:], THOUSANDS[:-1], [*THOUSANDS[:1500], *THOUSANDS[1501:]], range(3001)],
    ids=["the first resolves", "the last resolves", "one in the middle resolves", "one more fires"],
)
def test_one_alert_among_thousands_is_recorded_as_one(after: Sequence[int]) -> None:
    assert size_of_change(cascade(THOUSANDS), cascade(after)) < 800


def test_an_evaluation_that_finds_the_same_takes_hardly_any_room() -> None:
    before = cascade(THOUSANDS)
    assert size_of_change(before, cascade(THOUSANDS, evaluated_at=NOW + 5)) < 400


def test_thousands_of_values_that_move_take_a_few_bytes_each() -> None:
    before = cascade(THOUSANDS)
    assert size_of_change(before, cascade(THOUSANDS, value=1.02)) < 3 * len(THOUSANDS)


def test_a_book_that_says_the_same_is_recorded_without_its_value() -> None:
    writer = StepWriter()
    book = cascade(range(3))
    first = writer.whole(with_book(book), 1.0)
    document, _, _ = unpack(writer.changes(with_book(book, NOW + 1), 1.0), unpack(first)[2])
    assert "value" not in document["sources"]["alerts"]


def test_a_record_of_before_there_were_rules_has_none() -> None:
    old, blocks, _ = unpack(StepWriter().whole(healthy(), 1.0))
    del old["sources"]["alerts"]
    reader = StepReader()
    reader.read(StepWriter().whole(with_book(cascade(range(3))), 1.0), whole=True)
    reader.read(pack(old, blocks)[0], whole=True)
    assert not reader.snapshot().alerts.configured


MATCHERS = LabelMatcher("symbol", "=~", "BTC.*"), LabelMatcher("side", "=", "LONG")
SILENCE = Silence("1", MATCHERS, "dana", "known", NOW - 9, NOW + 9)
MARKED = replace(
    cascade(range(3)),
    marks=Marks((SILENCE,), (Acknowledgement((("symbol", "BTC"),), "dana", "seen", NOW - 9, NOW + 9),)),
    evidence=replace(NO_EVIDENCE, slippages=Past({"BTC": 21.0}, 300.0)),
)
GONE = None


@pytest.mark.parametrize(
    ("path", "column", "cells"),
    [
        ("/raised", "rule", [0, 0, 1]),
        ("/raised", "rule", [0, 0, -1]),
        ("/raised", "rule", [0, 0, 0.5]),
        ("/raised", "phase", ["firing", "firing", "on fire"]),
        ("/raised", "labels", [[], [], [["symbol"]]]),
        ("/raised", "labels", [[], [], [["symbol", 7]]]),
        ("/raised", "value", [1.0, 1.0, "1.0"]),
        ("/raised", "fired_at", [1.0, None, "soon"]),
        ("/raised", "labels", GONE),
        ("/rules", "rule.hold", ["1m"]),
        ("/rules", "rule.name", GONE),
        ("/rules", "error", [7]),
        ("/marks/silences/0", "reason", [""]),
        ("/marks/silences/0", "until", [NOW - 10]),
        ("/marks/silences/0/matchers", "sign", ["=~", "~"]),
        ("/marks/silences/0/matchers", "value", ["(", "LONG"]),
        ("/marks/acknowledgements", "owner", [""]),
        ("/evidence/slippages/Past/figures", "value", ["high"]),
        ("/evidence/slippages/Past", "seconds", GONE),
        ("/evidence/life/Missing", "reason", [7]),
        ("", "wall_ahead", [None]),
    ],
)
def test_a_book_that_no_console_holds_is_refused(path: str, column: str, cells: list[object] | None) -> None:
    assert is_refused(path, column, cells)


@pytest.mark.parametrize(
    "path",
    ["/rules", "/raised", "/marks/silences/0", "/evidence/slippages/Past/figures", "/evidence/life/Missing"],
)
def test_a_book_that_lacks_a_part_is_refused(path: str) -> None:
    assert is_refused(path)


def is_refused(path: str, column: str | None = None, cells: list[object] | None = None) -> bool:
    """Whether a record isn't read in which this table or column of `MARKED` is another, or gone."""
    document, blocks, _ = unpack(StepWriter().whole(with_book(MARKED), 1.0))
    tables = document["sources"]["alerts"]["value"]["changed"]
    if column is None:
        del tables[path]
    elif cells is None:
        del tables[path]["whole"][column]
    else:
        assert column in tables[path]["whole"]
        tables[path]["whole"][column] = cells
    reader = StepReader()
    try:
        reader.read(pack(document, blocks)[0], whole=True)
        reader.snapshot()
    except RecordError:
        return True
    return False


def test_a_field_that_the_record_lacks_is_as_the_domain_has_it() -> None:
    document, blocks, _ = unpack(StepWriter().whole(with_book(MARKED), 1.0))
    tables = document["sources"]["alerts"]["value"]["changed"]
    for path, column in (("/raised", "count"), ("/rules", "rule.holes"), ("", "wall_ahead")):
        del tables[path]["whole"][column]
    reader = StepReader()
    reader.read(pack(document, blocks)[0], whole=True)
    assert told(reader.snapshot()) == told(with_book(MARKED))


def test_a_replay_shows_what_the_rules_said_then(tmp_path: Path) -> None:
    steps = [with_book(cascade(range(alerts)), NOW + second) for second, alerts in enumerate((0, 2, 1))]
    clock = HandClock()
    player = open_player(recorded(tmp_path, steps), None, 1.0, clock)
    firing = []
    for _ in steps:
        rows = player.assessment().alert_rows
        firing.append([row.symbol for row in rows if row.state is AlertState.FIRING])
        clock.at += 1.0
    assert firing == [[], ["S0000USDT", "S0001USDT"], ["S0000USDT"]]
