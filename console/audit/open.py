"""Where the journal of a state folder is, and what keeps its end: the same for all who write or read it."""

from pathlib import Path

from console.audit.anchors import AnchorFile
from console.audit.journal import WAIT, Journal
from console.audit.points import Point, pass_by
from console.domain.clock import Clock


def folder_in(state: Path) -> Path:
    """The folder of the journal."""
    return state / "audit"


def anchor_in(state: Path, point: Point = pass_by) -> AnchorFile:
    """The file that knows every head; in another folder, so that one `rm` doesn't take both."""
    return AnchorFile(state / "anchors" / "audit", point)


def open_journal(state: Path, clock: Clock, point: Point = pass_by, *, wait: float = WAIT) -> Journal:
    """The journal of `state`, anchored. Opening it touches nothing; `wait` is for others, in seconds."""
    return Journal(folder_in(state), clock, point, anchor=anchor_in(state, point), wait=wait)
