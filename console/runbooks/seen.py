"""What a face sees of runbooks and runs at one instant, as values: what there is, and how one run stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from console.runbooks.model import Runbook
from console.runbooks.run import Run, UnreadRun


class DeskError(Exception):
    """Why a runbook or a run can't be read, begun or gone on with, as one line."""


class Hands(Enum):
    """In whose hands a run is, as this process sees it."""

    NOBODY = "nobody drives it"
    OWN = "driven from here"
    OTHERS = "driven elsewhere"
    STANDBY = "whoever drove it has gone, and what stood by goes on with it"


class Doing(Enum):
    """What this process is doing with a run."""

    GOES_ON = "it goes on"
    UNDOES = "it is being undone"
    WAITS = "it is asked again and again until it holds"
    WAITS_NO_LONGER = "it is asked no more"


@dataclass(frozen=True, slots=True)
class Offered:
    """A runbook that there is; `refusal` says why it can't be begun here, empty where it can."""

    runbook: Runbook
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """`broken` are the files that are no runbooks, by name, each with its first mistake.

    `runs` are the context's latest, the newest first; those that aren't over have their steps; `unread` are
    those of them that aren't known here. `at` is the time of day of the look, in seconds since 1970.
    """

    at: float
    offered: tuple[Offered, ...]
    broken: Mapping[str, str] = field(default_factory=dict)
    runs: tuple[Run, ...] = ()
    hands: Mapping[str, Hands] = field(default_factory=dict)
    unread: tuple[UnreadRun, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """One run. `does` says by step what its act does, empty where it has none.

    `doing` says what this process is doing with the run, None where it waits to be told. `output` are the
    last lines of what the running act has written, where that can be seen from here. `usual` are the seconds
    that steps have taken in earlier runs, by name. `report` is the file of the report of a run that is over.
    `unread` says why the run's runbook can't be read any more; then `runbook` has but its steps' names, and
    the run can only be ended. `at` as above.
    """

    at: float
    run: Run
    runbook: Runbook
    hands: Hands
    does: Mapping[str, str] = field(default_factory=dict)
    doing: Doing | None = None
    output: tuple[str, ...] = ()
    usual: Mapping[str, float] = field(default_factory=dict)
    report: Path | None = None
    unread: str = ""
