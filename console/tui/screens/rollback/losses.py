"""What putting a backup back would lose: in a few cells, and in full."""

from collections.abc import Iterator

from console.domain.losses import Losses, lines_of
from console.domain.rollback import Way
from console.tui.theme import Glyphs, Tone
from console.tui.widgets.table.columns import Cell


def lost_in_brief(way: Way, glyphs: Glyphs) -> Cell:
    """Rows since the backup, and contracts in which the restored book would not be the exchange's."""
    losses = way.loses
    if losses is None and not way.loses_unknown:
        return Cell(glyphs.none, Tone.DIM)
    if losses is None or losses.nothing is None:
        return Cell(f"{glyphs.unknown} not known", Tone.UNKNOWN)
    if losses.nothing:
        return Cell(f"{glyphs.ok} nothing", Tone.OK)
    return Cell(f"{glyphs.warning} {_counted(losses)}", Tone.WARNING)


def lost_in_full(way: Way) -> Iterator[tuple[str, Tone]]:
    """The same, each line with its tone; what can't be told is never said as if nothing were lost."""
    if way.loses is not None:
        yield from _lines(way.loses)
    elif not way.loses_unknown:
        yield "no order, position or trade: it puts no backup back", Tone.DIM
    if way.loses_unknown:
        yield way.loses_unknown, Tone.UNKNOWN


def _lines(losses: Losses) -> Iterator[tuple[str, Tone]]:
    lines = list(lines_of(losses))
    lost, unknown = losses.lost, len(lines) - len(losses.unknown)
    for number, line in enumerate(lines):
        rest = Tone.OK if losses.nothing else Tone.PLAIN
        yield line, Tone.WARNING if number < lost else Tone.UNKNOWN if number >= unknown else rest


def _counted(losses: Losses) -> str:
    """Such as `412 rows, 3 contracts`; a question mark says that there may be more."""
    parts = [
        f"{count:,} {word}{'' if count == 1 else 's'}"
        for count, word in ((losses.rows, "row"), (len(losses.contracts), "contract"))
        if count
    ]
    return (", ".join(parts) or "changes") + (" ?" if losses.unknown else "")
