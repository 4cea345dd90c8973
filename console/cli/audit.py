"""The commands of the journal: `audit show`, `verify`, `export`, `anchor-table`. Thin.

Exit codes: 0 all is well, 1 the journal isn't what was written, 2 it can't be read, or bad usage.
"""

import os
import shutil
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from console.cli.command_line import Given, fail, say, settings_of, with_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from console.audit.anchors import Witness
    from console.audit.record import Record
    from console.audit.verify import Verdict

Command = TypeVar("Command", bound=Callable[..., Any])
_WIDTH = 120
"""Characters of a line where no terminal says how wide it is."""


def _with_journal(command: Command) -> Command:
    """Which journal: that of the settings, or any folder."""
    for option in (
        click.option(
            "--anchor",
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="What knows its end.  [default: the state folder's; none with --folder]",
        ),
        click.option(
            "--folder",
            type=click.Path(path_type=Path, file_okay=False),
            metavar="DIR",
            help="This journal, whatever the settings say.",
        ),
    ):
        command = option(command)
    return with_settings(command)


def _with_filter(command: Command) -> Command:
    for option in (
        click.option("--user", default="", metavar="NAME", help="Of this user or uid."),
        click.option(
            "--action", default="", metavar="NAME", help="Of this action; kill.* means all of kill."
        ),
        click.option("--until", default="", metavar="TIME", help="Before then."),
        click.option(
            "--since", default="", metavar="TIME", help="From then on, in UTC: 2026-01-02T03:04, or -2h."
        ),
    ):
        command = option(command)
    return command


@click.group()
def audit() -> None:
    """The journal: who did what, when and why. `--context` shows that context's records only."""


@audit.command()
@_with_journal
@_with_filter
@click.option(
    "--last", type=click.IntRange(1), default=20, show_default=True, help="So many of them, the newest."
)
@click.option("--json", "as_json", is_flag=True, help="The lines as they stand in the journal.")
@click.pass_context
def show(ctx: click.Context, /, *, last: int, as_json: bool, **given: Any) -> None:
    """Show the newest records, oldest first."""
    from console.audit import export as out  # noqa: PLC0415

    newest = deque(_chosen(ctx, given), maxlen=last)
    if as_json:
        _print(out.as_json_lines(newest))
    else:
        width = shutil.get_terminal_size((_WIDTH, 0)).columns
        _print(line for record in newest for line in out.as_text(record, width))
    _fail_unless_sound(_verdict(ctx, given))
    if not newest:
        click.echo("no such record is in the journal", err=True)


@audit.command()
@_with_journal
@click.pass_context
def verify(ctx: click.Context, /, **given: Any) -> None:
    """Check every record; name the first that was edited, dropped, reordered or cut off.

    Compares with the anchor's file and, without --folder, with the table of the context's database.
    """
    verdict = _verdict(ctx, given, _table(ctx, given))
    for note in verdict.notes:
        say(f"note: {note}")
    _fail_unless_sound(verdict)
    say(f"OK: {verdict.records} records in {_folder(ctx, given)}")


@audit.command()
@_with_journal
@_with_filter
@click.option("--format", "form", type=click.Choice(["json", "csv"]), default="json", show_default=True)
@click.pass_context
def export(ctx: click.Context, /, *, form: str, **given: Any) -> None:
    """Print all records: JSON lines as they stand in the journal, or CSV."""
    from console.audit import export as out  # noqa: PLC0415

    chosen = _chosen(ctx, given)
    _print(out.as_csv(chosen) if form == "csv" else out.as_json_lines(chosen))
    _fail_unless_sound(_verdict(ctx, given))


@audit.command("anchor-table")
@click.option("--sqlite", is_flag=True, help="For SQLite instead of MySQL and MariaDB.")
def anchor_table(*, sqlite: bool) -> None:
    """Print the SQL of the table that keeps the journal's heads, for the database's administrator.

    Whoever runs the console needs SELECT and INSERT on it, and nothing more.
    """
    from console.actions.anchor_table import statement  # noqa: PLC0415

    click.echo(statement("sqlite" if sqlite else "mysql"))


def _chosen(ctx: click.Context, given: dict[str, Any]) -> "Iterator[Record]":
    """The records that the filter lets through; what can't be read ends the command."""
    from console.audit.errors import JournalError  # noqa: PLC0415
    from console.audit.export import Filter, InstantError, instant  # noqa: PLC0415
    from console.audit.files import records  # noqa: PLC0415
    from console.domain.clock import SystemClock  # noqa: PLC0415

    folder, now = _folder(ctx, given), SystemClock().wall()
    try:
        since, until = (instant(given[end], now) if given[end] else "" for end in ("since", "until"))
        wanted = Filter(since, until, given["action"], given["user"], _given(ctx, given).context or "")
        yield from filter(wanted.lets, records(folder))
    except (JournalError, InstantError) as error:
        fail(str(error))


def _verdict(ctx: click.Context, given: dict[str, Any], table: "Witness | None" = None) -> "Verdict":
    """What the journal is worth: what isn't sound is neither shown nor exported, so it must be told."""
    from console.audit.errors import JournalError  # noqa: PLC0415
    from console.audit.verify import verify as check  # noqa: PLC0415

    folder, file = _folder(ctx, given), _anchor(ctx, given)
    try:
        verdict = check(folder, [witness for witness in (file, table) if witness is not None])
    except JournalError as error:
        fail(str(error))
    if verdict.finding is None and not folder.is_dir():
        fail(f"there is no journal in {folder}")
    return verdict


def _fail_unless_sound(verdict: "Verdict") -> None:
    if verdict.finding is not None:
        fail(str(verdict.finding), 1)


def _print(lines: "Iterable[str]") -> None:
    try:
        for line in lines:
            click.echo(line)
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)


def _folder(ctx: click.Context, given: dict[str, Any]) -> Path:
    from console.audit.open import folder_in  # noqa: PLC0415

    folder: Path | None = given["folder"]
    return folder or folder_in(settings_of(ctx, _given(ctx, given)).state)


def _anchor(ctx: click.Context, given: dict[str, Any]) -> "Witness | None":
    from console.audit.anchors import AnchorFile  # noqa: PLC0415
    from console.audit.open import anchor_in  # noqa: PLC0415

    anchor: Path | None = given["anchor"]
    if anchor is not None:
        return AnchorFile(anchor)
    return None if given["folder"] else anchor_in(settings_of(ctx, _given(ctx, given)).state)


def _table(ctx: click.Context, given: dict[str, Any]) -> "Witness | None":
    if given["folder"]:
        return None
    from console.actions.anchoring import table_of  # noqa: PLC0415

    return table_of(settings_of(ctx, _given(ctx, given)), os.environ)


def _given(ctx: click.Context, given: dict[str, Any]) -> Given:
    """The options that every command takes, from anywhere on the line."""
    here = Given(given["config"], given["context"], given["state"])
    return here.over(ctx.find_root().obj or Given())
