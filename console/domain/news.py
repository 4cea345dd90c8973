"""What people are told who aren't at a console: a kill switch was tripped, reset or lost, and the like."""

from dataclasses import dataclass
from enum import Enum

from console.domain.foreign import visible


class Kind(Enum):
    """What happened."""

    TRIP = "trip"
    RESET = "reset"
    NOT_RESET = "not reset"
    LOST = "lost"
    BREAK_GLASS = "break_glass"
    APPROVAL = "approval"
    TEST = "test"

    @property
    def words(self) -> str:
        return _WORDS[self]

    @property
    def setting(self) -> str:
        """The word by which settings want it: a reset that fails is told where resets are."""
        return Kind.RESET.value if self is Kind.NOT_RESET else self.value


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened in one context: `who` did or saw it, and `detail` is what came of it."""

    kind: Kind
    context: str
    environment: str
    who: str
    reason: str
    detail: str = ""
    drill: bool = False

    @property
    def title(self) -> str:
        """On one line, the environment first: a telephone shows no more."""
        drill = "DRILL " if self.drill else ""
        return f"{drill}[{self.environment}] {visible(self.context)}: {self.kind.words}"

    @property
    def body(self) -> str:
        """Who and why, and on a line of its own what came of it."""
        said = [f"{self.who}: {self.reason}", self.detail]
        return "\n".join(visible(line) for line in said if line)


_WORDS = {
    Kind.TRIP: "kill switch tripped",
    Kind.RESET: "kill switch reset",
    Kind.NOT_RESET: "kill switch NOT reset, or not wholly",
    Kind.LOST: "kill switch LOST, the engine has cleared it by itself",
    Kind.BREAK_GLASS: "glass broken, done without a second person",
    Kind.APPROVAL: "a second person is asked for",
    Kind.TEST: "a test, nothing has happened",
}
