"""What the widgets are handed at each paint: the assessment as it stands now, and whose it is."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from console.domain.status import Assessment
from console.tui.theme import Glyphs


@dataclass(frozen=True, slots=True)
class ContextView:
    """The context as the screen names it.

    `environment` is its word ('paper', 'production') and `colour` that environment's colour, a name or
    `#rrggbb`; `database` is shown until the server has reported its own host.
    """

    name: str
    environment: str
    colour: str
    database: str
    operator: str


@dataclass(frozen=True, slots=True)
class View:
    """One paint. `assessment` is None until the monitor is there."""

    context: ContextView
    glyphs: Glyphs
    assessment: Assessment | None = None

    @property
    def database(self) -> str:
        """The database's host as the server itself reports it, once it has."""
        server = None if self.assessment is None else self.assessment.server
        return self.context.database if server is None else server.host


@runtime_checkable
class Painted(Protocol):
    """Whatever shows a view: screens do, and hand it to their widgets."""

    def paint(self, view: View) -> None: ...
