"""The journal's head told to what may hang: at once, once, again after a failure, and never waited for."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.actions.anchoring import AGAIN, Anchoring, anchoring_of, table_of
from console.audit.errors import AnchorError, NoAnchorError
from console.audit.journal import Journal
from console.audit.record import Head
from console.audit.verify import verify
from console.domain.clock import SystemClock
from tests.unit.actions.contexts import settings_with
from tests.unit.audit.journals import ALICE, arming, journal_in
from tests.waiting import DEADLINE, eventually

DATABASE = "database: {url: 'mysql://ops@127.0.0.1:1/books', password_env: DB_PASSWORD}"


class Anchor:
    """Keeps heads in a list, or says why it doesn't."""

    name = "test"

    def __init__(self, *failures: AnchorError) -> None:
        self.heads: list[Head] = []
        self.asked = 0
        self._failures = list(failures)

    def keep(self, head: Head) -> None:
        self.asked += 1
        if self._failures:
            raise self._failures.pop(0)
        self.heads.append(head)


class HandClock(SystemClock):
    """A clock that is set by hand."""

    at = 1000.0

    def now(self) -> float:
        return self.at


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return journal_in(tmp_path)


def test_the_head_is_told_and_only_when_it_is_new(journal: Journal) -> None:
    anchor = Anchor()
    anchoring = Anchoring(journal.folder, [anchor], SystemClock())
    first = journal.note(ALICE, arming(1)).head
    anchoring.look()
    anchoring.look()
    second = journal.note(ALICE, arming(2)).head
    anchoring.look()
    assert anchor.heads == [first, second]


def test_what_was_told_is_remembered_without_asking(journal: Journal) -> None:
    anchor = Anchor()
    anchoring = Anchoring(journal.folder, [anchor], SystemClock())
    head = journal.note(ALICE, arming(1)).head
    anchoring.look()
    assert (anchoring.name, anchoring.kept()) == ("test", (head,))


def test_a_cut_end_is_found_by_what_is_remembered(journal: Journal) -> None:
    anchoring = Anchoring(journal.folder, [Anchor()], SystemClock())
    journal.note(ALICE, arming(1))
    anchoring.look()
    (journal.folder / "journal-000001.jsonl").write_bytes(b"")
    finding = verify(journal.folder, [anchoring]).finding
    assert finding is not None
    assert finding.why == "is missing, and test knows record 1: cut off"


def test_as_a_witness_one_that_fails_says_so(journal: Journal) -> None:
    anchoring = Anchoring(journal.folder, [Anchor(AnchorError("can't"))], SystemClock())
    journal.note(ALICE, arming(1))
    anchoring.look()
    assert verify(journal.folder, [anchoring]).notes[0] == "can't"


def test_without_a_record_there_is_nothing_to_tell(tmp_path: Path) -> None:
    anchor = Anchor()
    Anchoring(tmp_path / "audit", [anchor], SystemClock()).look()
    assert anchor.asked == 0


def test_one_that_fails_says_so_and_is_told_again_later(journal: Journal) -> None:
    anchor, clock = Anchor(AnchorError("can't")), HandClock()
    anchoring = Anchoring(journal.folder, [anchor], clock)
    head = journal.note(ALICE, arming(1)).head
    anchoring.look()
    anchoring.look()
    assert (anchor.asked, anchoring.complaint) == (1, "can't")
    clock.at += AGAIN
    anchoring.look()
    assert (anchor.heads, anchoring.complaint) == ([head], "")


def test_one_that_fails_does_not_keep_the_others_from_being_told(journal: Journal) -> None:
    anchor = Anchor()
    journal.note(ALICE, arming(1))
    Anchoring(journal.folder, [Anchor(AnchorError("can't")), anchor], SystemClock()).look()
    assert len(anchor.heads) == 1


def test_one_that_nobody_has_made_is_no_complaint(journal: Journal) -> None:
    anchoring = Anchoring(journal.folder, [Anchor(NoAnchorError("no table"))], SystemClock())
    journal.note(ALICE, arming(1))
    anchoring.look()
    assert anchoring.complaint == ""


def test_a_journal_that_can_not_be_read_is_a_complaint(tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("")
    anchoring = Anchoring(tmp_path / "audit", [Anchor()], SystemClock())
    anchoring.look()
    assert anchoring.complaint == f"heads are not anchored: can't read {tmp_path}/audit: Not a directory"


def test_a_running_one_tells_what_is_appended(journal: Journal) -> None:
    anchor = Anchor()
    anchoring = Anchoring(journal.folder, [anchor], SystemClock(), every=0.01)
    anchoring.start()
    journal.note(ALICE, arming(1))
    eventually(lambda: anchor.heads)
    anchoring.close(5)


def test_closing_tells_the_last_head(journal: Journal) -> None:
    anchor = Anchor()
    anchoring = Anchoring(journal.folder, [anchor], SystemClock(), every=60)
    anchoring.start()
    head = journal.note(ALICE, arming(1)).head
    anchoring.close(5)
    assert anchor.heads == [head]


def test_closing_does_not_wait_for_one_that_hangs(tmp_path: Path, black_hole: str) -> None:
    settings = settings_with(tmp_path, f"database: {{url: '{black_hole}'}}")
    anchoring = anchoring_of(settings, SystemClock(), {})
    journal = Journal(settings.state / "audit", SystemClock())
    journal.note(ALICE, arming(1))
    anchoring.start()
    began = time.monotonic()
    anchoring.close(0.05)
    assert time.monotonic() - began < DEADLINE


@pytest.fixture
def black_hole() -> Iterator[str]:
    """The URL of a database that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"mysql://ops@127.0.0.1:{listening.getsockname()[1]}/books"


def test_syslog_is_told_where_the_settings_name_it(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
        syslog.bind(str(tmp_path / "log"))
        syslog.settimeout(5)
        settings = settings_with(tmp_path)
        settings = settings.model_copy(
            update={"audit": settings.audit.model_copy(update={"syslog": tmp_path / "log"})}
        )
        head = Journal(settings.state / "audit", SystemClock()).note(ALICE, arming(1)).head
        anchoring_of(settings, SystemClock(), {}).look()
        assert syslog.recv(4096).decode().endswith(f":{settings.state}/audit head 1 {head.hash}")


def test_without_a_password_the_database_is_not_asked_and_the_variable_is_named(tmp_path: Path) -> None:
    table = table_of(settings_with(tmp_path, DATABASE), {})
    assert table is not None
    with pytest.raises(AnchorError, match="the environment variable DB_PASSWORD is not set"):
        table.keep(Head(1, "a" * 64))


def test_a_paper_engines_database_is_no_anchor(tmp_path: Path) -> None:
    assert table_of(settings_with(tmp_path, "engine_file: engine.json"), {}) is None


def test_no_table_is_asked_where_the_settings_say_so(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, "database: {url: 'mysql://ops@127.0.0.1:1/books'}")
    wanted = settings.audit.model_copy(update={"database": False})
    assert table_of(settings.model_copy(update={"audit": wanted}), {}) is None
