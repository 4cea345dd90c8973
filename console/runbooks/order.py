"""A step's folder: the order that is carried out there, who has claimed it, and what came of it.

    order.json       what to run, for how long; a transaction's statements are beside it, in sql.json
    claim            who runs it: made once, so that of two who would, one does. `nobody`: it is never run
    process          the command's process, PID-START
    output(.before)  the end of what it wrote
    outcome.json     what came of it; without it, a claim whose process is gone says that nobody knows

Standard library only.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from console.audit.actor import process_start
from console.audit.files import open_file, sync

NOBODY = "nobody"
"""The claim of those who came back before it was begun."""


@dataclass(frozen=True, slots=True)
class Order:
    """`timeout` and `grace` (between SIGTERM and SIGKILL) are in seconds, `limit` in bytes of output kept.

    What may never end has done its part once it has lived for `lives` seconds; 0 is for what has to end.
    """

    arguments: tuple[str, ...]
    timeout: float
    grace: float = 2.0
    limit: int = 1 << 20
    lives: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended: by `code` (negative: by that signal), or `error` says why it could not be begun.

    `ended` says who ended it: nobody (empty), its `time-out`, or an `abort`; `lives`, that nobody did, and it
    goes on. `size` and `digest` are those of all that it wrote, the part that isn't kept included; `seconds`
    is how long it took.
    """

    code: int | None
    error: str = ""
    ended: str = ""
    seconds: float = 0.0
    size: int = 0
    digest: str = ""
    lives: bool = False


def claim(folder: Path, who: str) -> bool:
    """Claim the order for `who`; False where somebody has it already."""
    temporary = _written(folder, f"claim.{os.getpid()}", who)
    try:
        os.link(temporary, folder / "claim")
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    sync(folder)
    return True


def keep(folder: Path, name: str, text: str) -> None:
    """Write a file of the folder whole and durably, or raise OSError."""
    _written(folder, f"{name}.{os.getpid()}", text).rename(folder / name)
    sync(folder)


def identity(pid: int) -> str:
    """`PID-START`: a number that is given again is another process."""
    return f"{pid}-{process_start(pid) or 0}"


class NotBegunError(Exception):
    """Why a command could not be begun, in words."""


def begun(folder: Path, order: Order, output: "int | IO[bytes]") -> "subprocess.Popen[bytes]":
    """The command's process, in a session of its own, known to the folder before it begins. NotBegunError."""
    supervisor = os.getpid()

    def announce() -> None:
        """In the command's process, before the command: no command runs that the folder doesn't know."""
        keep(folder, "process", identity(os.getpid()))
        if os.getppid() != supervisor:
            os._exit(1)

    try:
        return subprocess.Popen(
            order.arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=announce,  # noqa: PLW1509 (this process has no threads)
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise NotBegunError(f"{order.arguments[0]}: {words.lower()}") from None


def _written(folder: Path, name: str, text: str) -> Path:
    """A file of that name with that text, durable but for its name."""
    file = folder / name
    descriptor = open_file(file, os.O_WRONLY | os.O_TRUNC)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    return file
