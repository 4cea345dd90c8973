"""What came of a change of the flags file, as text and as JSON, with the exit code that says the same."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.actions.flags_file import Conflict, Draft, Unwritten, Written
from console.actions.rollout.acknowledgement import Heard
from console.actions.rollout.difference import Line, three_way, unified
from console.cli.deed import lack_line, lacking
from console.domain.rollout.operations import (
    CanaryOnly,
    Demote,
    Disable,
    Enable,
    Operation,
    Promote,
    SetStage,
)
from console.domain.rollout.plan import Effect, Move, Plan, Refusal
from console.domain.rollout.stages import Stage

if TYPE_CHECKING:
    from console.actions.rollout.record import Applied
    from console.domain.gate import Gate

_OPTIONS = {
    "reason": "--reason TEXT",
    "confirmation": "--confirm WORDS",
    "step": "--override REASON",
    "time in stage": "--override REASON",
    "calm": "--override REASON",
    "liquidations": "--override REASON",
    "second person": "--ask, and then --approval ID",
}
"""What gives a gate that which is missing."""
_MOST_NAMED = 12


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking for a change: `applied` None where nothing was tried, as with `dry_run`.

    `draft` is the file as it was seen and would be, `heard` what the engine said of it in the end. `asked_as`
    is the request by which a second person was asked; `doubt` is why it wasn't known how things are.
    """

    context: str
    plan: Plan | Refusal
    draft: Draft | None = None
    gates: "tuple[Gate, ...]" = ()
    applied: "Applied | None" = None
    heard: Heard | None = None
    asked_as: str = ""
    dry_run: bool = False
    doubt: str = ""

    @property
    def lacks(self) -> "list[Gate]":
        return lacking(self.gates, alone=False)

    @property
    def possible(self) -> bool:
        """Whether it could be written as it was asked for."""
        return isinstance(self.plan, Plan) and not self.lacks

    @property
    def code(self) -> int:
        """0 done and acknowledged, or possible; 1 written, but unacknowledged; 3 nothing was written."""
        if self.applied is None:
            return 0 if self.dry_run and self.possible else 3
        if not self.applied.done:
            return 3
        return 0 if self.acknowledged else 1

    @property
    def acknowledged(self) -> bool | None:
        return None if self.heard is None else self.heard.loaded

    @property
    def _as_drafted(self) -> Draft | None:
        """The file before and after, as it was written where it was: others may have been there meanwhile."""
        outcome = None if self.applied is None else self.applied.outcome
        return Draft(outcome.before, outcome.after) if isinstance(outcome, Written) else self.draft

    def as_text(self) -> Iterator[str]:
        if isinstance(self.plan, Refusal):
            yield from _refusal_lines(self.plan)
            if self.doubt:
                yield f"{'unknown':<14} how things are: {self.doubt}"
            yield "NOT WRITTEN"
        elif self.applied is None:
            yield from _plan_lines("would", self.plan, self.draft)
            yield from (lack_line(gate, _OPTIONS) for gate in self.lacks)
            if self.asked_as:
                yield f"asked          a second person has to run: opsconsole approve {self.asked_as}"
            yield "POSSIBLE: a dry run, nothing is written" if self.code == 0 else "NOT WRITTEN"
        else:
            yield from self._applied_lines(self.applied, self.plan)

    def as_json(self) -> dict[str, object]:
        plan = self.plan
        return {
            "context": self.context,
            "feature": plan.operation.feature,
            "operation": str(plan.operation),
            "doubt": self.doubt,
            "refused": plan.reason if isinstance(plan, Refusal) else None,
            "instead": [_plan_as_json(each) for each in plan.instead] if isinstance(plan, Refusal) else [],
            "plan": _plan_as_json(plan) if isinstance(plan, Plan) else None,
            "diff": _diff(self._as_drafted),
            "gates": [{"name": one.name, "passes": one.passes, "words": one.words} for one in self.gates],
            "request": self.asked_as or None,
            "dry_run": self.dry_run,
            **_applied_as_json(self.applied),
            "acknowledged": self.acknowledged,
            "words": "" if self.heard is None else self.heard.words,
            "exit_code": self.code,
        }

    def _applied_lines(self, applied: "Applied", plan: Plan) -> Iterator[str]:
        match applied.outcome:
            case Written() as written:
                yield from _plan_lines("written", plan, self._as_drafted)
                if written.remark:
                    yield f"{'remark':<14} {written.remark}"
            case Conflict() as conflict:
                yield f"{'conflict':<14} {conflict.why}"
                yield from map(str, _difference(conflict))
            case Unwritten() as unwritten:
                yield f"{'failed':<14} {unwritten.why}"
        kept = f"NOT RECORDED: {applied.unrecorded}" if applied.unrecorded else f"change {applied.sequence}"
        yield f"{'journal':<14} {kept}"
        if self.heard is None:
            yield "NOT WRITTEN"
        else:
            yield f"{'ACKNOWLEDGED' if self.heard.loaded else 'UNCONFIRMED'}: {self.heard.words}"


