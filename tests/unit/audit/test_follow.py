"""A journal that is followed: each look shows its newest lines and its worth, for next to nothing."""

from dataclasses import dataclass, field
from pathlib import Path

from console.audit.files import journal_file, journal_files, lines
from console.audit.follow import VERIFIED_AGAIN, Follower, Look
from console.audit.record import Head
from tests.unit.audit.journals import ALICE, anchor_in, arming, journal_in, tear, write_quickly


@dataclass(slots=True)
class Hands:
    """A clock that is turned by hand."""

    at: float = 1_000.0

    def now(self) -> float:
        return self.at

    def wall(self) -> float:
        return self.at


@dataclass(slots=True)
class Asked:
    """A witness that knows nothing and counts how often it is asked: once each time the whole is verified."""

    times: int = 0
    name: str = "nobody"

    def kept(self) -> tuple[Head, ...]:
        self.times += 1
        return ()


@dataclass(slots=True)
class Watching:
    folder: Path
    most: int = 100
    clock: Hands = field(default_factory=Hands)
    witness: Asked = field(default_factory=Asked)

    def __post_init__(self) -> None:
        self.follower = Follower(self.folder / "audit", [self.witness], self.clock, most=self.most)

    follower: Follower = field(init=False)


def targets(look: Look) -> list[str]:
    return [entry.record.target if entry.record else "unsound" for entry in look.entries]


def test_what_is_appended_is_seen_at_the_next_look(tmp_path: Path) -> None:
    journal, watching = journal_in(tmp_path), Watching(tmp_path)
    assert targets(watching.follower.look()) == []
    journal.note(ALICE, arming(1))
    journal.note(ALICE, arming(2))
    assert targets(watching.follower.look()) == ["console 1", "console 2"]
    journal.note(ALICE, arming(3))
    look = watching.follower.look()
    assert targets(look) == ["console 1", "console 2", "console 3"]
    assert [entry.number for entry in look.entries] == [1, 2, 3]


def test_nothing_new_is_the_same_object_so_that_nothing_is_drawn_again(tmp_path: Path) -> None:
    write_quickly(tmp_path, 5)
    watching = Watching(tmp_path)
    assert watching.follower.look().entries is watching.follower.look().entries


def test_it_goes_on_in_the_next_file(tmp_path: Path) -> None:
    journal, watching = journal_in(tmp_path, largest=600), Watching(tmp_path)
    for number in range(4):
        journal.note(ALICE, arming(number))
        watching.follower.look()
    seen = [entry.place for entry in watching.follower.look().entries]
    assert len(journal_files(tmp_path / "audit")) > 1
    assert seen == [str(line) for line in lines(tmp_path / "audit")]


def test_a_follower_that_comes_late_sees_the_same_as_one_from_the_beginning(tmp_path: Path) -> None:
    journal, early = journal_in(tmp_path, largest=900), Watching(tmp_path, most=6)
    for number in range(12):
        journal.note(ALICE, arming(number))
        early.follower.look()
    seen, late = early.follower.look().entries, Watching(tmp_path, most=6).follower.look().entries
    assert [(entry.place, entry.record) for entry in seen] == [(entry.place, entry.record) for entry in late]
    assert len(late) == 6


def test_a_line_that_is_being_written_is_seen_once_it_is_whole(tmp_path: Path) -> None:
    write_quickly(tmp_path, 2)
    whole = journal_file(tmp_path / "audit", 1).read_bytes()
    watching = Watching(tmp_path)
    watching.follower.look()
    tear(tmp_path, whole.splitlines(keepends=True)[0][:-1])
    assert len(watching.follower.look().entries) == 2
    tear(tmp_path, b"\n")
    assert len(watching.follower.look().entries) == 3


def test_a_line_that_is_edited_after_it_was_read_is_found_and_shown_until_it_is_mended(
    tmp_path: Path,
) -> None:
    write_quickly(tmp_path, 3)
    watching = Watching(tmp_path)
    assert watching.follower.look().verdict is not None
    file = journal_file(tmp_path / "audit", 1)
    file.write_bytes(file.read_bytes().replace(b"console 1", b"console 7"))
    watching.clock.at += 1
    look = watching.follower.look()
    assert look.verdict is not None
    assert look.verdict.finding is not None
    assert look.verdict.finding.sequence == 2
    assert targets(watching.follower.look()) == ["console 0", "unsound", "console 2"]
    file.write_bytes(file.read_bytes().replace(b"console 7", b"console 1"))
    watching.clock.at += 1
    watching.follower.look()
    assert targets(watching.follower.look()) == ["console 0", "console 1", "console 2"]


def test_a_journal_that_was_cut_is_read_anew(tmp_path: Path) -> None:
    write_quickly(tmp_path, 3)
    watching = Watching(tmp_path)
    watching.follower.look()
    file = journal_file(tmp_path / "audit", 1)
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:1]))
    assert targets(watching.follower.look()) == ["console 0"]


def test_a_cut_end_is_found_by_what_the_anchor_knows(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    for number in range(3):
        journal.note(ALICE, arming(number))
    file = journal_file(tmp_path / "audit", 1)
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:2]))
    look = Follower(tmp_path / "audit", [anchor_in(tmp_path)], Hands()).look()
    assert look.verdict is not None
    assert "cut off" in str(look.verdict.finding)


def test_the_whole_is_verified_when_it_has_changed_and_else_once_a_minute(tmp_path: Path) -> None:
    journal, watching = journal_in(tmp_path), Watching(tmp_path)
    journal.note(ALICE, arming(1))
    for _ in range(5):
        watching.follower.look()
    assert watching.witness.times == 1
    journal.note(ALICE, arming(2))
    watching.follower.look()
    assert watching.witness.times == 2
    watching.clock.at += VERIFIED_AGAIN
    watching.follower.look()
    assert watching.witness.times == 3
    watching.follower.look(verify_now=True)
    assert watching.witness.times == 4


def test_what_can_t_be_read_is_said_and_what_was_seen_stays(tmp_path: Path) -> None:
    write_quickly(tmp_path, 2)
    watching = Watching(tmp_path)
    watching.follower.look()
    (tmp_path / "audit").rename(tmp_path / "elsewhere")
    (tmp_path / "audit").write_text("no folder")
    look = watching.follower.look()
    assert "can't read" in look.error
    assert len(look.entries) == 2
    (tmp_path / "audit").unlink()
    (tmp_path / "elsewhere").rename(tmp_path / "audit")
    assert watching.follower.look().error == ""
