"""A log that can be followed, by the name that the operator knows it by."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LogFile:
    """`find` says where the file is now, and raises SourceError when nothing says so.

    It is asked again from time to time: an engine that starts again can write elsewhere.
    """

    name: str
    find: Callable[[], Path]
