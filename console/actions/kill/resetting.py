"""One reset under way: intent, the steps one after the other, what is read back, outcome.

It ends at the first step that isn't done: then the trip stands, and what is left can be cleared by another.
A trip that comes meanwhile wins: nothing more is cleared, and everything is fired again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from console.actions.faults import point
from console.actions.kill.actuator import Act, Answer, Order, Result, Scope
from console.actions.kill.clearing import FLAG, Clearing, Step
from console.actions.kill.last_trip_file import LastTripFile
from console.actions.kill.read_back import read_back
from console.audit.errors import JournalError
from console.audit.record import Act as Recorded
from console.audit.record import Record
from console.domain.access import AccessError
from console.domain.clock import Clock
from console.domain.last_trip import LastTrip

if TYPE_CHECKING:
    from console.audit.actor import Actor
    from console.audit.journal import Journal
    from console.audit.redaction import Json

ACTION = "kill.reset"
OVERTAKEN = "tripped again, as this came during a reset: "
"""How the reason of a trip begins that a reset has to repeat; its own reason follows."""


@dataclass(frozen=True, slots=True)
class Books:
    """Where a reset is recorded: the journal, by whom, and the file of the last trip."""

    journal: "Journal"
    who: "Actor"
    file: LastTripFile


class Reset:
    """One reset. `run` does it; everything else may be asked by other threads meanwhile.

    `left` says what is set all the same when it is over, `overtaken` that a trip came meanwhile, `done`
    whether all was cleared, None where that isn't known, and `at` when that was, by the time of day.
    `journal` is what became of the record, in words.
    """

    def __init__(
        self,
        order: Order,
        clearing: Clearing,
        kept: LastTrip | None,
        books: Books,
        again: Callable[[str, Scope], object],
    ) -> None:
        """`kept` is the trip that is reset, None for somebody else's; `again` trips."""
        self.order = order
        self.journal = ""
        self.left: tuple[str, ...] = ()
        self.done: bool | None = None
        self.overtaken = False
        self.at: float | None = None
        self._clearing = clearing
        self._clock: Clock = clearing.clock
        self._steps = clearing.steps(order)
        self._kept = kept
        self._books = books
        self._again = again
        self._results: list[Result] = []
        self._over = False

    @property
    def fired(self) -> tuple[str, ...]:
        """Every step by its name."""
        return tuple(step.name for step in self._steps)

    @property
    def pending(self) -> tuple[str, ...]:
        """What is being done and is still to be done; nothing once it is over."""
        return () if self._over else self.fired[len(self._results) :]

    @property
    def results(self) -> tuple[Result, ...]:
        """What came of the steps so far; those that come after one that isn't done aren't tried."""
        return tuple(self._results)

    @property
    def drill(self) -> bool:
        """Whether it is a drill's trip that is reset."""
        return self._kept is not None and self._kept.stands and self._kept.drill

    def run(self, evidence: "Mapping[str, Json]", approval: "Json") -> None:
        """Do it, once. AccessError where the intent can't be recorded: then nothing was done."""
        before: Json = {f"{one.surface}: {one.key}": one.value for one in self._clearing.found}
        wanted: list[Json] = [f"{step.name}: {step.would}" for step in self._steps]
        scope = self.order.scope.value
        act = Recorded(
            context=self._clearing.settings.context,
            action=ACTION,
            target=scope,
            before=before,
            after=wanted,
            reason=self.order.reason,
            approval=approval,
            evidence=dict(evidence),
            drill=self.drill,
        )
        try:
            intent = self._books.journal.intent(self._books.who, act)
        except JournalError as error:
            raise AccessError(f"not reset: {error}") from None
        self.journal = "recorded"
        self.overtaken = not self._note(self._clock.wall(), resetting=True)
        complaint = self._books.file.complaint
        try:
            if complaint:
                self.done = False
            else:
                self._act()
        except OSError as error:
            self._break_off(error)
        finally:
            self._over = True
            self._close(intent)
        if complaint:  # the engine's clearing would look like a loss to everybody else
            raise AccessError(f"not reset: {complaint}")

    def _act(self) -> None:
        for step in self._steps:
            if self.overtaken or self._is_overtaken():
                break
            if self._do(step).state is not Act.DONE:
                break
        self._conclude()
        if self.overtaken:  # before anything that may take a while
            last = self._books.file.read()
            reason = self.order.reason if last is None else last.reason.removeprefix(OVERTAKEN)
            self._again(OVERTAKEN + reason, Scope.ALL if last is None else Scope(last.scope))
        self.left = tuple(self._still_set())
        self.at = self._clock.wall()

    def _break_off(self, error: OSError) -> None:
        """Have the trip stand, unless that was concluded; what came of the reset isn't known."""
        if self.done is None:
            self._note(None if self._kept is None else self._kept.reset, resetting=False)
        self.left = (f"what is set can't be told: {(error.strerror or str(error)).lower()}",)

    def _do(self, step: Step) -> Result:
        began = self._clock.now()
        point(f"reset: before {step.name}")
        try:
            answer = step.act()
        except Exception as error:  # noqa: BLE001 (a fault in one must be told as its result)
            answer = Answer(Act.UNKNOWN, f"broke down: {type(error).__name__}")
        point(f"reset: after {step.name}")
        took = self._clock.now() - began
        result = Result(step.name, answer.act, answer.words, took, answer.before, answer.after)
        self._results.append(result)
        if step.name == FLAG and _is_another(answer):
            self.overtaken = True
        return result

    def _is_overtaken(self) -> bool:
        """Find out whether there is another trip; its flag may be there before its note is."""
        flag = self._clearing.surfaces.flag
        removed = any(result.name == FLAG for result in self._results)
        there_again = removed and flag is not None and flag.exists()
        self.overtaken = there_again or not self._is_same(self._books.file.read())
        return self.overtaken

    def _conclude(self) -> None:
        """Note what has become of the trip."""
        all_done = len(self._results) == len(self._steps) and _states(self._results) <= {Act.DONE}
        all_done = all_done and not self.overtaken and not self._is_overtaken()
        was = None if self._kept is None else self._kept.reset
        same = self._note(self._clock.wall() if all_done else was, resetting=False, over=all_done)
        self.overtaken = self.overtaken or not same
        unknown = _states(self._results) & {Act.UNKNOWN, Act.TIMED_OUT}
        self.done = None if unknown else all_done and not self.overtaken

    def _still_set(self) -> Iterator[str]:
        """What is read back as set, and what nobody could clear."""
        clearing, scope = self._clearing, self.order.scope
        said = read_back(clearing.settings, clearing.surfaces, scope, self._clock, clearing.environ)
        left = clearing.left(self.order)
        yield from (f"{one.name}: {one.words}" for one in said if one.tripped and one.name not in left)
        yield from (f"{name}: {why}" for name, why in left.items())

    def _note(self, reset: float | None, *, resetting: bool, over: bool = False) -> bool:
        """Note it with the trip, if that still is the last one. Whether it is."""

        def noted(kept: LastTrip | None) -> LastTrip | None:
            if kept is None or not self._is_same(kept):
                return kept
            found = tuple(one for one in kept.found if not over or one.surface not in self.fired)
            return replace(kept, reset=reset, resetting=resetting, found=found)

        return self._is_same(self._books.file.change(noted))

    def _is_same(self, last: LastTrip | None) -> bool:
        """Whether `last` is the trip that is reset; so it is where nothing can be read of it."""
        if last is None:
            return True
        return self._kept is not None and (last.at, last.renewed) == (self._kept.at, self._kept.renewed)

    def _close(self, intent: Record) -> None:
        steps: list[Json] = [_told(result) for result in self._results]
        left: list[Json] = list(self.left)
        evidence: Json = {"steps": steps, "left": left, "overtaken": self.overtaken}
        after: Json = {result.name: result.after for result in self._results}
        try:
            self._books.journal.outcome(self._books.who, intent, self.done, after=after, evidence=evidence)
        except JournalError as error:
            self.journal = f"outcome not recorded: {error}"


def _is_another(answer: Answer) -> bool:
    """Whether the flag is, or may have been, that of another trip: it stayed, or was lost on the way."""
    return answer.act is Act.REFUSED or (answer.act is not Act.DONE and answer.after == "not set")


def _states(results: Sequence[Result]) -> set[Act]:
    return {result.state for result in results}


def _told(result: Result) -> "Json":
    return {
        "name": result.name,
        "state": result.state.value,
        "words": result.words,
        "milliseconds": round(result.latency * 1000),
        "before": result.before,
    }
