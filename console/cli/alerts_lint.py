"""The command `alerts lint`: what the alert rules can never catch. Thin.

Exit codes: 0 every rule can catch what it says, 1 some can't, 2 a file that is refused, or bad usage.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.cli.command_line import Given, fail, settings_of, tell_all, with_json, with_settings

if TYPE_CHECKING:
    from console.promql.lint import Finding
    from console.promql.rule_file import Intervals, RuleFile


@click.command()
@with_settings
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--scrape",
    default="15s",
    show_default=True,
    metavar="DURATION",
    help="Between two scrapes of the engine.",
)
@click.option(
    "--evaluation",
    default="1m",
    show_default=True,
    metavar="DURATION",
    help="Between two evaluations of a group that doesn't say its own interval.",
)
@with_json
@click.pass_context
def lint(
    ctx: click.Context,
    /,
    *,
    file: Path | None,
    scrape: str,
    evaluation: str,
    as_json: bool,
    **given: Any,
) -> None:
    """Say what each rule of FILE can never catch, and what would.

    Without FILE, the rules that the settings name; where they name none, both files that are shipped.
    """
    from console.promql.lint import lint as holes_of  # noqa: PLC0415
    from console.promql.rule_file import Intervals  # noqa: PLC0415

    intervals = Intervals(_seconds("--scrape", scrape), _seconds("--evaluation", evaluation))
    files = _loaded([file] if file is not None else _named_by_settings(ctx, Given(**given)))
    found = [finding for each in files for finding in holes_of(each, intervals)]
    if as_json:
        _tell_json(files, intervals, found)
    else:
        tell_all(map(str, found))
    sys.exit(1 if found else 0)


def _seconds(option: str, text: str) -> float:
    from console.promql.rule_file import parse_duration  # noqa: PLC0415

    try:
        seconds = parse_duration(text)
    except ValueError as error:
        fail(f"{option}: {error}")
    if seconds == 0:
        fail(f"{option}: {text!r} is no time between two; write one such as 15s")
    return seconds


def _named_by_settings(ctx: click.Context, given: Given) -> list[Path]:
    from console.settings_memory import shipped_configs  # noqa: PLC0415

    named, shipped = settings_of(ctx, given).rule_files, shipped_configs()
    verbatim = shipped / "alert_rules.yaml"
    return [verbatim, shipped / "alert_rules_hardened.yaml"] if named == [verbatim] else named


def _loaded(files: Sequence[Path]) -> "list[RuleFile]":
    """The rules of all files; where any is refused, that ends the command, with a line for every mistake."""
    from console.domain.foreign import visible  # noqa: PLC0415
    from console.promql.rule_file import RuleFileError, load_rules  # noqa: PLC0415

    loaded, problems = [], list[str]()
    for file in files:
        try:
            loaded.append(load_rules(file))
        except RuleFileError as error:
            problems += error.problems
    for problem in problems:
        click.echo(f"opsconsole: {visible(problem)}", err=True)
    if problems:
        sys.exit(2)
    return loaded


def _tell_json(files: "Sequence[RuleFile]", intervals: "Intervals", found: "Sequence[Finding]") -> None:
    import json  # noqa: PLC0415
    from dataclasses import asdict  # noqa: PLC0415

    document = {
        "files": [file.name for file in files],
        **asdict(intervals),
        "findings": [asdict(finding) for finding in found],
    }
    tell_all(json.dumps(document, indent=2).splitlines())
