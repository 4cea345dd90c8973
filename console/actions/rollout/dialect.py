"""How a context's engine reads the flags file, by what the settings say; also by those that are recalled."""

from typing import TYPE_CHECKING

from console.domain.rollout.stages import Dialect

if TYPE_CHECKING:
    from console.settings import Context


def dialect_of(context: "Context") -> Dialect:
    """How the context's engine reads the flags file."""
    said = context.rollout
    at_start = said.reads == "at start"
    return Dialect(said.symbol_stages, tuple(said.list_names), said.chooses_by_crc, at_start)
