"""The commands of the flags file: `flags show`, `diff`, `history`, `lint`; another module changes it. Thin.

Exit codes: of `show` and `history` 0, of `diff` 0 where the engine has loaded what the file says and 1 where
it hasn't, of `lint` 0 without findings and 1 with some; 2 bad usage, 3 what can't be told.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.cli import flags_change as changes
from console.cli.command_line import Given, fail, monitor_of, settings_of, tell_all, with_json, with_settings

if TYPE_CHECKING:
    from console.actions.rollout.history import Change
    from console.domain.assessment import Assessment
    from console.domain.rollout.drift import Cell, RolloutStatus
    from console.domain.surfaces import Flags
    from console.settings import Settings

Json = dict[str, object]


@click.group()
def flags() -> None:
    """How far each feature is rolled out, for which symbols: look at it, and change it."""


@flags.command()
@with_settings
@click.argument("feature", required=False)
@click.option("--symbol", metavar="S", help="Only this one.")
@with_json
@click.pass_context
def show(
    ctx: click.Context, /, *, feature: str | None, symbol: str | None, as_json: bool, **given: Any
) -> None:
    """Say what the file desires, what the engine has loaded and what is seen to trade.

    With FEATURE or a symbol a line for each cell, without a line for each feature.
    """
    settings, live = _looked(ctx, given)
    status = live.rollout
    known = _flags_of(status)
    chosen = _chosen(status, feature)
    symbols = tuple(status.listings) if symbol is None else (symbol,)
    if as_json:
        document = {
            **_file_as_json(settings, known, status),
            "features": {name: _feature_as_json(live, known, name, symbols) for name in chosen},
        }
        _tell_json(document)
    else:
        tell_all(_file_lines(known, status))
        if feature is None and symbol is None:
            tell_all(_feature_lines(status, known))
        else:
            tell_all(_cell_lines(live, ((name, each) for name in chosen for each in symbols)))
    sys.exit(3 if status.desired_doubt else 0)


@flags.command()
@with_settings
@click.argument("feature", required=False)
@with_json
@click.pass_context
def diff(ctx: click.Context, /, *, feature: str | None, as_json: bool, **given: Any) -> None:
    """Compare what the file says with what the engine has loaded."""
    settings, live = _looked(ctx, given)
    status = live.rollout
    known = _flags_of(status)
    found = {name: status.following(name) for name in _chosen(status, feature)}
    cells = [(name, symbol) for name, following in found.items() for symbol in following.differing]
    unknown = {name: each for name, each in found.items() if each.doubt or each.unknown}
    code = 1 if cells else 3 if unknown or status.desired_doubt else 0
    if as_json:
        differing = [
            {"feature": name, "symbol": symbol, **_cell_as_json(live, status.cell(name, symbol))}
            for name, symbol in cells
        ]
        untold = {name: each.unknown for name, each in unknown.items()}
        document = {**_file_as_json(settings, known, status), "differing": differing, "unknown": untold}
        _tell_json({**document, "exit_code": code})
    else:
        tell_all(_file_lines(known, status))
        tell_all(_cell_lines(live, cells))
        tell_all(f"{name}: {replace(each, differing=()).words}" for name, each in unknown.items())
        if code == 0:
            tell_all(["the engine has loaded what the file says"])
    sys.exit(code)


@flags.command()
@with_settings
@click.argument("feature", required=False)
@click.option("--last", type=click.IntRange(1), default=20, show_default=True, help="So many, the newest.")
@with_json
@click.pass_context
def history(ctx: click.Context, /, *, feature: str | None, last: int, as_json: bool, **given: Any) -> None:
    """Show who changed what from here, when and why, newest first; `flags revert` takes the number."""
    settings = settings_of(ctx, Given(**given))
    from console.actions.rollout.rollout import Rollout  # noqa: PLC0415
    from console.domain.access import AccessError  # noqa: PLC0415

    try:
        found = Rollout(settings).history(feature)[:last]
    except AccessError as error:
        fail(str(error), 3)
    if as_json:
        _tell_json({"context": settings.context, "changes": [_change_as_json(each) for each in found]})
    elif found:
        tell_all(line for each in found for line in _change_lines(each))
    else:
        click.echo("no such change is in the journal", err=True)


@flags.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def lint(*, file: Path) -> None:
    """Say what an engine would misread in FILE; nothing of it is changed."""
    from console.sources.flags import findings  # noqa: PLC0415

    try:
        content = file.read_bytes()
    except OSError as error:
        fail(f"{file}: {(error.strerror or str(error)).lower()}")
    found = findings(content, str(file))
    tell_all(f"{file}:{finding}" for finding in found)
    sys.exit(1 if found else 0)


for _change in (
    changes.set_,
    changes.promote,
    changes.demote,
    changes.enable,
    changes.disable,
    changes.revert,
):
    flags.add_command(_change)


def _looked(ctx: click.Context, given: Mapping[str, Any]) -> "tuple[Settings, Assessment]":
    """The settings, and everything as it is now."""
    settings = settings_of(ctx, Given(**given))
    import asyncio  # noqa: PLC0415

    monitor = monitor_of(settings, once=True)
    asyncio.run(monitor.look_once())
    return settings, monitor.assessment()


def _flags_of(status: "RolloutStatus") -> "Flags":
    if status.flags is None:
        fail(f"the flags file can't be read: {status.desired_doubt}", 3)
    return status.flags


def _chosen(status: "RolloutStatus", feature: str | None) -> tuple[str, ...]:
    if feature is None:
        return status.features
    if feature not in status.features:
        fail(f"there is no feature {feature!r}; there are {', '.join(status.features) or 'none'}")
    return (feature,)


def _file_lines(known: "Flags", status: "RolloutStatus") -> Iterator[str]:
    """The file, and what is wrong with what is known of it and of the engine."""
    yield f"file  {known.path}"
    if known.global_kill_switch is not False:
        switch = "on: every feature is off" if known.global_kill_switch else "neither true nor false"
        yield f"note  global_kill_switch is {switch}"
    if status.desired_doubt:
        yield f"note  the file isn't known as it is now: {status.desired_doubt}"
    if status.loaded_doubt:
        yield f"note  what the engine has loaded isn't known: {status.loaded_doubt}"
    yield from (f"note  {known.path}:{finding}" for finding in known.findings)


def _feature_lines(status: "RolloutStatus", known: "Flags") -> Iterator[str]:
    """Each feature: what its entry says, in how many symbols it is in which stage, whether that is loaded."""
    from console.cli.flags_told import stage_word  # noqa: PLC0415
    from console.domain.rollout.stages import Stage, feature_named  # noqa: PLC0415

    width = max(map(len, status.features), default=0)
    for name in status.features:
        entry = feature_named(known, name)
        says = "not there" if entry is None else entry.stage if entry.enabled else "off"
        desired = [status.desired(name, symbol) for symbol in status.listings]
        counts = ((stage, desired.count(stage)) for stage in (*reversed(Stage), None))
        told = ", ".join(f"{count} {stage_word(stage)}" for stage, count in counts if count)
        yield f"{name:<{width}}  {says:<10}  {told or 'no symbols known'}; {_loading(status, name)}"


def _loading(status: "RolloutStatus", feature: str) -> str:
    """Whether the engine has loaded what the file says of the feature, in words."""
    found = status.following(feature)
    if found.doubt:
        return "whether it is loaded isn't known"
    told = []
    if found.differing:
        standing = status.cell(feature, found.differing[0]).standing.value
        told.append(f"{standing.upper()}: {_symbols(found.differing)}")
    if found.unknown:
        told.append(f"not known for {_symbols(found.unknown)}")
    return ", ".join(told) or "loaded"


def _symbols(symbols: tuple[str, ...]) -> str:
    return f"{len(symbols)} symbol{'' if len(symbols) == 1 else 's'}"


def _cell_lines(live: "Assessment", cells: Iterable[tuple[str, str]]) -> Iterator[str]:
    from console.cli.flags_told import stage_word  # noqa: PLC0415
    from console.domain.figures import seconds  # noqa: PLC0415

    for feature, symbol in cells:
        cell = live.rollout.cell(feature, symbol)
        since = "" if cell.since is None else f" for {seconds(live.at - cell.since)}"
        observed = f"; {cell.observed}" if cell.observed else ""
        words = f"file {stage_word(cell.desired)}, engine {stage_word(cell.loaded)}"
        yield f"{feature} {symbol}: {words}: {cell.standing.value}{since}{observed}"


def _file_as_json(settings: "Settings", known: "Flags", status: "RolloutStatus") -> Json:
    return {
        "context": settings.context,
        "file": known.path,
        "digest": known.digest,
        "global_kill_switch": known.global_kill_switch,
        "findings": [str(finding) for finding in known.findings],
        "doubt": {"file": status.desired_doubt, "engine": status.loaded_doubt},
    }


def _feature_as_json(live: "Assessment", known: "Flags", name: str, symbols: Iterable[str]) -> Json:
    from console.domain.rollout.stages import feature_named  # noqa: PLC0415

    entry, following = feature_named(known, name), live.rollout.following(name)
    return {
        "enabled": None if entry is None else entry.enabled,
        "stage": None if entry is None else entry.stage,
        "loaded": following.is_so,
        "differing": following.differing,
        "unknown": following.unknown,
        "symbols": {symbol: _cell_as_json(live, live.rollout.cell(name, symbol)) for symbol in symbols},
    }


def _cell_as_json(live: "Assessment", cell: "Cell") -> Json:
    return {
        "desired": None if cell.desired is None else cell.desired.word,
        "loaded": None if cell.loaded is None else cell.loaded.word,
        "observed": cell.observed,
        "standing": cell.standing.value,
        "differs_for": None if cell.since is None else round(live.at - cell.since, 3),
    }


def _change_lines(change: "Change") -> Iterator[str]:
    from console.audit.record import iso_time  # noqa: PLC0415

    done = {True: "written", False: "NOT WRITTEN", None: "UNKNOWN"}[change.done]
    marks = " OVERRIDDEN" * change.overridden + f" approved by {change.approved_by}" * bool(
        change.approved_by
    )
    by = f"{change.user} from {change.ssh}" if change.ssh else change.user
    yield f"{change.sequence:>6}  {iso_time(change.at)[:19]}Z  {by}  {change.words}: {done}{marks}"
    if change.reason:
        yield f"{'':>6}  {change.reason}"
    for key, value in change.wrote.items():
        yield f"{'':>6}  {key}: {_value(change.before.get(key))} -> {_value(value)}"


def _change_as_json(change: "Change") -> Json:
    return {
        "change": change.sequence,
        "at": change.at,
        "user": change.user,
        "ssh": change.ssh,
        "feature": change.feature,
        "operation": change.words,
        "before": change.before,
        "after": change.wrote,
        "reason": change.reason,
        "done": change.done,
        "overridden": change.overridden,
        "approved_by": change.approved_by,
    }


def _value(value: object) -> str:
    """A value as a line has it; None is a key that isn't there."""
    if value is None:
        return "missing"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={word}" for key, word in value.items())
    return ", ".join(value) if isinstance(value, tuple) else str(value).lower()


def _tell_json(document: Json) -> None:
    import json  # noqa: PLC0415

    tell_all(json.dumps(document, indent=2).splitlines())
