"""What the operator looks at closely: sources read for it what would be too much for everything."""

from dataclasses import dataclass


@dataclass(slots=True)
class Focus:
    """The symbol whose detail is open, or None. Set by the screen, looked at by sources at each poll."""

    symbol: str | None = None
