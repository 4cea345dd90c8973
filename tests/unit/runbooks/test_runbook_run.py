"""The rules of a run, walked at random by somebody who has no store, no command and no patience."""

from dataclasses import replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from console.runbooks.model import undo_of
from console.runbooks.run import (
    MOVES,
    MoveError,
    Next,
    Run,
    Standing,
    State,
    StepRun,
    check_begin,
    check_standing,
    moved,
    next_task,
    steps_of,
)
from tests.unit.runbooks.drives import runbook

TWO = """\
title: Two
use: always
risk: lowers
steps:
  - name: first
    text: First.
    command: stop
    check: stopped
    on_failure: compensate
    compensation: {text: Undo it., command: verify_positions, check: ready}
  - {name: second, text: Second., command: stop, check: stopped, repeatable: true}
"""
BOOK = runbook(TWO)
CHECKED = runbook()
BEGUN = Run("r", "stop", "paper", TWO, {}, 0.0, steps=tuple(steps_of(BOOK)))


def with_states(*states: State) -> Run:
    return replace(
        BEGUN, steps=tuple(replace(one, state=state) for one, state in zip(BEGUN.steps, states, strict=True))
    )


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((State.PENDING, State.PENDING), (Next.BEGIN, "first")),
        ((State.RUNNING, State.PENDING), (Next.SETTLE, "first")),
        ((State.UNKNOWN, State.PENDING), (Next.READ_BACK, "first")),
        ((State.WAITING, State.PENDING), (Next.ASK, "first")),
        ((State.FAILED, State.PENDING), (Next.UNDO, "first")),
        ((State.SKIPPED, State.PENDING), (Next.BEGIN, "second")),
        ((State.PASSED, State.FAILED), (Next.ASK, "second")),
        ((State.PASSED, State.PASSED), (Next.END, "")),
    ],
)
def test_what_is_next_follows_from_the_states(
    states: tuple[State, State], expected: tuple[Next, str]
) -> None:
    task = next_task(BOOK, with_states(*states, State.PENDING))
    assert (task.next, task.step) == expected


@pytest.mark.parametrize(("state", "again"), [(State.PASSED, {State.RUNNING}), (State.SKIPPED, set())])
def test_what_is_over_stays_as_it_is_but_for_a_check_that_is_asked_again(
    state: State, again: set[State]
) -> None:
    for after in set(State) - again:
        with pytest.raises(MoveError, match="it can't become"):
            moved(StepRun("one", state), StepRun("one", after, words="why"))


def test_what_has_passed_is_begun_again_only_where_it_is_a_check_alone() -> None:
    check_begin(CHECKED, StepRun("see", State.PASSED, attempt=1), asked=False)
    with pytest.raises(MoveError, match="has passed: only a check is asked again"):
        check_begin(CHECKED, StepRun("stop", State.PASSED, attempt=1), asked=True)


def test_a_step_is_not_skipped_without_a_reason() -> None:
    with pytest.raises(MoveError, match="a reason is asked for"):
        moved(StepRun("one"), StepRun("one", State.SKIPPED, words=" "))


class Walk(RuleBasedStateMachine):
    """Does whatever is next, with every outcome that there is, and now and then dies, aborts or skips."""

    def __init__(self) -> None:
        super().__init__()
        self.run = BEGUN
        self.effects = {step.name: 0 for step in BEGUN.steps}
        self.asked = {step.name: 0 for step in BEGUN.steps}

    @property
    def task(self) -> Next:
        return next_task(BOOK, self.run).next

    @property
    def step(self) -> StepRun:
        return self.run.step(next_task(BOOK, self.run).step)

    def move(self, state: State, **more: object) -> None:
        self.run = self.run.with_step(moved(self.step, replace(self.step, state=state, **more)))  # type: ignore[arg-type] # by keyword

    @precondition(lambda self: self.task is Next.BEGIN)
    @rule(happens=st.booleans())
    def begin(self, happens: bool) -> None:
        check_begin(BOOK, self.step, asked=False)
        self.effects[self.step.name] += happens
        self.move(State.RUNNING, attempt=self.step.attempt + 1, words="1" if happens else "")

    @precondition(lambda self: self.task is Next.SETTLE)
    @rule(state=st.sampled_from([State.PASSED, State.FAILED, State.UNKNOWN]))
    def settle(self, state: State) -> None:
        if self.step.words:
            self.move(state)
        else:
            self.move(State.PENDING, attempt=self.step.attempt - 1)

    @precondition(lambda self: self.task is Next.READ_BACK)
    @rule(passes=st.booleans())
    def read_back(self, passes: bool) -> None:
        with pytest.raises(MoveError):
            check_begin(BOOK, self.step, asked=True)
        self.move(State.PASSED if passes else State.FAILED)

    @precondition(lambda self: self.task is Next.ASK)
    @rule()
    def again(self) -> None:
        name = self.step.name
        try:
            check_begin(BOOK, self.step, asked=True)
        except MoveError:
            self.move(State.SKIPPED, words="done by hand")
            return
        self.asked[name] += 1
        self.effects[name] += 1
        self.move(State.RUNNING, attempt=self.step.attempt + 1, words="1")

    @precondition(lambda self: self.run.standing is Standing.OPEN)
    @rule()
    def abort(self) -> None:
        check_standing(self.run, Standing.ABORTING)
        self.run = replace(self.run, standing=Standing.ABORTING)

    @precondition(lambda self: self.task in (Next.UNDO, Next.END) and not self.run.standing.over)
    @rule()
    def conclude(self) -> None:
        standing = next_task(BOOK, self.run).standing
        assert standing is not None
        check_standing(self.run, standing)
        self.run = replace(self.run, standing=standing)

    @precondition(lambda self: self.run.standing.over)
    @rule(standing=st.sampled_from(Standing))
    def stay(self, standing: Standing) -> None:
        with pytest.raises(MoveError):
            check_standing(self.run, standing)

    @invariant()
    def nothing_is_done_twice_unasked(self) -> None:
        assert all(self.effects[name] <= 1 + self.asked[name] for name in self.effects)

    @invariant()
    def what_has_passed_has_ended_every_step(self) -> None:
        if self.run.standing is Standing.PASSED:
            assert all(self.run.step(one.name).state in (State.PASSED, State.SKIPPED) for one in BOOK.steps)

    @invariant()
    def what_was_done_is_undone_or_left_with_a_reason(self) -> None:
        if self.run.standing in (Standing.ABORTED, Standing.FAILED) and self.effects["first"]:
            assert self.run.step(undo_of("first")).state in (State.PASSED, State.SKIPPED)


TestWalk = Walk.TestCase


def test_every_state_says_what_may_follow_it() -> None:
    assert set(MOVES) == set(State)
