"""What the command `backup` tells of backups, as lines and as a document."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from console.domain.backup_progress import Pace, size_text
from console.domain.figures import seconds

if TYPE_CHECKING:
    from decimal import Decimal

    from console.actions.backup.folder import Backup
    from console.domain.backup_progress import Progress
    from console.domain.book_marks import Balance
    from console.domain.clock import Clock
    from console.domain.losses import Losses, TableLoss

_REWRITTEN_EACH, _TOLD_EACH = 0.1, 5.0
"""Seconds between two looks that are told, on a terminal and elsewhere."""


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


def losses_document(losses: "Losses") -> dict[str, object]:
    """What a restore would lose, as a document; amounts are strings, which are exact."""
    return {
        "backup": losses.backup,
        "made": losses.made,
        "at": losses.at,
        "nothing": losses.nothing,
        "rows": losses.rows,
        "tables": [_table(each) for each in losses.tables],
        "accounts": [
            {"account": each.account, "then": _balance(each.then), "now": _balance(each.now)}
            for each in losses.balances
        ],
        "changed": list(losses.changed),
        "compared": None if losses.compared is None else losses.compared.at,
        "contracts": [
            {
                "market": each.market,
                "symbol": each.symbol,
                "exchange": _exact(each.exchange),
                "book": _exact(each.book),
                "restored": _exact(each.restored),
                "lacks": _exact(each.lacks),
            }
            for each in losses.contracts
        ],
        "agree": losses.agree,
        "unknown": list(losses.unknown),
    }


def _table(lost: "TableLoss") -> dict[str, object]:
    return {
        "table": lost.table,
        "account": lost.account,
        "rows": lost.rows,
        "back": lost.back,
        "reopened": lost.reopened,
        "realized_pnl": _exact(lost.realized_pnl),
        "fee": _exact(lost.fee),
        "margin": _exact(lost.margin),
    }


def _balance(told: "Balance | None") -> dict[str, str | None] | None:
    if told is None:
        return None
    return {"current": _exact(told.current), "frozen": _exact(told.frozen), "equity": _exact(told.equity)}


def _exact(amount: "Decimal | None") -> str | None:
    return None if amount is None else format(amount, "f")


class ProgressLine:
    """How far the work is, on standard error: a line that is written anew, or where nobody watches a terminal
    a further line every now and then. Whoever doesn't listen any more ends nothing.
    """

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock
        self._rewritten = sys.stderr.isatty()
        self._each = _REWRITTEN_EACH if self._rewritten else _TOLD_EACH
        self._pace = Pace()
        self._told_at = clock.now()
        self._stands = False

    def look(self, progress: "Progress") -> None:
        """Tell it, where it is time to."""
        now = self._clock.now()
        words = self._pace.words(now, progress)
        if now - self._told_at < self._each:
            return
        self._told_at, self._stands = now, self._rewritten
        width = shutil.get_terminal_size().columns
        self._write(f"\r{words[: width - 1]}\x1b[K" if self._rewritten else f"{words}\n")

    def end(self) -> None:
        """Take away what stands there, before anything else is said."""
        if self._stands:
            self._stands = False
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        with suppress(OSError):
            click.echo(text, nl=False, err=True)


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