def effect_lines(effect: Effect) -> Iterator[str]:
    """What becomes of the symbols, a line for each move that leads elsewhere; who starts, who stops."""
    for move, symbols in effect.changed.items():
        yield f"{move_words(move)}: {named(symbols)}{_trading(move)}"
    if effect.others.before is not effect.others.after:
        yield f"{move_words(effect.others)}: any symbol that nobody has named{_trading(effect.others)}"


def move_words(move: Move) -> str:
    return f"{stage_word(move.before)} to {stage_word(move.after)}"


def stage_word(stage: Stage | None) -> str:
    return "unknown" if stage is None else stage.word


def named(symbols: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    more = len(symbols) - _MOST_NAMED
    return ", ".join(symbols[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def command_of(operation: Operation) -> str:
    """The command that asks for it."""
    match operation:
        case SetStage(feature, stage, symbols):
            words = ["set", feature, "--stage", stage.word, *_symbol_options(symbols)]
        case CanaryOnly(feature, symbols):
            words = ["set", feature, "--stage", "canary", "--only", *_symbol_options(symbols)]
        case Promote(feature, symbols):
            words = ["promote", feature, *_symbol_options(symbols)]
        case Demote(feature, symbols):
            words = ["demote", feature, *_symbol_options(symbols)]
        case Disable(feature):
            words = ["disable", feature]
        case Enable(feature, stage):
            words = ["enable", feature, "--stage", stage.word]
        case _:
            return str(operation)
    return f"opsconsole flags {shlex.join(words)}"


def _symbol_options(symbols: Iterable[str] | None) -> Iterator[str]:
    for symbol in symbols or ():
        yield from ("--symbol", symbol)


def _trading(move: Move) -> str:
    return " (START TRADING)" if move.starts else " (stop trading)" if move.stops else ""


def _refusal_lines(refusal: Refusal) -> Iterator[str]:
    yield f"{'refused':<14} {refusal.reason}"
    for plan in refusal.instead:
        yield f"{'instead':<14} {command_of(plan.operation)}"
        yield from (f"{'':<14} {line}" for line in effect_lines(plan.effect))


def _plan_lines(label: str, plan: Plan, draft: Draft | None) -> Iterator[str]:
    yield f"{label:<14} {plan.operation}: {plan.direction.value} the risk"
    yield from (f"{'effect':<14} {line}" for line in effect_lines(plan.effect))
    yield from (f"{'diff':<14} {line}" for line in _diff(draft))
    yield from (f"{'remark':<14} {line}" for line in plan.remarks)


def _diff(draft: Draft | None) -> tuple[str, ...]:
    return () if draft is None else unified(draft.seen, draft.mine)


def _difference(conflict: Conflict) -> tuple[Line, ...]:
    return three_way(conflict.draft.seen, conflict.draft.mine, conflict.theirs)


def _plan_as_json(plan: Plan) -> dict[str, object]:
    return {
        "operation": str(plan.operation),
        "command": command_of(plan.operation),
        "risk": plan.direction.value,
        "moves": [
            {"before": _stage(move.before), "after": _stage(move.after), "symbols": symbols}
            for move, symbols in plan.effect.changed.items()
        ],
        "others": {"before": _stage(plan.effect.others.before), "after": _stage(plan.effect.others.after)},
        "starting": plan.effect.starting,
        "stopping": plan.effect.stopping,
        "remarks": plan.remarks,
    }


def _applied_as_json(applied: "Applied | None") -> dict[str, object]:
    if applied is None:
        return {"outcome": None, "why": "", "difference": [], "change": None, "not_recorded": ""}
    outcome = applied.outcome
    return {
        "outcome": type(outcome).__name__.lower(),
        "why": outcome.remark if isinstance(outcome, Written) else outcome.why,
        "difference": [str(line) for line in _difference(outcome)] if isinstance(outcome, Conflict) else [],
        "change": applied.sequence,
        "not_recorded": applied.unrecorded,
    }


def _stage(stage: Stage | None) -> str | None:
    return None if stage is None else stage.word
