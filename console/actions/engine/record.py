"""A stop of the engine as the journal tells it: the intent before the act, then what came of each process.

The journal is written in a thread of its own: a disk that hangs, or a lock that is held, keeps nobody waiting
for longer than `DEADLINE`. What can't be recorded is told, and stops nothing.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from console.actions.engine.ending import End
from console.actions.engine.process import Process, still_runs
from console.actions.kill.trip import JOURNAL_DEADLINE, in_thread
from console.audit.actor import Actor
from console.audit.errors import JournalError
from console.audit.journal import Journal
from console.audit.open_intents import abandoned_intents, close
from console.audit.record import Act, Record
from console.audit.redaction import Json

ACTION = "engine.stop"
CLOSING = 3.0
"""Seconds that the outcome has to be recorded, at the end of the command."""


@dataclass(slots=True)
class StopRecord:
    """Records one stop. `open_journal` and `who` are called in the thread that records."""

    context: str
    reason: str
    open_journal: Callable[[], Journal]
    who: Callable[[], Actor]
    told: str = ""
    """What became of the record, in words; empty while that isn't known."""
    _intended: threading.Event = field(default_factory=threading.Event)
    _over: threading.Event = field(default_factory=threading.Event)
    _recorded: threading.Event = field(default_factory=threading.Event)
    _outcome: "tuple[bool | None, Json, Json]" = (None, None, None)

    def intent(self, processes: Sequence[Process], evidence: Mapping[str, Json]) -> None:
        """Record what is about to be ended; waits no longer than the deadline."""
        before: Json = [_named(each) for each in processes]
        act = Act(self.context, ACTION, self.context, before, "ended", self.reason, evidence=dict(evidence))
        if not in_thread(lambda: self._record(act), "stop journal"):
            self.told = "not recorded: the machine has no thread left"
            for event in (self._intended, self._recorded):
                event.set()
        self._intended.wait(JOURNAL_DEADLINE)

    def outcome(self, done: bool | None, ends: Sequence[End], evidence: Sequence[str]) -> str:
        """Record what came of it, None where nobody knows; what became of the record, in words."""
        after: Json = {str(end.process.pid): f"{end.fate.value}: {end.words}" for end in ends}
        self._outcome = (done, after, list(evidence))
        self._over.set()
        if not self._recorded.wait(CLOSING):
            return f"not recorded: no answer within {CLOSING:g} s"
        return self.told

    def _record(self, act: Act) -> None:
        intent = None
        try:
            intent = self.open_journal().intent(self.who(), act)
            self.told = "recorded"
        except (JournalError, OSError) as error:
            self.told = f"not recorded: {error}"
        self._intended.set()
        self._over.wait()
        try:
            self._close(act, intent)
        except (JournalError, OSError) as error:
            self.told = f"outcome not recorded: {error}" if intent else self.told
        self._recorded.set()

    def _close(self, act: Act, intent: Record | None) -> None:
        done, after, evidence = self._outcome
        journal, who = self.open_journal(), self.who()
        if intent is not None:
            journal.outcome(who, intent, done, after=after, evidence=evidence)
        else:
            final = Act(self.context, ACTION, self.context, act.before, after, self.reason, evidence=evidence)
            journal.note(who, final, done=done is True)
            self.told = "recorded, but for the intent"
        _close_abandoned(journal, who, self.context)


def _close_abandoned(journal: Journal, who: Actor, context: str) -> None:
    """Close the stops that were cut off: done is what has left none of its processes.

    Of a stop that knew of none, nobody can tell.
    """
    for intent in abandoned_intents(journal.folder, who.host):
        if intent.context == context and intent.action == ACTION and isinstance(intent.before, list):
            running = any(_is_running(each) for each in intent.before)
            done = not running if intent.before else None
            close(journal, who, intent, done, evidence={"read_back": True})


def _named(process: Process) -> Json:
    return {"pid": process.pid, "start": process.start, "user": process.user, "known": list(process.known)}


def _is_running(named: Json) -> bool:
    pid, start = (named.get("pid"), named.get("start")) if isinstance(named, Mapping) else (None, None)
    if not isinstance(pid, int) or not isinstance(start, int):
        return True
    return still_runs(Process(pid, start, 0.0, "", ""))
