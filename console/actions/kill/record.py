"""A trip as the audit journal tells it: the intent with its reason, the outcome with every actuator's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.actions.kill.actuator import Act, Order, Result

if TYPE_CHECKING:
    from console.audit.actor import Actor
    from console.audit.journal import Journal
    from console.audit.record import Act as Recorded
    from console.audit.record import Record
    from console.audit.redaction import Json

ACTION = "kill.trip"


@dataclass(slots=True)
class TripRecord:
    """Records one trip. `open_journal` and `who` are called, imports and all, in the thread that records.

    `held` marks a trip that nobody asked for: the engine had cleared itself, and its context says `hold`.
    """

    context: str
    open_journal: "Callable[[], Journal]"
    who: "Callable[[], Actor]"
    drill: bool = False
    held: bool = False
    _intent: "Record | None" = field(default=None, init=False)

    def intent(self, order: Order, actuators: Sequence[str]) -> None:
        """Record what is being fired; JournalError when that can't be written."""
        act = self._act(order, self._evidence(list(actuators)))
        self._intent = self.open_journal().intent(self.who(), act)

    def outcome(self, order: Order, results: Sequence[Result]) -> None:
        """Close the intent; without one, note what was done all the same. Who did not follow is named."""
        from console.audit.partial import with_left_undone  # noqa: PLC0415 (the flag is written before)

        evidence = with_left_undone(self._evidence([_told(result) for result in results]), _undone(results))
        after: Json = {result.name: result.after for result in results}
        journal, who, done = self.open_journal(), self.who(), _done(results)
        if self._intent is None:
            journal.note(who, self._act(order, evidence), done=done is True)
        else:
            journal.outcome(who, self._intent, done, after=after, evidence=evidence)

    def _act(self, order: Order, evidence: "Json") -> "Recorded":
        from console.audit.record import Act as Recorded  # noqa: PLC0415 (as above)

        return Recorded(
            context=self.context,
            action=ACTION,
            target=order.scope.value,
            reason=order.reason,
            evidence=evidence,
            drill=self.drill,
        )

    def _evidence(self, actuators: "list[Json]") -> "dict[str, Json]":
        return {"actuators": actuators, **({"held": True} if self.held else {})}


def _done(results: Sequence[Result]) -> bool | None:
    """Done is what at least one actuator has done; unknown, where none has but one may have."""
    states = {result.state for result in results}
    if Act.DONE in states:
        return True
    return None if states & {Act.TIMED_OUT, Act.UNKNOWN} else False


def _undone(results: Sequence[Result]) -> list[str]:
    """The actuators that did not follow, or may not have, each with its cause."""
    return [f"{result.name}: {result.words}" for result in results if result.state is not Act.DONE]


def _told(result: Result) -> "Json":
    return {
        "name": result.name,
        "state": result.state.value,
        "words": result.words,
        "milliseconds": round(result.latency * 1000),
        "before": result.before,
    }
