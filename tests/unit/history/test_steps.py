"""Whatever a snapshot holds comes back as it was, and means the same."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from console.domain.alert_book import AlertBook
from console.domain.assessment import assess
from console.domain.metrics import Metrics, Series
from console.domain.reading import Reading, SourceState
from console.domain.snapshot import Snapshot
from console.domain.surfaces import Books, EngineState, Exchange, Flags, KeptTrip, LogTail
from console.history.frames import RecordError
from console.history.payload import pack, unpack
from console.history.steps import StepReader, StepWriter
from console.sources.exposition import Exposition
from tests.examples import examples
from tests.unit.domain.worlds import BOOKS, NOW, healthy, position
from tests.unit.history.alert_books import alert_books
from tests.unit.history.records import RULES, meaning, with_books, with_metrics

TYPES: dict[str, type] = {
    "metrics": Metrics, "database": Books, "exchange": Exchange, "flags": Flags, "engine": EngineState,
    "log": LogTail, "last_trip": KeptTrip, "alerts": AlertBook,
}  # fmt: skip

labels = st.dictionaries(st.sampled_from(("symbol", "side", "mode")), st.text(max_size=3), max_size=2)
st.register_type_strategy(
    Series, st.builds(lambda name, by: Series(name, tuple(sorted(by.items()))), st.text(max_size=3), labels)
)
st.register_type_strategy(Decimal, st.decimals(allow_nan=False, allow_infinity=False))
st.register_type_strategy(float, st.floats(allow_nan=False))
st.register_type_strategy(str, st.text(max_size=5))
st.register_type_strategy(AlertBook, alert_books(st.floats(allow_nan=False)))
times = st.floats(NOW - 100, NOW + 100)


@st.composite
def histories(draw: st.DrawFn) -> list[Snapshot]:
    """Snapshots in which each source answers, fails, answers the same again, or says nothing new."""
    states: dict[str, SourceState[Any]] = {
        name: SourceState(name, draw(st.floats(0.1, 60)), configured=draw(st.booleans())) for name in TYPES
    }
    found = []
    for number in range(draw(st.integers(1, 4))):
        for name, state in states.items():
            states[name] = _next(draw, state)
        found.append(Snapshot(at=NOW + number, **states))
    return found


def _next(draw: st.DrawFn, state: SourceState[Any]) -> SourceState[Any]:
    what = draw(st.sampled_from(("answers", "fails", "repeats", "is silent")))
    at, took = draw(times), draw(st.floats(0, 9))
    if what == "fails":
        return replace(state, last=Reading(state.name, at, took, error=draw(st.text())))
    if what == "answers" or (what == "repeats" and state.good is None):
        value = draw(st.from_type(TYPES[state.name]))
        reading = Reading(state.name, at, took, value, data_at=draw(st.none() | times), asked_at=draw(times))
        return replace(state, last=reading, good=reading)
    if what == "repeats" and state.good is not None:
        again = replace(state.good, fetched_at=at)
        return replace(state, last=again, good=again)
    return state


@settings(max_examples=examples(5, 12), phases=(Phase.generate, Phase.shrink))
@given(histories())
def test_every_snapshot_comes_back_and_means_the_same(snapshots: list[Snapshot]) -> None:
    writer, reader = StepWriter(), StepReader()
    for number, snapshot in enumerate(snapshots):
        whole = number == 0
        payload = writer.whole(snapshot, 1.0) if whole else writer.changes(snapshot, 1.0)
        reader.read(payload, whole=whole)
        assert reader.snapshot() == snapshot
        assert meaning(assess(reader.snapshot(), RULES)) == meaning(assess(snapshot, RULES))


def test_money_keeps_every_digit() -> None:
    exact = Decimal("12345678901234567890.123456789012345678")
    books = replace(BOOKS, positions=(replace(position("BTC"), margin=exact),))
    reader = StepReader()
    reader.read(StepWriter().whole(with_books(healthy(), NOW, books), 1.0), whole=True)
    read = reader.snapshot().database.value
    assert read is not None and read.positions is not None
    assert str(read.positions[0].margin) == str(exact)


def scraped(numbers: Iterable[int]) -> Metrics:
    """Thousands of series as an exposition's reader has them: made when somebody asks for one."""
    lines = (f'futures_mark_price{{symbol="S{number:05}"}} {number}.5\n' for number in numbers)
    return Metrics(Exposition().parse("".join(lines)).samples)


