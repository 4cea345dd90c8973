"""A real journal to look at on the screen: who did what in the hour before `START`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console.audit.actor import Actor
from console.audit.anchors import AnchorFile
from console.audit.follow import Follower
from console.audit.journal import Journal
from console.audit.record import Act
from console.domain.clock import Clock
from tests.tui.fake import START, HandClock

DANA = Actor(uid=1001, user="dana", tty="/dev/pts/3", ssh="10.0.0.7", host="ops1", process="1-0")
BART = Actor(uid=1002, user="bartholomew", tty="", ssh="", host="ops1", process="2-0")
FOLDER = Path("state/audit")
"""Where it is, in the folder that a test runs in: the screen shows it."""
HOSTILE = "\x1b[31m[red]gone[/]\u202e 漢字 " + "x" * 300


def trip(reason: str = "SOL/USD margin 1.043 below 1.05", context: str = "futures-prod") -> Act:
    fired = ["flag file", "state file", "database"]
    return Act(context, "kill.trip", "all", reason=reason, evidence={"actuators": fired})


def journal(clock: Clock | None = None) -> Journal:
    anchor = AnchorFile(Path("state/anchors/audit"))
    return Journal(FOLDER, clock or HandClock(START), anchor=anchor, secrets=())


def follower(clock: Clock | None = None) -> Follower:
    return Follower(FOLDER, [AnchorFile(Path("state/anchors/audit"))], clock or HandClock(START))


def write_an_evening() -> None:
    """Trips that were done, that failed, and of which nobody knows; a console armed, a drill."""
    clock = HandClock(START - 3600)
    written = journal(clock)
    for number, done in enumerate((True, False, None, True)):
        intent = written.intent(DANA if number % 2 else BART, trip())
        clock.at += 0.4
        written.outcome(DANA, intent, done, after={"flag file": "set", "database": None})
        clock.at += 301
    written.note(BART, Act("paper", "access.break_glass", "console", reason="nobody else is awake"))
    clock.at += 60
    written.note(DANA, Act("paper", "kill.trip", "all", reason="drill of the quarter", drill=True))


@contextmanager
def edited(old: bytes, new: bytes) -> Iterator[None]:
    """The first file of the journal with `old` replaced by `new`, and afterwards as it was."""
    file = FOLDER / "journal-000001.jsonl"
    was = file.read_bytes()
    assert old in was
    file.write_bytes(was.replace(old, new, 1))
    yield
    file.write_bytes(was)
