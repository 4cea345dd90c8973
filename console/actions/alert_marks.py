"""`state/alerts/<context>.json`: what people said of alerts, shared by all consoles on this host.

Unlike the vigil, which is begun anew when it can't be read, a damaged file is refused: an acknowledgement is
somebody's word.
"""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from console.actions.shared_document import SharedDocument
from console.domain.clock import Clock
from console.domain.silences import Marks, document_of, marks_from


def marks_file(state: Path, context: str) -> Path:
    """Where the marks of `context` are kept."""
    return state / "alerts" / f"{quote(context, safe=' ')}.json"


def read_marks(file: Path) -> Marks:
    """What is kept; nothing where there is no file. ValueError, in one line, for what can't be read."""
    return _kept(file).read()


def change_marks(file: Path, change: Callable[[Marks], Marks], clock: Clock) -> Marks:
    """Change what is kept, and return it. Raises as `SharedDocument.change` does."""
    return _kept(file).change(change, clock)


def _kept(file: Path) -> SharedDocument[Marks]:
    return SharedDocument(file, Marks(), marks_from, document_of)