def test_series_that_are_made_when_asked_for_come_back() -> None:
    writer, reader = StepWriter(), StepReader()
    for number, listed in enumerate((range(200), range(1, 201), range(1, 201))):
        snapshot = with_metrics(healthy(), NOW + number, scraped(listed))
        whole = number == 0
        reader.read(writer.whole(snapshot, 1.0) if whole else writer.changes(snapshot, 1.0), whole=whole)
        assert reader.snapshot() == snapshot


def many_positions(numbers: Iterable[int]) -> Books:
    rows = tuple(replace(position(f"S{number:04}"), id=number) for number in numbers)
    return replace(BOOKS, positions=rows)


@pytest.mark.parametrize(
    "after",
    [range(1, 2000), range(2001), [*range(1, 2000), 0], [7, 8, *range(7), *range(9, 2000)]],
    ids=["the first one closed", "one more opened", "the first one opened again", "two moved together"],
)
def test_one_position_among_thousands_is_recorded_as_one(after: Iterable[int]) -> None:
    before = with_books(healthy(), NOW, many_positions(range(2000)))
    later = with_books(before, NOW + 1, many_positions(after))
    writer, reader = StepWriter(), StepReader()
    reader.read(writer.whole(before, 1.0), whole=True)
    change = writer.changes(later, 1.0)
    reader.read(change, whole=False)
    assert reader.snapshot() == later
    assert len(change) < 600


def test_an_answer_that_says_the_same_again_is_recorded_without_its_value() -> None:
    before = healthy()
    later = with_books(before, NOW + 1, replace(BOOKS))
    writer = StepWriter()
    first = writer.whole(before, 1.0)
    document, _, _ = unpack(writer.changes(later, 1.0), unpack(first)[2])
    assert list(document["sources"]) == ["database"]
    assert "value" not in document["sources"]["database"]


def test_what_has_not_changed_stays_the_same_object() -> None:
    before = healthy()
    later = with_books(before, NOW + 1, many_positions(range(3)))
    writer, reader = StepWriter(), StepReader()
    reader.read(writer.whole(before, 1.0), whole=True)
    first = reader.snapshot()
    reader.read(writer.changes(later, 1.0), whole=False)
    assert reader.snapshot().metrics is first.metrics


def test_a_step_after_a_missing_one_is_refused_until_a_whole_one_comes() -> None:
    writer, reader = StepWriter(), StepReader()
    steps = [with_books(healthy(), NOW + n, many_positions(range(n))) for n in range(4)]
    reader.read(writer.whole(steps[0], 1.0), whole=True)
    writer.changes(steps[1], 1.0)
    with pytest.raises(RecordError):
        reader.read(writer.changes(steps[2], 1.0), whole=False)
    assert reader.snapshot() == steps[0]
    reader.read(writer.whole(steps[3], 1.0), whole=True)
    assert reader.snapshot() == steps[3]


NONSENSE: list[dict[str, object]] = [
    {},
    {"number": 0, "at": 1.0, "every": 1.0, "sources": {}},
    {"number": 0, "at": "now", "every": 1.0, "sources": {}},
    {"number": 0, "at": 1.0, "every": 1.0, "sources": []},
    {"number": 0, "at": 1.0, "every": 1.0, "sources": {name: {} for name in TYPES}},
    {"number": 0, "at": 1.0, "every": 1.0, "sources": dict.fromkeys(TYPES, 3)},
]


@pytest.mark.parametrize("document", NONSENSE)
def test_a_step_that_no_console_wrote_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(RecordError):
        StepReader().read(pack(document)[0], whole=True)


@pytest.mark.parametrize(
    "columns",
    [
        {"path": ["flags.yaml"], "digest": [7], "global_kill_switch": [False], "environment": [None]},
        {"path": ["flags.yaml"], "digest": ["0"], "global_kill_switch": ["no"], "environment": [None]},
        {"path": ["flags.yaml", "more"], "digest": ["0", "1"]},
        {"path": ["flags.yaml"]},
        {},
    ],
    ids=["a number for text", "text for a switch", "two rows", "fields missing", "nothing"],
)
def test_a_value_that_its_source_never_says_is_refused(columns: dict[str, list[object]]) -> None:
    document, _, _ = unpack(StepWriter().whole(healthy(), 1.0))
    del document["sources"]["metrics"]["value"]
    document["sources"]["metrics"] |= {"last": None, "good": None}
    document["sources"]["flags"]["value"]["changed"][""] = {"whole": columns}
    reader = StepReader()
    with pytest.raises(RecordError):
        reader.read(pack(document)[0], whole=True)
        reader.snapshot()
