"""A slow line is told from its answers, not from one that was held up."""

import pytest

from console.tui.terminal.line_watch import SLOW, LineWatch


def after(*answers: float) -> LineWatch:
    """A watch after questions that were answered in so many seconds each."""
    line, at = LineWatch(), 0.0
    for took in answers:
        line.asked(at)
        at += took
        line.answered(at)
        at += 20
    return line


@pytest.mark.parametrize(
    ("answers", "slow"),
    [
        ((), False),
        ((0.01,), False),
        ((2.0,), False),
        ((2.0, 0.01, 2.0), False),
        ((SLOW, SLOW), True),
        ((0.01, 2.0, 2.0), True),
        ((2.0, 2.0, 0.01), True),
        ((2.0, 2.0, 0.01, 0.01), False),
    ],
)
def test_two_answers_in_a_row_make_a_line_slow_or_quick(answers: tuple[float, ...], slow: bool) -> None:
    assert after(*answers).slow is slow


def test_a_terminal_that_does_not_answer_is_not_asked_again() -> None:
    line = LineWatch()
    line.asked(0)
    assert not line.wants_to_ask(1000)


def test_it_asks_seldom_and_more_often_where_answers_are_slow() -> None:
    quick, slow = after(0.01), after(2.0)
    assert [quick.wants_to_ask(0.01 + later) for later in (1, 9, 10)] == [False, False, True]
    assert [slow.wants_to_ask(2.0 + later) for later in (0.5, 1)] == [False, True]


def test_an_answer_that_nobody_asked_for_says_nothing() -> None:
    line = LineWatch()
    line.answered(5)
    assert not line.slow
    assert not line.wants_to_ask(100)
