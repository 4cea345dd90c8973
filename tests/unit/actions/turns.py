"""Threads that take turns: one runs at a time, in the order that a test draws.

A turn ends at a fault point, and wherever the program asks what time it is, or waits. So all that is done by
waiting threads is done in an order that can be drawn again.
"""

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

_PATIENCE = 20.0
"""Seconds that a turn may take; one that waits for another's in earnest never ends."""
_MOST = 100_000
"""Turns after which those that have not ended never will."""
_MOMENT = 0.0001
"""Seconds by which the clock moves on when it is asked."""


class Turns:
    """Those that take turns. `clock` moves on only when it is asked for the time."""

    def __init__(self) -> None:
        self.clock = TurnsClock(self)
        self._mine = threading.local()
        self._waiting: list[Actor] = []

    @property
    def waiting(self) -> int:
        """How many have not ended."""
        return len(self._waiting)

    def begin(self, work: Callable[[], object]) -> "Actor":
        """Have `work` take turns from now on, last in the row."""
        actor = Actor(work, self._mine)
        self._waiting.append(actor)
        return actor

    def take(self, number: int, turns: int = 1) -> None:
        """Let one of those that have not ended go on for so many turns, or to its end."""
        self.go_on(self._waiting[number], turns)

    def go_on(self, actor: "Actor", turns: int) -> None:
        """The same for a certain one, if it has not ended."""
        while turns and not actor.ended:
            turns -= 1
            actor.step()
            if actor.ended:
                self._waiting.remove(actor)

    def end_turn(self, _point: str = "") -> None:
        """End the turn of whoever calls it; of a thread that takes none it does nothing."""
        actor: Actor | None = getattr(self._mine, "actor", None)
        if actor is not None:
            actor.pause()

    def finish(self) -> None:
        """Let all go on, one turn each, until all have ended."""
        for _ in range(_MOST):
            if not self._waiting:
                return
            for number in reversed(range(len(self._waiting))):
                self.take(number)
        raise AssertionError("some never end")

    @property
    def faults_os(self) -> SimpleNamespace:
        """What `console.actions.faults` is to take for `os`: its points end a turn in place of a process."""
        return SimpleNamespace(environ=SimpleNamespace(get=lambda _: self.end_turn()))

    @property
    def threading(self) -> SimpleNamespace:
        """What a module is to take for `threading`: its threads wait by giving turns away."""
        return SimpleNamespace(
            Thread=lambda **given: _Thread(self, given["target"]), Event=self.event, Lock=lambda: _Lock(self)
        )

    def event(self) -> Any:
        """An event for whoever has taken the real ones before it could be told otherwise."""
        return _Event(self)


class TurnsClock:
    """Who asks for the time ends its turn."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._at = 1.8e9

    def now(self) -> float:
        self._turns.end_turn()
        return self.wall()

    def wall(self) -> float:
        self._at += _MOMENT
        return self._at


class Actor:
    """One thread that is let go for a turn at a time; what its work raises is raised by that turn."""

    def __init__(self, work: Callable[[], object], mine: threading.local) -> None:
        self.ended = False
        self._work = work
        self._mine = mine
        self._go = threading.Semaphore(0)
        self._back = threading.Semaphore(0)
        self._raised: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def step(self) -> None:
        if self._thread.ident is None:
            self._thread.start()
        self._go.release()
        assert self._back.acquire(timeout=_PATIENCE), "a turn does not end"
        if self._raised is not None:
            raise self._raised

    def pause(self) -> None:
        self._back.release()
        self._go.acquire()

    def _run(self) -> None:
        self._go.acquire()
        self._mine.actor = self
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 (raised again in the test's own thread)
            self._raised = error
        self.ended = True
        self._back.release()


class _Thread:
    """A thread that takes turns once it is started."""

    def __init__(self, turns: Turns, target: Callable[[], object]) -> None:
        self._turns = turns
        self._target = target
        self._actor: Actor | None = None

    def start(self) -> None:
        self._actor = self._turns.begin(self._target)

    def join(self, timeout: float) -> None:
        _give_away(self._turns, lambda: self._actor is None or self._actor.ended, timeout)


class _Event:
    """An event that is waited for by giving turns away."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._set = False

    def set(self) -> None:
        self._set = True

    def is_set(self) -> bool:
        return self._set

    def wait(self, timeout: float) -> bool:
        _give_away(self._turns, self.is_set, timeout)
        return self._set


class _Lock:
    """A lock that is waited for by giving turns away."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._held = False

    def __enter__(self) -> None:
        _give_away(self._turns, lambda: not self._held, float(_MOST))
        assert not self._held
        self._held = True

    def __exit__(self, *_: object) -> None:
        self._held = False

    def locked(self) -> bool:
        return self._held


def _give_away(turns: Turns, over: Callable[[], bool], seconds: float) -> None:
    """End one turn after the other until it is `over`, or so many `seconds` have gone by."""
    until = turns.clock.wall() + seconds
    while not over() and turns.clock.now() < until:
        pass
