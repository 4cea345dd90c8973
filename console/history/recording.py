"""From settings to a Recorder: where the record of a context lies, and what is written at its head."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from console.domain.assessment import Rules
from console.domain.clock import Clock
from console.domain.snapshot import Snapshot
from console.history.header import Header
from console.history.recorder import Recorder
from console.history.ring import Bounds
from console.history.tape import Tape
from console.own_folder import own_folder

if TYPE_CHECKING:
    from console.settings import Settings


class Recorded(Protocol):
    """What is recorded: a monitor, which hands over each snapshot that it has judged."""

    clock: Clock
    on_judged: Callable[[Snapshot], None] | None

    @property
    def rules(self) -> Rules: ...


def recording(
    settings: "Settings", monitor: Recorded, operator: str, *, folder: Path | None = None
) -> Recorder:
    """Record what `monitor` sees from now on, until the recorder is closed.

    `folder` is another one than that of the settings' state.
    """
    chosen, wanted = settings.chosen, settings.history
    header = Header(
        context=settings.context,
        environment=chosen.environment,
        colour=chosen.colour,
        operator=operator,
        rules=monitor.rules,
        every=wanted.every,
    )
    tape = Tape(folder or record_folder(settings), header, Bounds(wanted.keep, wanted.size), monitor.clock)
    recorder = Recorder(tape, wanted.every)
    monitor.on_judged = recorder.take
    recorder.start()
    return recorder


def record_folder(settings: "Settings") -> Path:
    """Where the record of the chosen context lies."""
    name = quote(settings.context, safe=" ")
    return own_folder(settings.state) / "history" / (name if name.strip(". ") else f"%2E{name[1:]}")
