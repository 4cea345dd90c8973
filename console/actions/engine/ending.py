"""Ending processes, and nothing but them: each is held by a descriptor from before it is asked.

What holds a process is its pidfd, opened first and proven by the process's start after that, so that a signal
can't reach another that was given the pid meanwhile. Where the kernel has none, the start is proven right
before each signal. A process that is held up (SIGSTOP) is not let go on: it ends when it is forced.
"""

import math
import os
import select
import signal
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum

from console.actions.engine.process import HiddenError, Process, start_seen, still_runs
from console.domain.clock import Clock
from console.domain.figures import seconds

_LOOK = 0.05
"""Seconds between two looks at what no descriptor tells of."""


class Fate(Enum):
    """What came of a process."""

    ENDED = "ended"
    FORCED = "forced"
    LEFT = "STILL THERE"
    OUTLIVES = "OUTLIVES IT"


@dataclass(frozen=True, slots=True)
class End:
    """One process, and what came of it, in words too."""

    process: Process
    fate: Fate
    words: str


@dataclass(slots=True, eq=False)
class _Held:
    """One process, of which `proven` says that the descriptor is its own.

    `asked` and `forced` say what was sent, `refused` why it could not be.
    """

    process: Process
    descriptor: int | None
    is_child: bool
    proven: bool = True
    asked: bool = False
    forced: bool = False
    refused: str = ""
    took: float | None = None

    @property
    def has_ended(self) -> bool:
        if self.descriptor is None:
            return not still_runs(self.process)
        return self.proven and _wait_for([self.descriptor], 0)

    def send(self, number: signal.Signals) -> bool:
        """Whether it was sent, or nobody is there any more to have it; `refused` says why not."""
        if not self.proven:
            self.refused = "that it is the one that was seen can't be proven"
            return False
        try:
            if self.descriptor is not None:
                signal.pidfd_send_signal(self.descriptor, number)
            elif still_runs(self.process):
                os.kill(self.process.pid, number)
        except ProcessLookupError:
            pass
        except PermissionError:
            self.refused = f"it is {self.process.user}'s, and this user may not end it"
            return False
        self.refused = ""
        return True


@dataclass(slots=True)
class Ending:
    """Ends `processes`, and sees whether `children` end with them. `tell` hears of each as it ends."""

    clock: Clock
    tell: Callable[[End], None]
    _held: list[_Held] = field(default_factory=list)
    _began: float = 0.0

    @property
    def is_under_way(self) -> bool:
        """Whether one that is to end runs."""
        return any(not each.is_child for each in self._running())

    @property
    def refused(self) -> tuple[Process, ...]:
        """Those that this user may not end, and that run."""
        return tuple(each.process for each in self._held if each.refused and each.took is None)

    def ask(self, but: Callable[[Process], bool] = lambda _: False) -> None:
        """Ask each to end in order, but for those that somebody else asks."""
        self._began = self.clock.now()
        for each in self._running():
            if not each.is_child:
                each.asked = but(each.process) or each.send(signal.SIGTERM)

    def force(self) -> bool:
        """End each that hasn't ended yet; what it has started is left to itself. Whether one was forced."""
        for each in self._running():
            if not each.is_child and not each.has_ended:
                each.forced = each.send(signal.SIGKILL)
        return any(each.forced for each in self._held)

    def watch(self, children: Collection[Process]) -> None:
        """See whether these end too, where that isn't looked at yet."""
        known = {each.process.key for each in self._held}
        self._held += _opened([each for each in children if each.key not in known], are_children=True)

    def wait(self, patience: float) -> None:
        """Wait until all have ended, `patience` seconds at most."""
        until = self.clock.now() + patience
        while True:
            running = self._settle()
            left = until - self.clock.now()
            if not running or left <= 0:
                return
            descriptors = [each.descriptor for each in running if each.descriptor is not None]
            blind = len(descriptors) < len(running)
            _wait_for(descriptors, min(left, _LOOK) if blind else left)

    def ends(self) -> tuple[End, ...]:
        """What came of each, as it is now."""
        self._settle()
        return tuple(_end_of(each) for each in self._held)

    def _settle(self) -> list[_Held]:
        """Note those that have ended; the others are what comes back."""
        for each in self._running():
            if each.has_ended:
                each.took = self.clock.now() - self._began
                self.tell(_end_of(each))
        return self._running()

    def _running(self) -> list[_Held]:
        return [each for each in self._held if each.took is None]


@contextmanager
def ending(
    processes: Collection[Process],
    children: Collection[Process],
    clock: Clock,
    tell: Callable[[End], None] = lambda _: None,
) -> Iterator[Ending]:
    """Hold the processes for as long as they are being ended."""
    held = [*_opened(processes), *_opened(children, are_children=True)]
    try:
        yield Ending(clock, tell, held, clock.now())
    finally:
        for each in held:
            if each.descriptor is not None:
                os.close(each.descriptor)


def _opened(processes: Collection[Process], *, are_children: bool = False) -> list[_Held]:
    """Each with its descriptor, which is proven to be its own once it is open."""
    held = [_Held(each, _descriptor(each), are_children) for each in processes]
    for each in held:
        try:
            each.took = None if start_seen(each.process.pid) == each.process.start else 0.0
        except HiddenError:
            each.proven = False
    return held


def _descriptor(process: Process) -> int | None:
    """A descriptor of whoever has the pid now: that it is this process is to be proven after it is open."""
    with suppress(OSError):
        return os.pidfd_open(process.pid)
    return None


def _wait_for(descriptors: Collection[int], patience: float) -> bool:
    """Wait until a process has ended, `patience` seconds at most; whether one has."""
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(math.ceil(patience * 1000)))


def _end_of(held: _Held) -> End:
    how = "forced" if held.forced else "asked" if held.asked else ""
    if held.took is not None:
        fate = Fate.FORCED if held.forced else Fate.ENDED
        after = f"ended after {seconds(held.took)}"
        return End(held.process, fate, f"{how}, {after}" if how else after)
    if held.is_child:
        return End(held.process, Fate.OUTLIVES, "it goes on without its parent: stop again to end it")
    why = held.refused or ("it may be waiting for a disk" if held.forced else "nobody has forced it")
    return End(held.process, Fate.LEFT, f"{how}, and runs: {why}" if how else why)
