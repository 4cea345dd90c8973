"""Points at which a test ends the process as a crash would: before and after each system call that writes."""

import os
import signal
from collections.abc import Callable
from functools import partial

VARIABLE = "OPSCONSOLE_FAULT"
"""The environment variable that names the point. Unset, which is always but in tests, points do nothing."""

Point = Callable[[str], None]
"""What a writer calls with the name of the step that it is at."""


def point(name: str) -> None:
    """End this process with SIGKILL if it was asked to die at `name`."""
    if os.environ.get(VARIABLE) == name:
        os.kill(os.getpid(), signal.SIGKILL)


def points_of(subject: str) -> Point:
    """The points of one file or act: step `before write` of `flag` is the point `flag: before write`."""
    return partial(_at, subject)


def _at(subject: str, step: str) -> None:
    point(f"{subject}: {step}")
