"""What the screen needs: a monitor in the present or a player of the past, what it fires, and the journal."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from console.domain.assessment import Assessment
from console.domain.clock import Clock
from console.sources.logs.file import LogFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from console.actions.checkpoint import Operator
    from console.actions.flags_file import Draft
    from console.actions.kill.actuator import Actuator, Order, Result, Scope
    from console.actions.rollout.history import Change
    from console.actions.rollout.look import Look as FileLook
    from console.actions.rollout.record import Applied
    from console.audit.follow import Look
    from console.domain.approval import Consent, Deed
    from console.domain.deployment_calendar import Due
    from console.domain.deployment_calendar import Look as DoneLook
    from console.domain.gate import Gate
    from console.domain.last_trip import LastTrip
    from console.domain.metrics import Labels
    from console.domain.readiness import Readiness
    from console.domain.rollback import Advice, Rollbacks
    from console.domain.rollout.gates import Asked
    from console.domain.rollout.operations import Operation
    from console.domain.rollout.plan import Plan, Refusal
    from console.domain.silences import LabelMatcher
    from console.runbooks.deciding import Decision
    from console.runbooks.dry_run import Walked
    from console.runbooks.run import Run
    from console.runbooks.seen import Hands, Listing, Seen


class Watched(Protocol):
    """Where assessments come from."""

    clock: Clock

    def assessment(self, ahead: float = 0.0) -> Assessment:
        """What is true `ahead` seconds from now; cheap when nothing has changed."""

    async def run(self, changed: Callable[[], None]) -> None:
        """Poll until cancelled; call `changed` on the event loop after each reading."""

    def focus(self, symbol: str | None) -> None:
        """Read what is only wanted for one symbol, from now on; None: for none."""


@runtime_checkable
class HasLogs(Protocol):
    """A monitor names the logs that can be followed."""

    clock: Clock
    logs: tuple[LogFile, ...]


@runtime_checkable
class Holds(Protocol):
    """A monitor can say what an earlier assessment is worth by now."""

    def held(self, judged: Assessment, ahead: float = 0.0) -> Assessment:
        """What `judged` comes to `ahead` seconds from now, if nothing has been read since."""


class FollowsJournal(Protocol):
    """What reads the journal in `folder`; `look` blocks."""

    @property
    def folder(self) -> Path: ...

    def look(self, *, verify_now: bool = False) -> "Look": ...


class TripUnderWay(Protocol):
    """A trip whose actuators are being fired, or have been."""

    @property
    def order(self) -> "Order": ...

    @property
    def fired(self) -> tuple[str, ...]:
        """Every actuator by its name, in their order."""

    @property
    def pending(self) -> tuple[str, ...]: ...

    @property
    def results(self) -> "tuple[Result, ...]": ...

    @property
    def journal(self) -> str:
        """What became of the record, in words; empty while that isn't known."""


class FiresKillSwitch(Protocol):
    """The kill switch of a context, as a screen fires it."""

    @property
    def armed_with(self) -> "tuple[Actuator, ...]": ...

    @property
    def complaint(self) -> str:
        """What could not be prepared, so that a trip may lack it; empty where all is well."""

    @property
    def latest(self) -> "LastTrip | None":
        """The last trip of this process."""

    @property
    def fired(self) -> TripUnderWay | None:
        """The same with each actuator's result, be it over or not."""

    def trip(self, reason: str, scope: "Scope") -> TripUnderWay:
        """Fire everything that can stop `scope`; comes back once the flag is durable."""

    def close(self, seconds: float) -> None:
        """Wait until a trip under way is over, recorded and told, `seconds` at most."""


class ChangesStages(Protocol):
    """The rollout of a context, as a screen changes it. What isn't said otherwise waits for disks.

    All but `planned` and `phrase` raise AccessError, in one line.
    """

    def look(self) -> "FileLook":
        """The flags file as it is now."""

    def planned(self, operation: "Operation", look: "FileLook", live: Assessment) -> "Plan | Refusal":
        """What would be written, with its effect on every symbol. Waits for nothing."""

    def draft(self, plan: "Plan", look: "FileLook") -> "Draft":
        """The file as it would be. Waits for nothing."""

    def phrase(self, plan: "Plan") -> str:
        """What has to be typed where it leads into production. Waits for nothing."""

    def deed(self, plan: "Plan", look: "FileLook", asked: "Asked") -> "Deed":
        """What exactly a second person agrees to. Waits for nothing."""

    def gates(
        self, plan: "Plan", look: "FileLook", asked: "Asked", who: "Operator", live: Assessment
    ) -> "tuple[Gate, ...]":
        """Everything that the change needs; nothing where it only lowers the risk."""

    def apply(
        self,
        plan: "Plan",
        look: "FileLook",
        asked: "Asked",
        who: "Operator | None",
        live: Assessment,
        *,
        approved: "Callable[[], Consent] | None" = None,
    ) -> "Applied":
        """Make the change; nobody need be known where it only lowers the risk."""

    def history(self, feature: str | None = None) -> "tuple[Change, ...]":
        """The changes that the journal has, newest first."""


