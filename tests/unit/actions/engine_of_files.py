"""An engine that has nothing but files, a real kill switch on it, and what that has left there."""

import json
from pathlib import Path

from console.actions.checkpoint import Operator
from console.actions.kill.actuator import Scope
from console.actions.kill.reset import Recovered
from console.actions.kill.resetting import Reset
from console.actions.kill.switch import KillSwitch
from console.audit.files import records
from console.audit.record import Record
from console.domain.access import Arming, Person, Role, Standing
from console.domain.assessment import Assessment
from console.domain.last_trip import LastTrip, last_trip_from
from console.domain.reset_gates import Asked
from tests.unit.actions.contexts import settings_with
from tests.unit.actions.people import Wall
from tests.unit.domain.trips import world
from tests.unit.domain.worlds import NOW, judged

FLAGS = "global_kill_switch: false  # all\nfeatures: {}\n"
ASKED = Asked("all is well", "production prod", cause_acknowledged=True, override="nothing to recover")
WHO = Operator(
    Standing(Person(0, "root"), Role.OPERATOR, "named as user root"),
    Arming(NOW - 1, NOW + 600, "reset", 120, NOW),
)


def engine_in(folder: Path) -> Path:
    """The folder, with the engine's files in it."""
    (folder / "engine").mkdir()
    (folder / "engine" / "flags.yaml").write_text(FLAGS)
    return folder


def console(
    folder: Path,
    *lines: str,
    files: str = "flag: engine/flag, state: engine/state.json",
    recovered: Recovered = lambda _since: (None, ""),
) -> KillSwitch:
    named = (f"kill_switch: {{{files}, cool_down: 5s}}", "flags_file: engine/flags.yaml", *lines)
    return KillSwitch(settings_with(folder, *named), clock=Wall(NOW), environ={}, recovered=recovered)


def tripped(switch: KillSwitch, *, ago: float = 60.0, scope: Scope = Scope.ALL) -> LastTrip:
    """Trip it, some seconds ago."""
    clock = switch._clock
    assert isinstance(clock, Wall)
    clock.at = NOW - ago
    switch.trip("margin", scope)
    switch.close(10)
    clock.at = NOW
    assert switch.latest is not None
    return switch.latest


def live(trip: LastTrip | None) -> Assessment:
    """What a monitor sees of an engine that is tripped."""
    return judged(world(trip=trip))


def last(folder: Path) -> LastTrip:
    return last_trip_from(json.loads((folder / "state" / "kill" / "prod.json").read_bytes()))


def journal(folder: Path, action: str = "kill.reset") -> list[Record]:
    return [each for each in records(folder / "state" / "audit") if each.action == action]


def flag(folder: Path) -> Path:
    return folder / "engine" / "flag"


def outcomes(reset: Reset) -> dict[str, str]:
    return {result.name: result.state.value for result in reset.results}
