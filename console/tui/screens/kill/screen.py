"""The kill switch, above everything: what it is and rests on, what a trip would do, and what came of one.

K opens it and T trips: two keys, and the flag is durable before T's handler returns. Digits give a reason,
and nothing waits for one. Enter and held keys do nothing, and a T that came together with other text is taken
for pasted, which is said loudly. K and T of a hand that a bad line brings together do trip.
"""

import asyncio
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from textual.geometry import Size

from console import threads
from console.actions.kill.actuator import Actuator, Scope
from console.domain.kill_state import KillState
from console.tui.actions import IN_A_REPLAY, Place, bindings, keys_of
from console.tui.friction import pace_of
from console.tui.safety import NOT_READY
from console.tui.screens.approving import waiting_lines
from console.tui.screens.kill import asking, ladder, state
from console.tui.screens.kill.covering import stacked
from console.tui.screens.kill.following import Following
from console.tui.screens.kill.reasons import reasons_at
from console.tui.text import Line
from console.tui.view import View
from console.tui.watched import FiresKillSwitch
from console.tui.widgets.prompt import Question

NOTHING_TO_FIRE = "This console was given no kill switch: use the engine's own means"
_AGAIN = "T has tripped it already: to trip once more, first K, then T"
_LOOKS_EVERY = 2.0
"""Seconds between two looks at what a trip would fire."""
_HIGH = 30
"""Lines from which on there is room for one thing a line, and for air."""
_HEAD = 3
"""Lines for the state and its words, whether it has so many words or not."""


class KillSwitch(Following, inherit_bindings=False):
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
        self._just_fired = self._was_pasted = False
        self._fired_since = -math.inf
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
            self._begin_anew()
        elif self._asks and not self._over and _stands(view):
            self._asks = False  # somebody else has tripped it meanwhile, or the engine itself
            self._show()
            self.show_hints()

    def get_ready(self) -> None:
        """Ask once more, as if it had just been opened; while it asks, what was chosen stays chosen.

        A key that came together with the one that tripped asks nothing: on a bad line K T is pressed twice.
        """
        if not self._asks and not (self._just_fired and self._fired_since == pace_of(self.app).since):
            self._begin_anew()

    def _begin_anew(self) -> None:
        if not self._asks:
            self._over, self._just_fired, self._was_pasted = _stands(self.view), False, False
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
        """Fire everything that can stop the scope, unless the key came as part of a paste."""
        kill, objection = self.view.kill, self._objection
        if objection or kill is None:
            self.refuse(objection)
        elif self._just_fired:
            self.refuse(_AGAIN)
        elif pace_of(self.app).among_others(keys_of(self.view.actions, *_OWN)):
            self._ask_for_a_hand()
        else:
            self._fire(kill)

    def action_pick_reason(self) -> None:
        """Take the digit's reason, and say so: elsewhere a digit leads to a screen."""
        self.get_ready()
        digit = asking.digit_of(self.view, pace_of(self.app).key)
        self._reasons = self._reasons.take(digit)
        self._show()
        self.say(asking.taken_words(self.view, self._reasons, digit))

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
        if self.view.access is None:
            self.refuse(NOT_READY)
        else:
            await self.app.run_action("reset")

    async def action_approve(self) -> None:
        await self.app.run_action("approve")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Choices are made where there is an engine to stop, approvals given while somebody waits for one.

        The past can be looked at only.
        """
        if self.view.replay is not None and action in _DEEDS:
            return False
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

    def _ask_for_a_hand(self) -> None:
        """Say as loudly as can be that nothing was tripped, and what does it, where the eye is for T."""
        self._asks = self._was_pasted = True
        self.app.bell()
        self.refuse(asking.NOT_TRIPPED)
        self._show()
        self.show_hints()

    def _fire(self, kill: FiresKillSwitch) -> None:
        """The flag is durable when `trip` comes back; the answers of the rest are shown as they come."""
        self._before = 0.0 if kill.latest is None else kill.latest.at
        self._fired_at = 0.0 if self.view.live is None else self.view.live.at
        self._trip = kill.trip(self._reasons.chosen, self._scope)
        self._asks, self._just_fired, self._was_pasted = False, True, False
        self._fired_since = pace_of(self.app).since
        self._follow()
        self._show()
        self.show_hints()

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
        chosen, pasted = self._reasons.chosen, self._was_pasted
        keys = asking.key_lines(view, chosen, self._scope, self._objection, cells, pasted=pasted)
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


_CHOICES = ("pick_reason", "type_reason", "scope_all", "scope_usdm", "scope_coin")
_DEEDS = ("trip", "arm", "reset", "approve")
_OWN = ("kill_switch", "trip", "pick_reason", "scope_all", "scope_usdm", "scope_coin")
"""The actions whose keys lead to a trip: of a hand on a bad line they may come together."""


def _stands(view: View) -> bool:
    """Whether there is a trip to be told of."""
    if view.live is None:
        return False
    return view.live.aftermath is not None or view.live.kill.state not in (KillState.CLEAR, KillState.UNKNOWN)
