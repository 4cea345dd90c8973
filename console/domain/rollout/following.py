"""Whether the engine has loaded what the flags file says of one feature, as far as that can be told."""

from dataclasses import dataclass

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Following:
    """In which symbols the engine has something else loaded, and of which that is `unknown`.

    `doubt` is why nothing can be told at present; empty where it can.
    """

    differing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    doubt: str = ""

    @property
    def is_so(self) -> bool | None:
        """Whether it has loaded all of it. What isn't known of one symbol hides no difference in another."""
        if self.doubt:
            return None
        return False if self.differing else None if self.unknown else True

    @property
    def words(self) -> str:
        if self.doubt:
            return f"what the engine has loaded isn't known: {self.doubt}"
        if self.differing:
            return f"the engine has something else loaded for {_named(self.differing)}"
        if self.unknown:
            return f"the engine doesn't say what it has loaded for {_named(self.unknown)}"
        return "the engine has loaded it"


def _named(symbols: tuple[str, ...]) -> str:
    more = len(symbols) - _MOST_NAMED
    return ", ".join(symbols[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
