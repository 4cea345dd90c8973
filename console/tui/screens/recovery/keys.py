"""What can be done with a run now, a key a line: what it does, or grey with the reason why not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from console.domain.access import Arming, Role
from console.runbooks.acts import risk_of
from console.runbooks.deciding import Choice, options
from console.runbooks.lacking import asks_to_type, phrase
from console.runbooks.model import ManualAct, Risk, Step, filled
from console.runbooks.run import Next as Following
from console.runbooks.run import Standing, State, StepRun, Task, next_task, values_of
from console.runbooks.seen import Doing, Hands, Seen
from console.runbooks.unread import not_undone
from console.tui.screens.kill.asking import key_of
from console.tui.screens.recovery.words import current, who
from console.tui.text import Line, Span, fit_line, wrap
from console.tui.theme import Tone
from console.tui.view import View

ONLY_ENDED = "the run can't be gone on with, only ended"


class Does(Enum):
    """What enter does."""

    GO = "go on"
    AGAIN = "do it again"
    NOTE = "write it down"
    CONFIRM = "type the words"
    LOOK = "read it back"
    REPORT = "show the report"


@dataclass(frozen=True, slots=True)
class Offer:
    """One line: `words` say what the action does now, or, where it `can` not be done, why not."""

    action: str
    words: str
    can: bool = True


@dataclass(frozen=True, slots=True)
class Offers:
    """The lines, and what enter does at the step `at`, with what it `asks` for there.

    `again`: the step's act was begun before, so that it has to be asked for.
    """

    enter: Offer
    wait: Offer
    override: Offer
    abort: Offer
    at: str = ""
    does: Does = Does.GO
    asks: str = ""
    again: bool = False

    @property
    def each(self) -> tuple[Offer, ...]:
        """The lines in their order."""
        return self.enter, self.wait, self.override, self.abort


def offers_of(view: View, seen: Seen) -> Offers:
    """What can be done with the run as it was seen last."""
    if seen.run.standing.over:
        return _over()
    if seen.unread:
        return _unread(seen)
    elsewhere = _elsewhere(view, seen)
    if elsewhere:
        return _none(elsewhere)
    if seen.doing is not None:
        return _under_way(seen, seen.doing)
    return _at_a_step(view, seen)


def key_lines(view: View, offers: Offers, cells: int) -> Sequence[Line]:
    """The four lines, always in the same order."""
    return tuple(fit_line(_line(view, offer), cells, view.glyphs.ellipsis) for offer in offers.each)


def over_lines(view: View, report: Path | None, cells: int) -> Sequence[Line]:
    """The same of a run that is over: its report, and where that is kept."""
    shows = Offer("next_thing", "shows the run's report" + ("" if report is None else ", which is kept in"))
    place = [] if report is None else wrap(str(report), cells - _KEY)
    return _line(view, shows), *((Span(" " * _KEY), Span(part, Tone.STRONG)) for part in place)


_KEY = 8
"""Cells of a key, with the gap after it."""


def _line(view: View, offer: Offer) -> Line:
    key = f" {key_of(view, offer.action)} "
    gap = Span(" " * (_KEY - len(key)))
    return Span(key, Tone.KEY if offer.can else Tone.DIM), gap, Span(offer.words, _TONES[offer.can])


_TONES = {True: Tone.PLAIN, False: Tone.DIM}


def _over() -> Offers:
    return replace(
        _none("the run is over"), enter=Offer("next_thing", "shows the run's report"), does=Does.REPORT
    )


def _elsewhere(view: View, seen: Seen) -> str:
    """Why nothing can be done from here but to take it over."""
    if seen.hands is not Hands.OTHERS:
        return ""
    return f"{who(seen.run.driver, seen.hands)} it: {key_of(view, 'take_over')} takes it over, with a reason"


def _none(why: str) -> Offers:
    """Nothing can be done, for one reason, which stands in the first line."""
    wait, override, abort = (Offer(action, f"{does}: not now", can=False) for action, does in _OTHERS.items())
    return Offers(Offer("next_thing", why, can=False), wait, override, abort)


_OTHERS = {"wait_for_step": "waits", "override_step": "overrides", "abort_run": "aborts"}


def _unread(seen: Seen) -> Offers:
    """What can't be read can only be ended, whoever drives it."""
    ends = f"ends it: {not_undone(seen.run)}"
    if in_others_hands(seen):
        ends = f"ends it, though {who(seen.run.driver, seen.hands)} it: {not_undone(seen.run)}"
    return replace(_none(ONLY_ENDED), abort=Offer("abort_run", ends))


def in_others_hands(seen: Seen) -> bool:
    """Whether somebody else drives it, or what stands by for them."""
    return seen.hands in (Hands.OTHERS, Hands.STANDBY)


def _under_way(seen: Seen, doing: Doing) -> Offers:
    """While it goes on, it can be aborted, and what is only asked again can be left."""
    at = current(seen.run)
    none = replace(
        _none(doing.value if at is None else f"{doing.value}, now at {at.name}"), abort=_abort(seen)
    )
    if doing is not Doing.WAITS:
        return none
    return replace(none, wait=Offer("wait_for_step", "asks no longer, and leaves the step waiting"))


