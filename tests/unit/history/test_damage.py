"""A record that was cut off or damaged, or never was one: what is sound is read, nothing else believed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.history.frames import FIRST_LINE, Kind, RecordError, find_frames, frame
from console.history.payload import pack
from console.history.reel import Reel
from console.history.segment import find_segments, read_segment
from tests.unit.history.records import falling_margin, only_file, recorded

STEPS = 6


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return only_file(recorded(tmp_path / "record", falling_margin(STEPS)))


def ends(data: bytes) -> list[int]:
    """Where each frame ends."""
    return [one.offset + one.length for one in find_frames(data)[0]]


def rewritten(file: Path, data: bytes) -> Path:
    file.write_bytes(data)
    return file


def test_a_record_cut_off_at_any_byte_holds_every_frame_before_the_cut(file: Path) -> None:
    data = file.read_bytes()
    frames, _ = find_frames(data)
    for cut in range(len(FIRST_LINE), len(data)):
        whole = tuple(one for one in frames if one.offset + one.length <= cut)
        assert find_frames(data[:cut]) == (whole, 0)


def test_a_record_cut_off_in_a_step_is_read_up_to_the_step_before(file: Path) -> None:
    data = file.read_bytes()
    for number, end in enumerate(ends(data)[2:]):
        segment = read_segment(rewritten(file, data[: end - 1]))
        assert (len(segment.steps), segment.damaged) == (number + 1, 0)


def test_a_record_cut_off_before_its_first_step_is_refused(file: Path) -> None:
    data = file.read_bytes()
    header, first, *_ = ends(data)
    for cut in (0, 5, len(FIRST_LINE), header - 1, header, first - 1):
        with pytest.raises(RecordError):
            read_segment(rewritten(file, data[:cut]))


def test_any_damaged_byte_costs_one_frame_at_most_and_is_counted(file: Path) -> None:
    data = file.read_bytes()
    sound = find_frames(data)[0]
    for place in range(len(FIRST_LINE), sound[-1].offset - 50):
        frames, damaged = find_frames(data[:place] + bytes([data[place] ^ 0x41]) + data[place + 1 :])
        assert (len(frames), damaged) == (len(sound) - 1, 1)


def test_what_is_not_understood_after_damage_is_passed_over_until_everything_is_told_again(
    tmp_path: Path,
) -> None:
    snapshots = falling_margin(70)
    file = only_file(recorded(tmp_path / "record", snapshots))
    data = file.read_bytes()
    lost = read_segment(file).steps[5]
    rewritten(file, data[: lost.offset] + bytes([data[lost.offset] ^ 1]) + data[lost.offset + 1 :])
    reel = Reel(find_segments(file))
    reel.go_to(snapshots[40].at)
    assert reel.snapshot == snapshots[4]
    reel.go_to(snapshots[65].at)
    assert (reel.snapshot, reel.damaged) == (snapshots[65], 1 + len(snapshots[6:41]))


def test_a_foreign_file_is_refused_in_one_line_that_says_what_is_allowed(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("dear diary\n")
    with pytest.raises(RecordError) as refused:
        find_segments(file)
    assert str(refused.value) == (
        f"{file}: byte 0: not a record of opsconsole: it begins with 'opsconsole record 1'"
    )


def foreign_headers() -> Iterator[dict[str, object]]:
    sound: dict[str, object] = {
        "version": "1", "context": "paper", "environment": "paper", "colour": "red", "operator": "dana",
        "every": 1.0, "panels": [], "key_metrics": [], "not_exported": [], "quiet_after": 15.0,
    }  # fmt: skip
    yield {}
    for name in sound:
        yield {key: value for key, value in sound.items() if key != name}
        yield {**sound, name: {"nested": [None]}}
    yield {**sound, "panels": [{"name": "M", "query": "m", "rule": [[1, "violet"]], "window": 0}]}
    yield {**sound, "panels": [{"name": "M", "query": "m", "rule": "about 3", "window": 0}]}


@pytest.mark.parametrize("document", list(foreign_headers()), ids=lambda document: json.dumps(document)[-60:])
def test_a_header_that_no_console_wrote_is_refused_with_its_place(
    tmp_path: Path, document: dict[str, object]
) -> None:
    file = tmp_path / "a.rec"
    file.write_bytes(FIRST_LINE + frame(Kind.HEADER, 1.0, 1.0, pack(document)[0]))
    with pytest.raises(RecordError, match=r"a\.rec: byte \d+: "):
        read_segment(file)


def test_a_payload_that_unpacks_to_gigabytes_is_not_unpacked(file: Path) -> None:
    import zlib

    squeezer = zlib.compressobj(9)
    bomb = b"".join(squeezer.compress(bytes(1 << 20)) for _ in range(80)) + squeezer.flush()
    data = file.read_bytes()
    last = read_segment(file).steps[-1]
    more = frame(Kind.CHANGES, last.now + 1, last.wall + 1, bomb)
    reel = Reel(find_segments(rewritten(file, data + more)))
    reel.go_to(last.now + 1)
    assert reel.damaged == 1


def test_a_folder_without_a_record_says_so(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"no record in this folder: its files end in \.rec"):
        find_segments(tmp_path)


@pytest.mark.parametrize("named", ["state", "state/history", "state/runs", "shared", "state/history/coin"])
def test_a_folder_without_a_record_names_those_of_the_state_that_have_some(
    tmp_path: Path, named: str
) -> None:
    own = "shared/uid-7/history/paper" if named == "shared" else "state/history/paper"
    for folder in (own, named):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / own / "1.rec").touch()
    with pytest.raises(RecordError) as raised:
        find_segments(tmp_path / named)
    assert str(raised.value).endswith(f"; name one that has some: {tmp_path / own}")


def test_a_folder_that_goes_while_records_are_looked_for_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_folder: Path, pattern: str) -> Iterator[Path]:
        if "/" in pattern:
            raise FileNotFoundError(2, "No such file or directory")
        return iter(())

    monkeypatch.setattr(Path, "glob", gone)
    with pytest.raises(RecordError, match="no record in this folder"):
        find_segments(tmp_path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"gone\.rec: No such file"):
        find_segments(tmp_path / "gone.rec")


def test_a_bad_file_beside_a_good_one_does_not_keep_the_folder_from_being_read(file: Path) -> None:
    (file.parent / "x.rec").write_bytes(b"nothing")
    assert [segment.path for segment in find_segments(file.parent)] == [file]


def test_a_record_that_goes_back_in_time_is_refused(file: Path) -> None:
    data = file.read_bytes()
    first = read_segment(file).steps[0]
    earlier = frame(Kind.WHOLE, first.now - 5, first.wall, first.payload(data))
    with pytest.raises(RecordError, match="isn't later than the one before"):
        read_segment(rewritten(file, data + earlier))
