"""The kill switch, above everything: what it is and rests on, what a trip would do, and what came of one.

K opens it and T trips: two keys, and the flag is durable before T's handler returns. Digits give a reason,
and nothing waits for one. Enter, paste and held keys do nothing.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar, Protocol, runtime_checkable

from textual.geometry import Size
from textual.timer import Timer

from console import threads
from console.actions.kill.actuator import Actuator, Scope
from console.domain.kill_state import KillState
from console.domain.last_trip import LastTrip
from console.tui.actions import IN_A_REPLAY, Place, bindings
from console.tui.friction import TOO_FAST, Pace
from console.tui.safety import NOT_READY
from console.tui.screens.approving import waiting_lines
from console.tui.screens.kill import asking, ladder, state
from console.tui.screens.kill.covering import Covering, stacked
from console.tui.screens.kill.reasons import reasons_at
from console.tui.text import Line
from console.tui.view import View
from console.tui.watched import FiresKillSwitch, TripUnderWay
from console.tui.widgets.prompt import Question

NOTHING_TO_FIRE = "This console was given no kill switch: use the engine's own means"
_AGAIN = "one key alone trips nothing: first K, then T"
_ANSWERS_EVERY = 0.05
"""Seconds between two looks at a trip while an actuator hasn't answered."""
_LOOKS_EVERY = 2.0
"""Seconds between two looks at what a trip would fire."""
_NOTED_WITHIN = 5.0
"""Seconds in which a trip is noted and judged, where everything goes as it should."""
_HIGH = 30
"""Lines from which on there is room for one thing a line, and for air."""
_HEAD = 3
"""Lines for the state and its words, whether it has so many words or not."""


@runtime_checkable
class Console(Protocol):
    """The app, as far as this screen wants it: it knows how fast keys come, and shows the world as it is."""

    pace: Pace

    def paint(self) -> None: ...


