"""A change as a second person is asked to agree to it: what becomes of every symbol, why, in which file."""

from collections.abc import Iterator, Sequence
from hashlib import sha256

from console.actions.rollout.look import Look
from console.actions.rollout.record import action_of
from console.domain.approval import Deed
from console.domain.rollout.gates import Asked
from console.domain.rollout.plan import Move, Plan

_MOST_NAMED = 50


def deed_of(context: str, plan: Plan, look: Look, asked: Asked) -> Deed:
    """What exactly the change would do now, and on which grounds."""
    file = f"in {look.path}, whose SHA-256 is {look.digest}"
    what = (str(plan.operation), *_effect_lines(plan), *_grounds(asked), file)
    return Deed(context, action_of(plan), plan.operation.feature, what)


def _effect_lines(plan: Plan) -> Iterator[str]:
    """What becomes of the symbols, a line for each move that leads elsewhere."""
    for move, symbols in plan.effect.changed.items():
        yield f"{_words(move)}: {_named(symbols)}"
    if plan.effect.others.rises:
        yield f"{_words(plan.effect.others)}: any other symbol"


def _named(symbols: Sequence[str]) -> str:
    """The symbols; of many the first, with what tells them all from any others."""
    if len(symbols) <= _MOST_NAMED:
        return ", ".join(symbols)
    digest = sha256("\n".join(symbols).encode()).hexdigest()
    first = ", ".join(symbols[:_MOST_NAMED])
    return f"{len(symbols)} symbols: {first} and others; SHA-256 of their names, a line each: {digest}"


def _words(move: Move) -> str:
    before, after = ("unknown" if stage is None else stage.word for stage in (move.before, move.after))
    return f"{before} to {after}"


def _grounds(asked: Asked) -> Iterator[str]:
    if reason := asked.reason.strip():
        yield f"reason: {reason}"
    if override := asked.override.strip():
        yield f"OVERRIDE: {override}"
