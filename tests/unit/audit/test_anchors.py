"""Heads that are kept elsewhere: in a file that may be torn, and in a syslog that may not listen."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.audit.anchors import AnchorFile, SyslogAnchor, keep_all
from console.audit.errors import AnchorError
from console.audit.record import Head
from tests.waiting import DEADLINE

FIRST, SECOND = Head(1, "a" * 64), Head(2, "b" * 64)


@pytest.fixture
def syslog(tmp_path: Path) -> Iterator[socket.socket]:
    """A syslog that listens at `tmp_path/log`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "log"))
        listening.settimeout(5)
        yield listening


def test_a_file_tells_every_head_that_it_was_told(tmp_path: Path) -> None:
    anchor = AnchorFile(tmp_path / "anchors" / "audit")
    anchor.keep(FIRST)
    anchor.keep(SECOND)
    assert anchor.kept() == (FIRST, SECOND)


def test_a_file_that_was_never_written_knows_nothing(tmp_path: Path) -> None:
    assert AnchorFile(tmp_path / "audit").kept() == ()


def test_a_torn_entry_costs_no_more_than_itself(tmp_path: Path) -> None:
    anchor = AnchorFile(tmp_path / "audit")
    anchor.keep(FIRST)
    (tmp_path / "audit").write_bytes((tmp_path / "audit").read_bytes()[:-3])
    anchor.keep(SECOND)
    assert anchor.kept() == (SECOND,)


def test_a_file_that_can_not_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "audit").mkdir()
    with pytest.raises(AnchorError, match=f"can't write {tmp_path}/audit: Is a directory"):
        AnchorFile(tmp_path / "audit").keep(FIRST)


def test_syslog_is_told_journal_sequence_and_hash(tmp_path: Path, syslog: socket.socket) -> None:
    SyslogAnchor("ops1:audit", tmp_path / "log").keep(SECOND)
    assert syslog.recv(4096).decode() == f"<86>opsconsole: journal ops1:audit head 2 {'b' * 64}"


def test_a_syslog_that_does_not_read_is_given_up_soon(tmp_path: Path, syslog: socket.socket) -> None:
    anchor = SyslogAnchor("ops1:audit", tmp_path / "log")
    begun = time.monotonic()
    with pytest.raises(AnchorError, match="can't tell syslog at "):
        for _ in range(10_000):
            anchor.keep(FIRST)
    assert time.monotonic() - begun < DEADLINE


def test_a_syslog_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(AnchorError, match=f"can't tell syslog at {tmp_path}/log: No such file or directory"):
        SyslogAnchor("ops1:audit", tmp_path / "log").keep(FIRST)


def test_an_anchor_that_fails_does_not_keep_the_others_from_being_told(tmp_path: Path) -> None:
    file = AnchorFile(tmp_path / "audit")
    complaints = keep_all(FIRST, (SyslogAnchor("ops1:audit", tmp_path / "log"), file))
    assert file.kept() == (FIRST,)
    assert [complaint.partition(":")[0] for complaint in complaints] == [
        f"can't tell syslog at {tmp_path}/log"
    ]
