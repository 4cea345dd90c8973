"""One step of a record: what every source has answered up to an instant, as the change since the step before.

A step is numbered. Where one is missing, because its frame was damaged, those after it mean nothing until
the next one that holds everything.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from console.domain.alert_book import AlertBook
from console.domain.metrics import Metrics
from console.domain.reading import Reading, SourceState
from console.domain.snapshot import Snapshot
from console.domain.surfaces import Books, EngineState, Exchange, Flags, KeptTrip, LogTail
from console.history.changes import changed_by, changes, with_known
from console.history.flat import Flat, Shape, Tables, shape_of
from console.history.frames import RecordError
from console.history.payload import Blocks, pack, unpack

_SHAPES: dict[str, Shape] = {
    "metrics": shape_of(Metrics),
    "database": shape_of(Books),
    "exchange": shape_of(Exchange),
    "flags": shape_of(Flags),
    "engine": shape_of(EngineState),
    "log": shape_of(LogTail),
    "last_trip": shape_of(KeptTrip),
    "alerts": shape_of(AlertBook),
}
"""Every source of a snapshot, and how its values are laid out."""
_LATER = {"last_trip", "alerts"}
"""What older records lack."""


class StepWriter:
    """Turns one snapshot after the other into payloads."""

    def __init__(self) -> None:
        self._number = 0
        self._text = b""
        self._states: dict[str, SourceState[Any]] = {}
        self._values: dict[str, Flat] = {}

    def whole(self, snapshot: Snapshot, every: float) -> bytes:
        """Everything, so that reading can begin with it."""
        self._number, self._text, self._states, self._values = 0, b"", {}, {}
        return self.changes(snapshot, every)

    def changes(self, snapshot: Snapshot, every: float) -> bytes:
        """What has changed since the snapshot before; the next is meant to come in `every` seconds."""
        blocks = Blocks()
        sources = {
            state.name: self._source(state, blocks)
            for state in (*snapshot.sources(), snapshot.last_trip, snapshot.alerts)
            if self._states.get(state.name) is not state
        }
        document = {"number": self._number, "at": snapshot.at, "every": every, "sources": sources}
        self._number += 1
        payload, self._text = pack(document, blocks, self._text)
        return payload

    def _source(self, state: SourceState[Any], blocks: Blocks) -> dict[str, Any]:
        before = self._states.get(state.name)
        self._states[state.name] = state
        good_is_last = state.good is not None and state.good is state.last
        said: dict[str, Any] = {
            "configured": state.configured,
            "stale_after": state.stale_after,
            "last": _said(state.last),
            "good": "last" if good_is_last else _said(state.good),
        }
        if state.good is not None and (before is None or before.value is not state.value):
            flat: Flat = {}
            _SHAPES[state.name].flatten(state.value, "", flat)
            change = changes(self._values.get(state.name, {}), flat, blocks)
            self._values[state.name] = flat
            if change:
                said["value"] = change
        return said


class StepReader:
    """Takes the payloads of one segment in their order, and holds what they come to.

    `at` is the instant of the step that was read last, `every` how many seconds later the next was meant.
    """

    def __init__(self) -> None:
        self.at = math.nan
        self.every = math.nan
        self._number: int | None = None
        self._text = b""
        self._sources = {name: _SourceReader(name) for name in _SHAPES}

    def read(self, payload: bytes, *, whole: bool) -> None:
        """Take the next step. RecordError for one that can't follow, and then until a whole one comes.

        What was read before stays as it was.
        """
        expected, self._number = 0 if whole else self._number, None
        if expected is None:
            raise RecordError("a step before it is missing")
        document, blocks, self._text = unpack(payload, b"" if whole else self._text)
        try:
            if document["number"] != expected:
                raise RecordError("a step before it is missing")
            said: Mapping[str, Any] = document["sources"]
            if whole and not _SHAPES.keys() - _LATER <= said.keys() <= _SHAPES.keys():
                raise RecordError("a source is missing")
            read = [
                (self._sources[name], *self._sources[name].read(source, blocks, whole=whole))
                for name, source in said.items()
            ]
            at, every = _time(document["at"]), _time(document["every"])
        except (KeyError, TypeError, AttributeError) as error:
            raise RecordError(f"not what a console writes: {type(error).__name__}: {error}") from None
        if whole:
            self._sources |= {name: _SourceReader(name) for name in _SHAPES.keys() - said.keys()}
        for source, state, flat in read:
            source.take(state, flat)
        self.at, self.every, self._number = at, every, expected + 1

    def snapshot(self) -> Snapshot:
        """What was known at the step's instant. RecordError where a value isn't what its source says.

        What hasn't changed since the snapshot before is the same object.
        """
        return Snapshot(at=self.at, **{name: source.state() for name, source in self._sources.items()})


class _SourceReader:
    """One source: its state, whose value is built when somebody looks."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._shape = _SHAPES[name]
        self._tables = Tables({})
        self._value: Any = None
        self._is_built = True
        self._state: SourceState[Any] = SourceState(name, 0.0, configured=False)

    def read(self, said: Mapping[str, Any], blocks: Blocks, *, whole: bool) -> tuple[SourceState[Any], Flat]:
        """What the source comes to with what is `said`, without taking it yet."""
        last = self._reading(said["last"])
        good = last if said["good"] == "last" else self._reading(said["good"])
        state = SourceState(self._name, _time(said["stale_after"]), last, good, said["configured"] is True)
        known = self._tables.flat
        if whole:
            return state, with_known(known, changed_by({}, said.get("value", {}), blocks))
        return state, changed_by(known, said["value"], blocks) if "value" in said else known

    def take(self, state: SourceState[Any], flat: Flat) -> None:
        self._state, self._is_built = state, False
        if flat is not self._tables.flat:
            self._tables.flat, self._value = flat, None

    def state(self) -> SourceState[Any]:
        if not self._is_built:
            self._state = self._built(self._state)
            self._is_built = True
        return self._state

    def _built(self, state: SourceState[Any]) -> SourceState[Any]:
        if state.good is None:
            return state
        if self._value is None:
            self._value = self._shape.build("", self._tables)
        if self._value is None:
            raise RecordError(f"{self._name}: an answer without its value")
        good = replace(state.good, value=self._value)
        return replace(state, last=good if state.last is state.good else state.last, good=good)

    def _reading(self, said: Mapping[str, Any] | None) -> Reading[Any] | None:
        if said is None:
            return None
        error = said["error"]
        if error is not None and not isinstance(error, str):
            raise RecordError("an error is text")
        return Reading(
            self._name,
            _time(said["fetched_at"]),
            _time(said["latency"]),
            error=error,
            data_at=None if said["data_at"] is None else _time(said["data_at"]),
            asked_at=None if said["asked_at"] is None else _time(said["asked_at"]),
        )


def _said(reading: Reading[Any] | None) -> dict[str, Any] | None:
    if reading is None:
        return None
    return {
        "fetched_at": reading.fetched_at,
        "latency": reading.latency,
        "error": reading.error,
        "data_at": reading.data_at,
        "asked_at": reading.asked_at,
    }


def _time(raw: Any) -> float:
    if type(raw) not in (int, float) or not math.isfinite(raw):
        raise RecordError(f"{str(raw)[:40]!r} is no time")
    return float(raw)
