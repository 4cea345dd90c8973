"""Named points before and after every system call that writes, where a test may end the process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Point = Callable[[str], None]
"""Called with the name of the point that is being passed; it returns, or the process is gone."""

CALLS = (
    "journal.folder",
    "journal.lock",
    "journal.create",
    "journal.write",
    "journal.fsync",
    "journal.names",
    "anchor.write",
    "reserve.fill",
    "reserve.shrink",
)
"""What the journal does to the disk, in the order of an append; each has a point before and one after."""

POINTS = tuple(f"{call}.{side}" for call in CALLS for side in ("before", "after"))


def pass_by(name: str) -> None:
    """The point of everyday: nothing happens there."""


@contextmanager
def around(point: Point, call: str) -> Iterator[None]:
    """Pass the points before and after `call`, which is one of CALLS."""
    point(f"{call}.before")
    yield
    point(f"{call}.after")
