"""What a check answers, from what it saw: a fact outranks a doubt, and a doubt is no pass."""

from collections.abc import Sequence

from console.runbooks.model import Found

MOST_DETAILS = 100
"""Lines that are kept as evidence; how many more there were is said."""


def answer(
    expected: str, wrong: Sequence[str], unknown: Sequence[str], well: str, details: Sequence[str] = ()
) -> Found:
    """Fails for what is `wrong`, can't be told for what is `unknown`, and else passes in the words `well`."""
    if wrong:
        return Found(False, expected, "; ".join(wrong), kept(details))
    if unknown:
        return Found(None, expected, "; ".join(unknown), kept(details))
    return Found(True, expected, well, kept(details))


def kept(lines: Sequence[str]) -> tuple[str, ...]:
    """As many of the lines as are kept, and how many more there were."""
    if len(lines) <= MOST_DETAILS:
        return tuple(lines)
    return (*lines[:MOST_DETAILS], f"and {len(lines) - MOST_DETAILS} more")
