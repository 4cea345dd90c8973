"""What the widgets are handed at each paint: the assessment as it stands now, and whose it is."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from console.domain.reading import Health
from console.domain.status import Assessment
from console.tui.headline import CONNECTING, Statement, statements, symbol_statements
from console.tui.theme import Glyphs


@dataclass(frozen=True, slots=True)
class ContextView:
    """The context as the screen names it.

    `environment` is its word ('paper', 'production') and `colour` that environment's colour, a name or
    `#rrggbb`; `database` is shown until the server has reported its own host. `owns_engine` says that the
    engine ends with the console.
    """

    name: str
    environment: str
    colour: str
    database: str
    operator: str
    owns_engine: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """One paint. `assessment` is None until the monitor is there.

    `statements` say in words what is wrong, the worst first; `of_symbols` is what they take from the
    symbols, which can be thousands, and is kept for as long as these are the same.
    """

    context: ContextView
    glyphs: Glyphs
    assessment: Assessment | None = None
    statements: tuple[Statement, ...] = (CONNECTING,)
    of_symbols: tuple[Statement, ...] = ()

    def next(self, assessment: Assessment) -> "View":
        """The next paint's view."""
        before = self.assessment
        if before is not None and before.alerts is assessment.alerts:
            of_symbols = self.of_symbols
        else:
            of_symbols = tuple(symbol_statements(assessment))
        return View(self.context, self.glyphs, assessment, statements(assessment, of_symbols), of_symbols)

    @property
    def database(self) -> str:
        """The database's host as the server itself reports it, once it has."""
        server = None if self.assessment is None else self.assessment.server
        return self.context.database if server is None else server.host

    @property
    def answered(self) -> bool:
        """Whether any source has answered yet: before that, an alert says nothing but that."""
        sources = () if self.assessment is None else self.assessment.sources
        return any(source.health not in (Health.WAITING, Health.OFF) for source in sources)


@runtime_checkable
class Painted(Protocol):
    """Whatever shows a view: screens do, and hand it to their widgets."""

    def paint(self, view: View) -> None: ...
