"""What the command `backup` tells of backups, as lines and as a document."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from console.domain.figures import seconds

if TYPE_CHECKING:
    from console.actions.backup.folder import Backup


def listed_line(backup: "Backup", now: float) -> str:
    """One backup on a line: how old it is at `now`, how large, and what is known of its worth."""
    manifest = backup.manifest
    age = seconds(max(0.0, now - manifest.made))
    what = f"{age:>5} old {size_text(manifest.copy.size):>9} {manifest.rows:>11,} rows"
    return f"{backup.name:<18} {what}  {', '.join(_worth(backup, now))}"


def made_lines(backup: "Backup") -> Iterator[str]:
    """A backup that was just made."""
    manifest = backup.manifest
    yield f"{backup.name}  {manifest.rows:,} rows, {size_text(manifest.copy.size)}, {manifest.seconds:.1f} s"
    yield str(backup.file)
    if manifest.held:
        yield f"the engine's writes waited for {manifest.held * 1000:.0f} ms"
    yield f"never rehearsed: opsconsole backup rehearse {backup.name}"


def document_of(backup: "Backup") -> dict[str, object]:
    """One backup as a document; instants are in seconds since 1970."""
    manifest, rehearsal = backup.manifest, backup.checked.rehearsal
    return {
        "name": backup.name,
        "file": str(backup.file),
        "made": manifest.made,
        "by": manifest.by,
        "size": manifest.copy.size,
        "rows": {name: table.rows for name, table in manifest.tables.items()},
        "seconds": manifest.seconds,
        "verified": backup.checked.verified,
        "problems": list(backup.checked.problems),
        "rehearsed": None if rehearsal is None else rehearsal.at,
        "rehearsal_seconds": None if rehearsal is None else rehearsal.seconds,
        "rehearsal_problems": None if rehearsal is None else list(rehearsal.problems),
    }


def size_text(size: int) -> str:
    """Bytes as people write them."""
    for power, unit in enumerate(("B", "kB", "MB")):
        if size < 1000 ** (power + 1):
            return f"{size / 1000**power:.3g} {unit}"
    return f"{size / 1000**3:.3g} GB"


def _worth(backup: "Backup", now: float) -> Iterator[str]:
    checked = backup.checked
    if checked.verified is None:
        yield "never verified"
    elif checked.problems:
        yield f"BROKEN: {checked.problems[0]}"
    else:
        yield f"verified {seconds(max(0.0, now - checked.verified))} ago"
    if checked.rehearsal is None:
        yield "NEVER REHEARSED"
    elif checked.rehearsal.problems:
        yield f"FAILED ITS REHEARSAL: {checked.rehearsal.problems[0]}"
    else:
        ago = seconds(max(0.0, now - checked.rehearsal.at))
        yield f"rehearsed {ago} ago in {checked.rehearsal.seconds:.1f} s"
