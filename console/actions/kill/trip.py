"""Firing all actuators of a trip at once: none waits for another, nor for the journal.

The flag file comes first, in the calling thread. The others start when it is durable, or after a tenth of a
second should its disk hang. Every actuator has its own deadline and its own result. Standard library only.
"""

import threading
from _thread import start_new_thread
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from console.actions.kill.actuator import Act, Actuator, Answer, Order, Result, Scope
from console.actions.kill.flag_file import FlagFile
from console.domain.clock import Clock

HEAD_START = 0.1
"""Seconds that the flag file has for itself: what the others import and compute would only slow it."""
TRIP_WAIT = 30.0
"""Seconds that a console which is left, or told to end, stays at most for a trip that is under way."""
JOURNAL_DEADLINE = 0.5
"""Seconds after which the intent counts as not recorded; it may still be."""


class Journal(Protocol):
    """Where one trip is recorded. Whatever these raise is told, and stops nothing."""

    def intent(self, order: Order, actuators: Sequence[str]) -> None:
        """Record what is being fired."""

    def outcome(self, order: Order, results: Sequence[Result]) -> None:
        """Record what came of it, also when the intent could not be recorded."""


def trip(
    actuators: Sequence[Actuator],
    reason: str,
    scope: Scope,
    journal: Journal | None,
    clock: Clock,
    *,
    by: str = "opsconsole",
) -> "Trip":
    """Fire every actuator that can stop `scope`. Returns once the flag is written, the rest being under way.

    Of a context without a flag file it returns at once. `Trip.wait` waits for the rest.
    """
    begun = Trip(actuators, Order(reason, scope, by), journal, clock)
    begun.fire()
    return begun


def in_thread(call: Callable[[], None], name: str) -> bool:
    """Call `call` in a daemon thread. Whether one could be had for it."""
    try:
        threading.Thread(target=call, name=name, daemon=True).start()
    except RuntimeError:
        return False
    return True