class KillSwitch(Covering, inherit_bindings=False):
    """Asks for a trip, and shows what came of the last one."""

    PLACE: ClassVar[Place] = "kill"
    BINDINGS: ClassVar = bindings("kill")
    ABOUT: ClassVar[str] = (
        "CLEAR: the engine says so. TRIPPING: it is being fired. UNCONFIRMED: written, but the engine has "
        "not acknowledged it, or fills can't be seen. TRIPPED: the engine says so, and no fill since. "
        "PARTIAL: something did not follow. LOST: the engine has cleared an acknowledged trip by itself. "
        "TRIPPED alone is proven."
    )
    crumb = "kill switch"

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._reasons = reasons_at(view)
        self._scope = Scope.ALL
        self._armed: Sequence[Actuator] | None = None
        self._looking: asyncio.Future[tuple[Actuator, ...]] | None = None
        self._trip, self._fired_at = _fired_before(view)
        self._before = 0.0
        self._just_fired = False
        self._answers: Timer | None = None
        self._told: tuple[object, ...] = ()
        self._over = self._trip is not None or _stands(view)
        self._asks = not self._over

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(_LOOKS_EVERY, self._look_up)
        self._look_up()
        if self._trip is not None:
            self._follow()

    def paint(self, view: View) -> None:
        self._reasons = self._reasons.joined_by(view)
        super().paint(view)
        if self._is_over:
            self._trip = None
            self.get_ready()
        elif self._asks and not self._over and _stands(view):
            self._asks = False  # somebody else has tripped it meanwhile, or the engine itself
            self._show()
            self.show_hints()

    def get_ready(self) -> None:
        """Ask once more, as if it had just been opened; while it asks, what was chosen stays chosen."""
        if not self._asks:
            self._over, self._just_fired = _stands(self.view), False
            self._asks, self._reasons, self._scope = True, reasons_at(self.view), Scope.ALL
            self._show()
            self.show_hints()

    def action_back(self) -> None:
        """From the question back to the trip that stands, if there is one."""
        if self._asks and self._over:
            self._asks = False
            self._show()
            self.show_hints()
        else:
            super().action_back()

    def action_trip(self) -> None:
        """Fire everything that can stop the scope, unless no hand has pressed the key."""
        pace = self.app.pace if isinstance(self.app, Console) else Pace()
        kill, objection = self.view.kill, self._objection
        if objection or kill is None:
            self.refuse(objection)
        elif self._just_fired and pace.repeated:
            self.refuse(_AGAIN)
        elif pace.too_fast:
            self.refuse(f"{TOO_FAST}; press it again")
        else:
            self._fire(kill)

    def action_pick_reason(self) -> None:
        if isinstance(self.app, Console):
            self.get_ready()
            self._reasons = self._reasons.take(asking.digit_of(self.view, self.app.pace.key))
            self._show()

    def action_type_reason(self) -> None:
        self.get_ready()
        self.ask(
            Question("reason", "", lambda text: "" if text.strip() else "a reason is needed", self._typed)
        )

    def _typed(self, text: str | None) -> None:
        if text is not None:
            self._reasons = replace(self._reasons, chosen=text.strip())
        self._show()

    def action_scope_all(self) -> None:
        self._stop_only(Scope.ALL)

    def action_scope_usdm(self) -> None:
        self._stop_only(Scope.USDM)

    def action_scope_coin(self) -> None:
        self._stop_only(Scope.COIN)

    async def action_reset(self) -> None:
        if self.view.replay is not None:
            self.refuse(IN_A_REPLAY)
        elif self.view.access is None:
            self.refuse(NOT_READY)
        else:
            await self.app.run_action("reset")

    async def action_approve(self) -> None:
        await self.app.run_action("approve")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Choices are made where there is an engine to stop, approvals given while somebody waits for one."""
        if action == "approve":
            return bool(self.view.requests)
        return action not in _CHOICES or self._can_trip

    @property
    def _can_trip(self) -> bool:
        """Whether there is an engine here to stop."""
        return self.view.kill is not None and self.view.replay is None

    @property
    def _objection(self) -> str:
        """Why nothing can be tripped here; empty where it can."""
        if self.view.replay is not None:
            return IN_A_REPLAY
        if self.view.kill is None:
            return NOTHING_TO_FIRE
        fires = asking.can_fire(self._armed, self._scope)
        return "" if fires else f"nothing here can stop {asking.SCOPES[self._scope]}"

    def _stop_only(self, scope: Scope) -> None:
        self.get_ready()
        self._scope = scope
        self._show()

    def _fire(self, kill: FiresKillSwitch) -> None:
        """The flag is durable when `trip` comes back; the answers of the rest are shown as they come."""
        self._before = 0.0 if kill.latest is None else kill.latest.at
        self._fired_at = 0.0 if self.view.live is None else self.view.live.at
        self._trip = kill.trip(self._reasons.chosen, self._scope)
        self._asks, self._just_fired = False, True
        self._follow()
        self._show()
        self.show_hints()

    def _follow(self) -> None:
        """Show the trip's answers as they come."""
        if self._answers is None:
            self._answers = self.set_interval(_ANSWERS_EVERY, self._show_answers)

    def _show_answers(self) -> None:
        """Show each answer as it comes and have it judged, until all are there and the judgement too."""
        trip, own = self._trip, self._own
        if trip is None:
            return
        told = (trip.results, trip.journal, own)
        if told != self._told and isinstance(self.app, Console):
            self._told = told
            self.app.paint()
        if self._answers is not None and not trip.pending and trip.journal and self._is_judged:
            self._answers.stop()
            self._answers = None
        self._show()

    def _look_up(self) -> None:
        """Have a thread find out what a trip would fire: an engine's file may lie on a disk that hangs."""
        kill = self.view.kill
        if kill is not None and self._looking is None:
            self._looking = threads.start(lambda: kill.armed_with, name="look up the kill switch")
            self._looking.add_done_callback(self._found)

    def _found(self, looked: "asyncio.Future[tuple[Actuator, ...]]") -> None:
        self._looking = None
        if self.is_attached and not looked.cancelled():
            self._armed = looked.result()
            self._show()

    def _shown(self, size: Size) -> Sequence[Line]:
        newer = None if self._is_judged else ladder.not_judged(ladder.shots_of(self._trip, None))
        now = tuple(state.state_lines(self.view, newer, size.width))
        if self._asks:
            return stacked(self._question(now, size), size.height)
        head = _HEAD if size.height < _HIGH else _HEAD + 1
        return stacked(self._answer(now, size), size.height, head=head)

    def _question(self, now: tuple[Line, ...], size: Size) -> Iterator[tuple[Line, ...]]:
        """The key that trips stands at the same place as long as the state's words have room above it."""
        cells, view, low = size.width, self.view, size.height < _HIGH
        keys = asking.key_lines(view, self._reasons.chosen, self._scope, self._objection, cells)
        yield (*now, *[()] * (_HEAD - len(now)), *keys)
        if self._can_trip:
            yield (asking.scope_line(view, self._scope, cells),)
            yield tuple(asking.reason_lines(view, self._reasons, cells, low=low))
            yield tuple(asking.fired_lines(view, self._armed, self._scope, cells, low=low))
        yield tuple(waiting_lines(view, cells))
        yield tuple(state.proof_lines(view, cells))

    def _answer(self, now: tuple[Line, ...], size: Size) -> Iterator[tuple[Line, ...]]:
        cells, view, last, own = size.width, self.view, self._last, self._own
        trip = self._trip if own is None or last is None or last.at <= own.at else None  # else another's
        yield now
        yield tuple(ladder.requested_lines(view, last, trip, cells))
        shots = ladder.shots_of(trip, last)
        journal = "" if trip is None else trip.journal or "not yet"
        yield tuple(ladder.written_lines(view, shots, journal, cells)) if shots else ()
        if self._is_judged:
            yield tuple(ladder.acknowledged_line(view, last, cells))
            yield tuple(ladder.observed_lines(view, cells))
        yield tuple(waiting_lines(view, cells))
        if not self._objection:
            yield (asking.again_line(view, self._reasons.chosen, cells, held=self._just_fired),)

    @property
    def _is_over(self) -> bool:
        """Whether the trip that is told of was reset: what comes next is another one."""
        last = None if self.view.live is None else self.view.live.last_trip
        if self._asks or last is None or last.reset is None or last.resetting or _stands(self.view):
            return False
        own = self._own
        return self._trip is None or (own is not None and last.at >= own.at)

    @property
    def _own(self) -> LastTrip | None:
        """What the kill switch knows of the trip that was fired here; None until it does."""
        latest = None if self.view.kill is None else self.view.kill.latest
        return latest if self._trip is not None and latest is not None and latest.at > self._before else None

    @property
    def _last(self) -> LastTrip | None:
        """The last trip that is known, of whoever made it."""
        last = None if self.view.live is None else self.view.live.last_trip
        return last if self._is_judged else self._own

    @property
    def _is_judged(self) -> bool:
        """Whether what is shown of the world already takes the trip that was fired here into account.

        After some seconds it is shown all the same: nobody may have noted the trip, and the engine follow it.
        """
        if self._trip is None:
            return True
        own, live = self._own, self.view.live
        if live is None:
            return False
        known = own is not None and live.last_trip is not None and live.last_trip.at >= own.at
        return known or live.at - self._fired_at > _NOTED_WITHIN


_CHOICES = ("pick_reason", "type_reason", "scope_all", "scope_usdm", "scope_coin")


def _fired_before(view: View) -> tuple[TripUnderWay | None, float]:
    """The trip of this console, and when it was, as long as it is the last that is known of, and stands."""
    latest = None if view.kill is None else view.kill.latest
    if view.kill is None or latest is None:
        return None, 0.0
    known = None if view.live is None else view.live.last_trip
    last = latest if known is None or known.at < latest.at else known
    ours = last.at == latest.at and (last.stands or last.resetting)
    return (view.kill.fired, latest.at) if ours else (None, 0.0)


def _stands(view: View) -> bool:
    """Whether there is a trip to be told of."""
    if view.live is None:
        return False
    return view.live.aftermath is not None or view.live.kill.state not in (KillState.CLEAR, KillState.UNKNOWN)
