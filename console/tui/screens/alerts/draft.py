"""What an operator is about to say of an alert: a plain value, until it is done."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from console.actions.alert_deeds import to_acknowledge
from console.domain.access import AccessError, stated
from console.domain.alert_rows import AlertRow
from console.domain.assessment import Assessment
from console.domain.silences import LabelMatcher, parse_matcher

STEPS = (900.0, 1800.0, 3600.0, 2 * 3600.0, 4 * 3600.0, 8 * 3600.0, 86400.0, 3 * 86400.0, 7 * 86400.0)
"""For how many seconds an alert is muted, one key further each."""
_FIRST = 2 * 3600.0


class Deed(Enum):
    """What is done, as a sentence begins with it."""

    ACKNOWLEDGE = "Acknowledge"
    SILENCE = "Silence"
    WITHDRAW = "Take back the acknowledgement"
    UNSILENCE = "End the silence"

    @property
    def mutes(self) -> bool:
        """Whether it makes something quieter, which takes a reason and an end."""
        return self in (Deed.ACKNOWLEDGE, Deed.SILENCE)


@dataclass(frozen=True, slots=True)
class Draft:
    """`row` is the alert that it began with; a silence is of whatever `matchers` accept.

    An acknowledgement is of this one, or of `every` alert of its rule that nobody had taken on when that was
    chosen, by their keys: none is taken on that came while somebody typed. `lasting` is in seconds; `local`
    keeps a silence out of the Alertmanager.
    """

    deed: Deed
    row: AlertRow
    reason: str = ""
    lasting: float = _FIRST
    matchers: tuple[LabelMatcher, ...] = ()
    local: bool = False
    every: tuple[str, ...] = ()

    @property
    def lack(self) -> str:
        """What is missing before it can be done; empty where nothing is."""
        if not self.deed.mutes:
            return ""
        if self.deed is Deed.SILENCE and all(matcher.accepts({}) for matcher in self.matchers):
            return "a silence needs a matcher that not every alert passes"
        try:
            stated(self.reason)
        except AccessError as error:
            return str(error)
        return ""


def draft_of(deed: Deed, row: AlertRow) -> Draft:
    """The deed on `row`; a silence begins with the matchers that mean it alone."""
    matchers = tuple(LabelMatcher(label, "=", value) for label, value in row.labels)
    return Draft(deed, row, matchers=matchers if deed is Deed.SILENCE else ())


def with_every(draft: Draft, live: Assessment) -> Draft:
    """The same, of all of its rule that nobody has taken on now."""
    keys = tuple(row.key for row in to_acknowledge(live, draft.row.rule))
    return replace(draft, every=keys or (draft.row.key,))


def meant(draft: Draft, live: Assessment) -> tuple[list[AlertRow], int]:
    """Of `every`, those that nobody has taken on yet, and how many have come besides."""
    rows = to_acknowledge(live, draft.row.rule)
    left = [row for row in rows if row.key in draft.every]
    return left, len(rows) - len(left)


def longer(lasting: float) -> float:
    """The next of the STEPS, or the last."""
    return next((step for step in STEPS if step > lasting), STEPS[-1])


def shorter(lasting: float) -> float:
    """The step before, or the first."""
    return next((step for step in reversed(STEPS) if step < lasting), STEPS[0])


def read_matchers(text: str) -> tuple[LabelMatcher, ...]:
    """The matchers of a line, with blanks or commas between them. ValueError says what is allowed."""
    parts = _apart(text)
    if not parts:
        raise ValueError('a silence needs a matcher, as in symbol="BTC/USD"')
    return tuple(map(parse_matcher, parts))


def written(matchers: Sequence[LabelMatcher]) -> str:
    """The matchers as `read_matchers` takes them."""
    return " ".join(map(str, matchers))


def _apart(text: str) -> list[str]:
    """The parts of `text` between blanks and commas, those inside of quotes left whole."""
    parts, quoted, escaped = [""], False, False
    for character in text:
        if character in " ," and not quoted:
            parts.append("")
            continue
        parts[-1] += character
        quoted ^= character == '"' and not escaped
        escaped = character == "\\" and not escaped
    return [part for part in parts if part]