class Said(Protocol):
    """What was said of alerts, or taken back, as it was read back."""

    @property
    def words(self) -> str: ...

    @property
    def unrecorded(self) -> str:
        """Why the journal doesn't have it; empty where it does."""


class MarksAlerts(Protocol):
    """What people say of a context's alerts. It all waits for disks, and raises AccessError, in one line."""

    def acknowledge(self, key: str, live: Assessment, reason: str, lasting: float) -> Said:
        """Take on the alert whose row in `live` has this key, for `lasting` seconds at most."""

    def acknowledge_every(
        self, keys: "Sequence[str]", live: Assessment, reason: str, lasting: float
    ) -> "Sequence[Said]":
        """The same of each of them; an error says how far it came."""

    def withdraw(self, labels: "Labels", reason: str = "") -> Said:
        """Take back that somebody has taken on the alert with these labels."""

    def silence(
        self, matchers: "Sequence[LabelMatcher]", reason: str, lasting: float, *, local: bool = False
    ) -> Said:
        """Silence what all `matchers` accept; `local`: for the consoles of this host only."""

    def unsilence(self, key: str, reason: str = "") -> Said: ...


class KeepsCalendar(Protocol):
    """The calendar after a deployment. Both wait for disks, and raise AccessError, in one line."""

    @property
    def clock(self) -> Clock: ...

    def due(self) -> "tuple[Due, ...]":
        """What is to be done next, the earliest first."""

    def look(self, duty: str, note: str) -> "DoneLook":
        """Record that this person did the duty with this key just now."""


class DrivesRuns(Protocol):
    """The runbooks and runs of a context, as a screen drives them.

    It all waits for disks and for what checks ask, and raises DeskError, in one line. What goes on goes on
    until a person is needed, up to a step that does something, or until the run is over; what the journal
    lacks of it is returned, in words.
    """

    def listing(self) -> "Listing": ...

    def preview(self, name: str, values: "Mapping[str, str]", tell: "Callable[[Walked], None]") -> None:
        """Tell each step of a runbook with what its checks say now; nothing is done."""

    def begin(self, name: str, values: "Mapping[str, str]") -> str:
        """Begin a run, of which no step is done yet; its id."""

    def look(self, run_id: str) -> "Seen": ...

    def go_on(self, run_id: str, decision: "Decision", at: str = "") -> str:
        """Settle what was under way, decide at the step `at`, and go on."""

    def wait(self, run_id: str, at: str) -> str:
        """Ask again and again whether what the step `at` waits for holds, and go on once it does.

        Called once more, have that end.
        """

    def abort(self, run_id: str, reason: str, take_over: str = "") -> str:
        """End the run, and undo what was done, unless its runbook can't be read any more.

        Then `take_over` says why it is ended in place of who drives it, and what stays as it is is answered.
        """

    def take_over(self, run_id: str, reason: str) -> str:
        """Drive it in place of who does now."""

    def report(self, run_id: str) -> "tuple[Path, str]":
        """The run's report in Markdown, and the file that it is kept in."""


class KnowsOpenRuns(Protocol):
    """Reads the runs of a context that aren't over. It waits for a disk, or a database."""

    @property
    def clock(self) -> Clock: ...

    def found(self) -> "Sequence[tuple[Run, Hands]] | str":
        """Each with whose hands it is in, the newest first, or why they can't be read, in one line."""

    def drill(self) -> str:
        """Which rollback is practised, by whom and under what, in words; empty where none is known to be."""


class GuidesBack(Protocol):
    """The ways back of a context. It all waits for disks, and raises DeskError, in one line."""

    def rollbacks(self, live: Assessment) -> "Rollbacks":
        """What calls for one, and each procedure as it stands; waits for the database too."""

    def advised(self, live: Assessment) -> "Sequence[Advice]":
        """What the guide says now, alone."""

    def readiness(self) -> "Readiness":
        """When each procedure was practised last, and the newest backup."""


@runtime_checkable
class Replayed(Watched, Protocol):
    """A player: instants are seconds since 1970, `speed` is seconds of the record in a second."""

    paused: bool

    @property
    def at(self) -> float: ...

    @property
    def begin(self) -> float: ...

    @property
    def end(self) -> float: ...

    @property
    def speed(self) -> float: ...

    def keys_near(self, at: float) -> tuple[str, ...]:
        """The names of the operator's recorded keys of the last seconds before `at`, the newest last."""

    def seek(self, at: float) -> None: ...

    def set_speed(self, speed: float) -> None: ...
