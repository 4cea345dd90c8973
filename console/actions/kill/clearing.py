"""What a reset does, step by step: it clears what trips of this host have set, and tells the engine.

The flag comes first, so that one which is there again is a trip that came meanwhile.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from console.actions.kill.actuator import Act, Answer, Order
from console.actions.kill.armament import Surfaces, UnableError, database_of, feature_flags_of
from console.actions.kill.flag_file import FlagFile, StateFile, is_of_trips
from console.actions.kill.stamps import is_ours, values_in
from console.domain.clock import Clock
from console.domain.foreign import visible
from console.domain.last_trip import Found

if TYPE_CHECKING:
    from console.actions.removal import Identity
    from console.settings import Settings

FLAG = "flag file"
NOTICED_BY = 5.0
"""Seconds that an engine has to notice that its surfaces are clear: until then it refuses to reset itself."""
_OTHERS_FLAG = "was set by others, and stays"
_UNNAMED = "the settings don't name it any more"
_PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class Step:
    """One surface's: `would` says exactly what `act` does, for who has to agree to it."""

    name: str
    would: str
    act: Callable[[], Answer]


@dataclass(frozen=True, slots=True)
class Clearing:
    """What is cleared: `found` is what trips have changed, `flag` the flag that is there now."""

    settings: "Settings"
    surfaces: Surfaces
    found: tuple[Found, ...]
    flag: "Identity | None"
    clock: Clock
    environ: Mapping[str, str]

    def steps(self, order: Order) -> tuple[Step, ...]:
        """Every step, in order."""
        return tuple(self._steps(order))

    def left(self, order: Order) -> Mapping[str, str]:
        """Each surface that trips have changed and no step clears, and in words why."""
        cleared = {step.name for step in self.steps(order)}
        changed = sorted({one.surface for one in self.found} - cleared)
        return {name: _OTHERS_FLAG if name == FLAG and self.flag else _UNNAMED for name in changed}

    def _steps(self, order: Order) -> Iterator[Step]:
        surfaces, limits = self.surfaces, self.settings.chosen.kill_switch.deadlines
        ours = {one.surface for one in self.found}
        if surfaces.flag is not None and FLAG in ours and self._is_ours(self.flag):
            yield Step(FLAG, "remove the flag", partial(FlagFile(surfaces.flag).clear, self.flag))
        if surfaces.flags_file is not None and "feature flags" in ours:
            flags = feature_flags_of(surfaces.flags_file, self.settings.state, self.clock)
            yield Step("feature flags", "put global_kill_switch to false", flags.clear)
        if surfaces.database is not None and (rows := self._found_in("database")):
            told = ", ".join(map(_in_words, values_in(rows).items()))
            yield Step("database", f"put back {told}", partial(self._put_back, rows, order.by))
        if surfaces.http_reset is not None:
            send = partial(self._send, surfaces.http_reset, limits.http, order)
            yield Step("http", "have the engine reset itself", send)
        if surfaces.reset_command:
            run = partial(_run, surfaces.reset_command, limits.command, order)
            yield Step("command", f"run {visible(' '.join(surfaces.reset_command))}", run)
        if surfaces.state is not None and "state file" in ours:
            yield Step("state file", "put tripped to false", StateFile(surfaces.state).clear)

    def _is_ours(self, flag: "Identity | None") -> bool:
        """Whether the flag, where there is one, is to be removed: others may have written it since."""
        return flag is None or is_of_trips(flag, self._found_in(FLAG))

    def _found_in(self, surface: str) -> dict[str, str | None]:
        return {one.key: one.value for one in self.found if one.surface == surface}

    def _put_back(self, rows: Mapping[str, str | None], by: str) -> Answer:
        deadline = self.settings.chosen.kill_switch.deadlines.database
        try:
            switches = database_of(self.surfaces, deadline, self.clock, self.environ)
        except UnableError as error:
            return Answer(Act.FAILED, str(error))
        return switches.clear(rows, by)

    def _send(self, url: str, deadline: float, order: Order) -> Answer:
        from console.actions.kill.http import Http  # noqa: PLC0415 (50 ms of imports)

        engine, until = Http(url, self.clock, deadline, trips=False), self.clock.now() + NOTICED_BY
        while (answer := engine.fire(order)).act is Act.REFUSED and self.clock.now() < until:
            time.sleep(_PAUSE)
        return answer


def _run(arguments: tuple[str, ...], timeout: float, order: Order) -> Answer:
    from console.actions.kill.command import Command  # noqa: PLC0415 (as above)

    return Command(arguments, timeout).fire(order)


def _in_words(row: tuple[str, str | None]) -> str:
    key, value = row
    if value is not None and is_ours(value):
        return f"{key} to 0 of {visible(value[:50])}"
    return f"{key} to none" if value is None else f"{key} to {visible(value[:20])}"
