"""What a rollback goes by in a context, as the settings state it: its processes, its files, its drills."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from console.settings_values import Model, Seconds, seconds


def _within_the_tree(value: object) -> object:
    parts = Path(value).parts if isinstance(value, str) else ()
    if not parts or Path(*parts).is_absolute() or ".." in parts:
        raise ValueError("a path or a pattern seen from the tree, such as services/*.py, without ..")
    return value


UnitName = Annotated[str, Field(pattern=r"^[A-Za-z0-9:_.@\\-]+$", max_length=255)]
TreePath = Annotated[str, BeforeValidator(_within_the_tree)]


class Processes(Model):
    """How the engine's processes are known besides the one of `engine_file`, and how long ending them takes.

    `unit` is a systemd unit, of the system's manager or with `user` of the user's own; `pid_files` hold one
    pid each. `grace` are the seconds from asking a process to end to forcing it.
    """

    unit: UnitName | None = None
    user: bool = False
    pid_files: list[Path] = Field(default_factory=list)
    grace: Seconds = 20


class Code(Model):
    """The files that a release of the engine consists of: those of `tree` that `files` name.

    `coin_files` are those that only the coin engine needs. Recorded copies are in `releases`, by default in
    the console's state folder; pruning keeps the newest `keep` of them, and the newest of each of the last
    `days` days.
    """

    tree: Path
    files: Annotated[list[TreePath], Field(min_length=1)]
    coin_files: list[TreePath] = Field(default_factory=list)
    releases: Path | None = None
    keep: Annotated[int, Field(ge=1, le=10_000)] = 20
    days: Annotated[int, Field(ge=0, le=3650)] = 30


class Drills(Model):
    """How old the last drill of a procedure may be before the overview warns, in seconds."""

    within: Annotated[float, BeforeValidator(seconds), Field(ge=60, le=365 * 86400)] = 30 * 86400
