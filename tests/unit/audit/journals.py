"""Journals to look at and to damage, and processes that are really killed."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

from console.audit.actor import Actor
from console.audit.anchors import AnchorFile
from console.audit.files import journal_file
from console.audit.journal import LARGEST, WAIT, Journal
from console.audit.points import Point, pass_by
from console.audit.record import BEGINNING, Act, Draft, Phase, chained
from console.audit.redaction import Json
from console.domain.clock import SystemClock

GONE = "999999999-0"
"""A process that can't run: its number is larger than the kernel gives any."""
ALICE = Actor(uid=1001, user="alice", tty="/dev/pts/3", ssh="10.0.0.7", host="ops1", process=GONE)
TRIP = Act("futures-prod", "kill.trip", "whole context", reason="margin below 1.1")


def journal_in(
    folder: Path,
    point: Point = pass_by,
    *,
    wait: float = WAIT,
    largest: int = LARGEST,
    secret: str = "xK3-9qzT",
) -> Journal:
    """The journal in `folder/audit`, anchored in `folder/anchors`."""
    return Journal(
        folder / "audit",
        SystemClock(),
        point,
        anchor=anchor_in(folder, point),
        wait=wait,
        largest=largest,
        secrets=(secret,),
    )


def anchor_in(folder: Path, point: Point = pass_by) -> AnchorFile:
    return AnchorFile(folder / "anchors" / "audit", point)


def arming(number: int, evidence: Json = None) -> Act:
    return Act("paper", "arm", f"console {number}", evidence=evidence)


def write_quickly(folder: Path, count: int) -> None:
    """A journal of `count` records in `folder/audit`, without waiting for the disk after each."""
    head, lines = BEGINNING, []
    for number in range(count):
        record = chained(
            Draft(ALICE, arming(number), Phase.OUTCOME, done=True), head, 1.8e9 + number, secrets=()
        )
        head = record.head
        lines.append(record.line + b"\n")
    (folder / "audit").mkdir()
    journal_file(folder / "audit", 1).write_bytes(b"".join(lines))


def tear(folder: Path, torn: bytes = b'{"sequence":') -> None:
    """Leave `torn` at the end of the newest file, as a writer does that is killed."""
    newest = max((folder / "audit").glob("journal-*"))
    newest.write_bytes(newest.read_bytes() + torn)


def killer(point: str) -> Point:
    """Kills the process that passes `point`."""

    def pass_or_die(name: str) -> None:
        if name == point:
            os.kill(os.getpid(), signal.SIGKILL)

    return pass_or_die


def in_child(work: Callable[[], object]) -> int:
    """Do `work` in a forked process; what ended it: 0, 1 for an exception, or minus the signal."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
