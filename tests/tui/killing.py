"""A kill switch to fire from the screen: real trips of actuators that do as they are told."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from textual.events import Key

from console.actions.kill.actuator import ALL_SCOPES, WHOLE, Act, Actuator, Answer, Order, Result, Scope
from console.actions.kill.trip import Trip, trip
from console.domain.clock import Clock
from console.domain.kill_state import Written
from console.domain.last_trip import LastTrip
from console.domain.snapshot import Snapshot, with_own_trip
from console.tui.app import OpsConsole
from console.tui.tools import Tools
from console.tui.wishes import NO_WISHES, Wishes
from tests.tui.cases import UTF8
from tests.tui.fake import PAPER, START, FakeWatched, HandClock, metrics_of, snapshot, symbol_rows
from tests.tui.screen import text_of
from tests.waiting import DEADLINE, until

_SET = Answer(Act.DONE, "set", "not set", "set")


@dataclass(slots=True)
class Stub:
    """An actuator that answers at once, or once `may_answer` is set."""

    name: str
    answer: Answer = _SET
    scopes: frozenset[Scope] = WHOLE
    deadline: float = 1.0
    may_answer: threading.Event | None = None

    def fire(self, order: Order) -> Answer:
        if self.may_answer is not None:
            self.may_answer.wait(2 * DEADLINE)
        return self.answer


@dataclass(slots=True)
class Noted:
    """A journal that takes everything."""

    def intent(self, order: Order, actuators: Sequence[str]) -> None: ...

    def outcome(self, order: Order, results: Sequence[Result]) -> None: ...


@dataclass(slots=True)
class Kill:
    """The kill switch of a context; `trips` are the reasons and scopes that it was tripped with."""

    clock: Clock
    armed_with: tuple[Actuator, ...]
    complaint: str = ""
    latest: LastTrip | None = None
    fired: Trip | None = None
    trips: list[tuple[str, Scope]] = field(default_factory=list)

    def trip(self, reason: str, scope: Scope) -> Trip:
        self.trips.append((reason, scope))
        self.fired = fired = trip(self.armed_with, reason, scope, Noted(), self.clock, by="dana")
        self.latest = last_trip(reason=reason, at=self.clock.wall(), written=written(*fired.fired))
        return fired

    def close(self, seconds: float) -> None:
        if self.fired is not None:
            self.fired.wait(seconds)


def everything(*, failing: bool = False, hanging: threading.Event | None = None) -> tuple[Actuator, ...]:
    """Six surfaces, of which the database fails or hangs where that is wanted."""
    refused = Answer(Act.FAILED, "can't connect to db-1.internal: connection refused")
    set_to = Answer(Act.DONE, "set to 0")
    return (
        Stub("flag file"),
        Stub("state file"),
        Stub("http", Answer(Act.DONE, "200: the engine has taken it"), ALL_SCOPES),
        Stub("command", Answer(Act.DONE, "exit code 0"), WHOLE),
        Stub("feature flags", Answer(Act.DONE, "global_kill_switch: true")),
        Stub("database", refused if failing else set_to, ALL_SCOPES, may_answer=hanging),
    )


def written(*names: str, done: bool | None = True, words: str = "set") -> tuple[Written, ...]:
    return tuple(Written(name, done, words) for name in names)


def last_trip(
    *,
    reason: str = "SOL/USD margin 1.043 below 1.05",
    at: float = START - 2,
    written: tuple[Written, ...] = (),
    acknowledged: float | None = None,
) -> LastTrip:
    return LastTrip(at, "dana", reason, "all", written=written, acknowledged=acknowledged)


class Desk:
    """A console with a kill switch; keys are pressed as a hand does, `gap` seconds apart."""

    def __init__(
        self,
        shown: Snapshot | None = None,
        kill: Kill | None = None,
        environ: Mapping[str, str] = UTF8,
        wishes: Wishes = NO_WISHES,
    ) -> None:
        self.clock = HandClock(START + 0.8)
        self.kill = kill or Kill(self.clock, everything())
        self.watched = FakeWatched(shown or snapshot(START, metrics_of(symbol_rows(5))), self.clock)
        self.app = OpsConsole(
            PAPER, lambda: self.watched, environ=environ, tools=Tools(kill=self.kill), wishes=wishes
        )
        self._at = time.monotonic()

    async def press(self, *keys: str, gap: float = 0.3) -> None:
        for key in keys:
            self._at += gap
            event = Key(key, key if len(key) == 1 else {"enter": "\r", "space": " "}.get(key))
            event.time = self._at
            self.app.post_message(event)
        await settled(self.app)

    @property
    def text(self) -> str:
        return text_of(self.app)

    def judged(self, taken: Snapshot | None = None, later: float = 0.0) -> None:
        """Have the monitor know of the trip, `later` seconds on."""
        self.clock.at += later
        shown = taken or self.watched.snapshot
        self.watched.snapshot = replace(
            shown, last_trip=with_own_trip(shown.last_trip, self.kill.latest, self.clock.at)
        )
        self.app.paint()


async def settled(app: OpsConsole) -> None:
    """Wait until what was posted to the app has been dealt with, and where that went to the screen, too."""
    for hop in range(3):
        done = threading.Event()
        (app.screen if hop == 1 else app).call_later(done.set)
        await until(done.is_set)
