"""The file of the last trip, as consoles on one host read it."""

import json
from pathlib import Path

import pytest

from console.domain.last_trip import LastTrip, document_of
from console.sources.errors import SourceError
from console.sources.last_trip import LastTripSource

TRIP = LastTrip(1_800_000_000.0, "dana", "test", "all")


def test_without_a_file_there_was_no_trip(tmp_path: Path) -> None:
    assert LastTripSource(tmp_path / "kill" / "paper.json").read().value.trip is None


def test_a_trip_that_any_console_has_noted_is_read(tmp_path: Path) -> None:
    file = tmp_path / "paper.json"
    source = LastTripSource(file)
    before = source.read().value
    file.write_text(json.dumps(document_of(TRIP)))
    assert (before.trip, source.read().value.trip) == (None, TRIP)


def test_a_file_that_says_the_same_is_the_same_object(tmp_path: Path) -> None:
    file = tmp_path / "paper.json"
    file.write_text(json.dumps(document_of(TRIP)))
    source = LastTripSource(file)
    assert source.read().value is source.read().value


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 2}', b"\xff\xfe", b"[" * 100_000])
def test_a_file_that_is_no_trip_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "paper.json"
    file.write_bytes(content)
    with pytest.raises(SourceError, match=r"paper\.json: not a trip: .+") as refused:
        LastTripSource(file).read()
    assert "\n" not in str(refused.value)


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="Is a directory"):
        LastTripSource(tmp_path).read()