class Trip:
    """One trip under way. A program that ends before `wait` has returned may cut short what isn't done.

    `at` is when it was made, in seconds since 1970 by the time of day.
    """

    def __init__(
        self, actuators: Sequence[Actuator], order: Order, journal: Journal | None, clock: Clock
    ) -> None:
        self.order = order
        self.at = clock.wall()
        self._shots = tuple(_Shot(each) for each in actuators if order.scope in each.scopes)
        self._journal = journal
        self._clock = clock
        self._began = clock.now()
        self._flag_written = threading.Event()
        self._journalled = ""
        self._recorded = threading.Event()

    def fire(self) -> None:
        """Fire everything, once. Returns when the flag is written."""
        self._began = self._clock.now()
        started = self._start_launching()
        for shot in self._shots:
            if isinstance(shot.actuator, FlagFile):
                self._run(shot)
        self._flag_written.set()
        if not started:  # the machine has no thread left
            self._launch()

    @property
    def fired(self) -> tuple[str, ...]:
        """The actuators of this trip."""
        return tuple(shot.actuator.name for shot in self._shots)

    @property
    def pending(self) -> tuple[str, ...]:
        """The actuators that have neither answered nor passed their deadline."""
        return tuple(shot.actuator.name for shot in self._shots if self._result(shot) is None)

    @property
    def unanswered(self) -> tuple[str, ...]:
        """The actuators that have not answered, be they late or not."""
        return tuple(shot.actuator.name for shot in self._shots if shot.result is None)

    @property
    def results(self) -> tuple[Result, ...]:
        """What is known by now, in the order of the actuators; an answer after the deadline still counts."""
        return tuple(result for shot in self._shots if (result := self._result(shot)) is not None)

    @property
    def journal(self) -> str:
        """What became of the record, in words; empty while that isn't known."""
        if self._journal is None:
            return "no journal"
        if self._journalled:
            return self._journalled
        late = self._clock.now() - self._began >= HEAD_START + JOURNAL_DEADLINE
        return f"not recorded yet: no answer within {JOURNAL_DEADLINE:g} s" if late else ""

    def wait(self, seconds: float | None = None) -> tuple[Result, ...]:
        """Wait until all have answered or are late, and the outcome is recorded; `seconds` at most.

        Without `seconds` the record is waited for as long as its own deadline says.
        """
        until = None if seconds is None else self._clock.now() + seconds
        for shot in self._shots:
            shot.finished.wait(self._left(shot, until))
        if self._journal is not None:
            self._recorded.wait(JOURNAL_DEADLINE if until is None else max(0.0, until - self._clock.now()))
        return self.results

    def wait_for_answer(self, seconds: float) -> None:
        """Wait for one that has not answered, be it late or not, `seconds` at most."""
        waited_for = next((shot for shot in self._shots if shot.result is None), None)
        if waited_for is not None:
            waited_for.finished.wait(seconds)

    def _start_launching(self) -> bool:
        """Have a thread launch the others, and go on: `threading` would wait until it runs."""
        try:
            start_new_thread(self._launch, ())
        except RuntimeError:
            return False
        return True

    def _launch(self) -> None:
        """Start what isn't the flag file; what no thread can be had for runs here, one after the other."""
        self._flag_written.wait(HEAD_START)
        others = [shot for shot in self._shots if not isinstance(shot.actuator, FlagFile)]
        left = [shot for shot in others if not in_thread(partial(self._run, shot), shot.actuator.name)]
        if self._journal is not None and not in_thread(self._record, "kill journal"):
            self._journalled = "not recorded: the machine has no thread left"
            self._recorded.set()
        for shot in left:
            self._run(shot)

    def _run(self, shot: "_Shot") -> None:
        began = self._clock.now()
        try:
            answer = shot.actuator.fire(self.order)
        except Exception as error:  # noqa: BLE001 (a fault in one must be told as its result)
            answer = Answer(Act.UNKNOWN, f"broke down: {_told(error)}")
        shot.result = Result(
            shot.actuator.name,
            answer.act,
            answer.words,
            self._clock.now() - began,
            answer.before,
            answer.after,
            answer.found,
        )
        shot.finished.set()

    def _result(self, shot: "_Shot") -> Result | None:
        if shot.result is not None or self._left(shot, None) > 0:
            return shot.result
        words = f"no answer within {shot.actuator.deadline:g} s: it may or may not be done"
        return Result(shot.actuator.name, Act.TIMED_OUT, words, self._clock.now() - self._began)

    def _left(self, shot: "_Shot", until: float | None) -> float:
        """Seconds until the actuator is late, or until `until` if that comes before."""
        late = self._began + HEAD_START + shot.actuator.deadline
        return max(0.0, min(late, late if until is None else until) - self._clock.now())

    def _record(self) -> None:
        assert self._journal is not None  # noqa: S101 (only started with one)
        try:
            self._journal.intent(self.order, self.fired)
            self._journalled = "recorded"
        except Exception as error:  # noqa: BLE001 (a journal that fails is told, and stops nothing)
            self._journalled = f"not recorded: {error}"
        for shot in self._shots:
            shot.finished.wait(self._left(shot, None))
        try:
            self._journal.outcome(self.order, self.results)
        except Exception as error:  # noqa: BLE001 (as above)
            self._journalled = f"outcome not recorded: {error}"
        self._recorded.set()


@dataclass(slots=True, eq=False)
class _Shot:
    """One actuator being fired."""

    actuator: Actuator
    finished: threading.Event = field(default_factory=threading.Event)
    result: Result | None = None


def _told(error: Exception) -> str:
    """The kind of an error nobody foresaw, which is also logged. Its text may hold a secret."""
    import logging  # noqa: PLC0415 (the flag is written before)

    kind = type(error).__name__
    logging.getLogger("opsconsole").error("an actuator of the kill switch broke down: %s", kind)
    return kind