def _abort(seen: Seen) -> Offer:
    if seen.run.standing is not Standing.OPEN:
        return Offer("abort_run", f"it is {seen.run.standing.value} already", can=False)
    undone = [step.name for step in to_undo(seen)]
    words = f"aborts it, and undoes {', '.join(undone)}" if undone else "aborts it; what was done stays"
    return Offer("abort_run", words)


def to_undo(seen: Seen) -> Sequence[StepRun]:
    """What an abort would undo, the first to be undone first: each step that was begun and can be."""
    steps = reversed(seen.runbook.steps)
    return [seen.run.step(one.name) for one in steps if one.compensation and seen.run.step(one.name).attempt]


def _at_a_step(view: View, seen: Seen) -> Offers:
    """The run waits to be told to go on."""
    task, at = next_task(seen.runbook, seen.run), current(seen.run)
    if task.next in (Following.END, Following.UNDO) or at is None:
        return replace(_none("no step is left to decide at"), enter=_ending(task), abort=_abort(seen))
    if at.state is State.RUNNING:
        told = f"finds out what has become of {at.name}, and goes on"
        if seen.hands is Hands.STANDBY:
            told = f"takes the run from what stands by, and goes on with {at.name}; or leave it to that"
        found = Offer("next_thing", told)
        return replace(_none("first it is found out what has become of it"), enter=found, abort=_abort(seen))
    step = seen.runbook.step(at.name)
    lacks = {each.choice: each.lack for each in options(seen.runbook, seen.run, Task(Following.ASK, at.name))}
    does, asks = _does(view, seen, step, at)
    failed = at.state is State.FAILED and does is not Does.NOTE
    typed = does is Does.CONFIRM and at.state is State.WAITING
    no_wait = "it waits for words to be typed" if typed else lacks[Choice.WAIT]
    return Offers(
        _enter(view, seen, step, at, does=does, asks=asks, lack=lacks[Choice.AGAIN] if failed else ""),
        _offer("wait_for_step", "asks again and again until it holds, then goes on", no_wait),
        _offer("override_step", f"leaves {at.name} out, with a reason", _no_override(view, seen, at)),
        _abort(seen),
        at.name,
        does,
        asks,
        again=at.state is State.FAILED or (at.state is State.WAITING and at.attempt > 0),
    )


def _ending(task: Task) -> Offer:
    if task.next is Following.UNDO:
        return Offer("next_thing", f"undoes what was done, because {task.step} has failed")
    if task.step:
        return Offer("next_thing", f"ends the run as failed, because {task.step} has")
    return Offer("next_thing", "ends the run: nothing is left to be done")


def _does(view: View, seen: Seen, step: Step, at: StepRun) -> tuple[Does, str]:
    """What enter does at a step, and what it asks for there."""
    begins = at.state in (State.PENDING, State.WAITING, State.FAILED)
    if isinstance(step.act, ManualAct) and begins:
        values = values_of(seen.run, view.context.environment, seen.run.began)
        return Does.NOTE, filled(step.act.asks, values)
    words = phrase(step, seen.run, view.context.environment)
    asked = at.words.startswith(asks_to_type(words))
    at_once = begins and not step.if_needed and step.confirm is not None and step.confirm.unless is None
    if words and (asked or at_once):
        return Does.CONFIRM, words
    if at.state is State.UNKNOWN:
        return Does.LOOK, ""
    return (Does.AGAIN if at.state is State.FAILED else Does.GO), ""


def _enter(view: View, seen: Seen, step: Step, at: StepRun, *, does: Does, asks: str, lack: str) -> Offer:
    acts = seen.does.get(at.name, "")
    raises = step.effect is not None and risk_of(step.effect) is Risk.RAISES
    acts_now = at.state is State.WAITING if step.if_needed else at.state is not State.UNKNOWN
    if raises and acts_now:
        lack = lack or _arm_first(view, at.name)
    words = {
        Does.NOTE: "asks what is to be written down, and goes on",
        Does.CONFIRM: f"has you type {asks!r}, then: {acts}",
        Does.LOOK: "reads back what has become of it; nothing is done",
        Does.AGAIN: f"does it again: {acts}" if acts else "asks it again",
        Does.GO: _goes_on(step, at, acts),
    }[does]
    return _offer("next_thing", words, lack)


def _goes_on(step: Step, at: StepRun, acts: str) -> str:
    if step.if_needed and acts:
        return f"asks whether it is so already, and only if not: {acts}"
    if at.state is State.WAITING:
        return f"looks again, and where it holds: {acts}" if acts else "looks again whether it holds"
    return f"begins {at.name}: {acts}" if acts else f"asks {at.name}, and goes on up to a step that acts"


def _no_override(view: View, seen: Seen, at: StepRun) -> str:
    """Why this person may not leave the step out now: nobody sees then that it holds."""
    if view.access is None:
        return "overrides, as an admin: who you are isn't known yet"
    standing = view.access.catch.standing
    if standing.role < Role.ADMIN:
        return f"overrides, as an admin: {standing}"
    raises = seen.runbook.risk is Risk.RAISES
    return _arm_first(view, f"leaving {at.name} out") if raises else ""


def _arm_first(view: View, what: str) -> str:
    """The key that has to come before `what`, which raises the risk; empty where it has."""
    if isinstance(view.mode, Arming):
        return ""
    return f"read-only: {key_of(view, 'arm')} arms, as {what} raises the risk"


def _offer(action: str, words: str, lack: str) -> Offer:
    return Offer(action, lack or words, can=not lack)
