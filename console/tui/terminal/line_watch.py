"""Whether the line to the terminal is slow, told from how long the terminal takes to answer a question.

The question is the one that textual asks at the start, whether output can be synchronised; what was sent
before it has to get through first. A terminal that doesn't answer isn't asked again: of it nothing is known.
"""

QUESTION = "\x1b[?2026$p"
"""DECRQM for synchronised output: a few bytes, of which nothing is shown."""

SLOW = 0.5
"""Seconds for an answer from which the line is felt to be slow."""
_OFTEN = 1.0
_SELDOM = 10.0
"""Seconds between an answer and the next question: the first while answers come in slowly."""


class LineWatch:
    """Notes questions and answers, at seconds of any steady clock, and says what they come to."""

    def __init__(self) -> None:
        self._asked_at: float | None = None
        self._answered_at: float | None = None
        self._slow_answers = 0
        self.slow = False

    def asked(self, at: float) -> None:
        self._asked_at = at

    def answered(self, at: float) -> None:
        """Two slow answers in a row make the line slow, and two quick ones undo it."""
        if self._asked_at is None:
            return
        took, self._asked_at, self._answered_at = at - self._asked_at, None, at
        step = 1 if took >= SLOW else -1
        self._slow_answers = max(0, min(2, self._slow_answers + step))
        if self._slow_answers in (0, 2):
            self.slow = self._slow_answers == 2

    def wants_to_ask(self, at: float) -> bool:
        """Whether it is time for another question: once the one before has been answered."""
        if self._answered_at is None or self._asked_at is not None:
            return False
        return at - self._answered_at >= (_OFTEN if self._slow_answers else _SELDOM)
