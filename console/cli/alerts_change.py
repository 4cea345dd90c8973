"""What mutes alerts and makes them loud again: `alerts ack`, `unack`, `silence`, `unsilence`, `silences`.

Exit codes: 0 done, 1 done, but not in the journal, or nobody can tell whether it is done, 2 bad usage,
3 nothing has changed.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from console.cli.command_line import (
    Command,
    Given,
    fail,
    monitor_of,
    settings_of,
    tell_all,
    with_json,
    with_settings,
)

if TYPE_CHECKING:
    from console.actions.alert_deeds import AlertDeeds, Marked
    from console.domain.assessment import Assessment
    from console.domain.silences import Acknowledgement, LabelMatcher, Marks, Silence
    from console.settings import Settings

Mark = TypeVar("Mark", "Acknowledgement", "Silence")

_SYMBOL = click.option("--symbol", metavar="S", help="Where several are called so: this symbol's.")
_REASON = click.option("--reason", required=True, help="Why, for others to read.")
_WHY = click.option("--reason", default="", help="Why, for the journal.")
_LASTING = click.option(
    "--for",
    "lasting",
    default="2h",
    show_default=True,
    metavar="DURATION",
    help="Until it is over by itself.",
)

_MOST_NAMED = 6


def _with_outcome(command: Command) -> Command:
    """What every change takes, and how it tells what came of it."""
    for option in (with_json, with_settings):
        command = option(command)
    return command


@click.command()
@click.argument("alert", metavar="KEY|NAME")
@_SYMBOL
@click.option("--every", is_flag=True, help="Where several are called so: all that nobody has taken on.")
@_REASON
@_LASTING
@_with_outcome
@click.pass_context
def ack(
    ctx: click.Context,
    /,
    *,
    alert: str,
    symbol: str | None,
    every: bool,
    reason: str,
    lasting: str,
    as_json: bool,
    **given: Any,
) -> None:
    """Take on an alert: it stays in sight, and wakes nobody until it is over or the time is up."""
    settings, length = settings_of(ctx, Given(**given)), _length(lasting)
    if every and symbol is not None:
        fail("--every is of all symbols: leave out --symbol")
    live = asyncio.run(_looked(settings))
    deeds = _deeds(settings)
    if every:
        keys = _keys_of(live, alert)
        _done(deeds, lambda: deeds.acknowledge_every(keys, live, reason, length), as_json=as_json)
    key = _key_of(live, alert, symbol)
    _done(deeds, lambda: deeds.acknowledge(key, live, reason, length), as_json=as_json)


@click.command()
@click.argument("alert", metavar="NAME")
@_SYMBOL
@_WHY
@_with_outcome
@click.pass_context
def unack(
    ctx: click.Context, /, *, alert: str, symbol: str | None, reason: str, as_json: bool, **given: Any
) -> None:
    """Take back that an alert was acknowledged; NAME is the rule's, or the alert as `silences` has it."""
    from console.actions.alert_deeds import alert_named  # noqa: PLC0415

    deeds = _deeds(settings_of(ctx, Given(**given)))
    found = {
        alert_named(mark.labels): mark.labels
        for mark in _marks(deeds).acknowledgements
        if alert in (dict(mark.labels).get("alertname"), alert_named(mark.labels))
        and symbol in (None, dict(mark.labels).get("symbol"))
    }
    labels = found[_only("acknowledgement", alert, found, symbol)]
    _done(deeds, lambda: deeds.withdraw(labels, reason), as_json=as_json)


@click.command()
@click.argument("matchers", nargs=-1, required=True, metavar="MATCHER...")
@_REASON
@_LASTING
@click.option("--local", is_flag=True, help="On this host only, though the context has an Alertmanager.")
@_with_outcome
@click.pass_context
def silence(
    ctx: click.Context,
    /,
    *,
    matchers: tuple[str, ...],
    reason: str,
    lasting: str,
    local: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Silence the alerts that every MATCHER accepts, such as symbol=BTCUSDT or 'severity=~warning|high'."""
    settings, length = settings_of(ctx, Given(**given)), _length(lasting)
    wanted, deeds = [_matcher(text) for text in matchers], _deeds(settings)
    _done(deeds, lambda: deeds.silence(wanted, reason, length, local=local), as_json=as_json)


@click.command()
@click.argument("key", metavar="ID")
@_WHY
@_with_outcome
@click.pass_context
def unsilence(ctx: click.Context, /, *, key: str, reason: str, as_json: bool, **given: Any) -> None:
    """End the silence that `silences` lists under this ID."""
    deeds = _deeds(settings_of(ctx, Given(**given)))
    _done(deeds, lambda: deeds.unsilence(key, reason), as_json=as_json)


@click.command()
@_with_outcome
@click.pass_context
def silences(ctx: click.Context, /, *, as_json: bool, **given: Any) -> None:
    """List what is silenced and acknowledged now, by whom, why and until when."""
    from console.cli.alerts_told import mark_json, mark_lines  # noqa: PLC0415

    deeds = _deeds(settings_of(ctx, Given(**given)))
    marks, now = _marks(deeds), deeds.clock.wall()
    held, notes = deeds.silences()
    acknowledged = [one for one in marks.acknowledgements if now < one.until]
    if as_json:
        document = {
            "silences": [mark_json(one) for one in held],
            "acknowledgements": [mark_json(one) for one in acknowledged],
            "notes": notes,
        }
        tell_all(json.dumps(document, indent=2).splitlines())
    else:
        tell_all(mark_lines(held, acknowledged))
        tell_all(f"note: {note}" for note in notes)


async def _looked(settings: "Settings") -> "Assessment":
    monitor = monitor_of(settings, once=True)
    await monitor.look_once()
    return monitor.assessment()


def _deeds(settings: "Settings") -> "AlertDeeds":
    from console.actions.alert_deeds import alert_deeds  # noqa: PLC0415
    from console.domain.clock import SystemClock  # noqa: PLC0415

    return alert_deeds(settings, SystemClock(), os.environ)


def _marks(deeds: "AlertDeeds") -> "Marks":
    from console.domain.access import AccessError  # noqa: PLC0415

    try:
        return deeds.marks()
    except AccessError as error:
        fail(str(error), 3)


def _key_of(live: "Assessment", alert: str, symbol: str | None) -> str:
    """The key of the one alert that is meant: of several, one that is over isn't."""
    from console.actions.alert_deeds import CAN_BE_ACKNOWLEDGED, alert_named  # noqa: PLC0415

    named = [
        row
        for row in live.alert_rows
        if alert in (row.key, row.rule.name, alert_named(row.labels)) and symbol in (None, row.symbol)
    ]
    if not named and live.ruled.doubt:
        fail(f"which alerts there are isn't known now: {live.ruled.doubt}", 3)
    alerts = [row for row in named if row.state in CAN_BE_ACKNOWLEDGED]
    found = {alert_named(row.labels) if row.labels else row.key: row.key for row in alerts or named}
    return found[_only("alert", alert, found, symbol)]


def _keys_of(live: "Assessment", name: str) -> list[str]:
    """The keys of all alerts of a rule that nobody has taken on."""
    from console.actions.alert_deeds import to_acknowledge  # noqa: PLC0415

    if live.ruled.doubt:
        fail(f"which alerts there are isn't known now: {live.ruled.doubt}", 3)
    rules = dict.fromkeys(row.rule for row in live.alert_rows if row.rule.name == name)
    keys = [row.key for rule in rules for row in to_acknowledge(live, rule)]
    if not keys:
        fail(f"there is no alert {name!r} that nobody has acknowledged; `opsconsole alerts` lists them")
    return keys


def _only(what: str, alert: str, found: Collection[str], symbol: str | None) -> str:
    """The only one that was found; none or several end the command."""
    if not found:
        meant = f"{alert!r} of {symbol}" if symbol else repr(alert)
        fail(f"there is no {what} {meant}; `opsconsole alerts` and `opsconsole alerts silences` list them")
    if len(found) > 1:
        shown = ", ".join(sorted(found)[:_MOST_NAMED])
        fail(f"{alert!r} is any of {len(found)}; say which by --symbol, or wholly: {shown}")
    return next(iter(found))


def _length(lasting: str) -> float:
    from console.actions.alert_deeds import duration  # noqa: PLC0415

    try:
        return duration(lasting)
    except ValueError as error:
        fail(f"--for: {error}")


def _matcher(text: str) -> "LabelMatcher":
    from console.domain.silences import parse_matcher  # noqa: PLC0415

    try:
        return parse_matcher(text)
    except ValueError as error:
        fail(str(error))


def _done(
    deeds: "AlertDeeds", deed: "Callable[[], Marked[Mark] | tuple[Marked[Mark], ...]]", *, as_json: bool
) -> NoReturn:
    """Do it, once what broke off before is closed, and say what came of it; of several, of each."""
    from console.actions.alert_reconcile import close_abandoned  # noqa: PLC0415
    from console.actions.alertmanager_silences import UnknownOutcomeError  # noqa: PLC0415
    from console.cli.alerts_told import mark_json  # noqa: PLC0415
    from console.domain.access import AccessError  # noqa: PLC0415

    with suppress(AccessError):  # without a journal the deed itself is refused, or told not to be recorded
        close_abandoned(deeds)
    try:
        done = deed()
    except UnknownOutcomeError as error:
        fail(f"UNKNOWN: {error}", 1)
    except AccessError as error:
        fail(str(error), 3)
    each = done if isinstance(done, tuple) else (done,)
    if as_json:
        told = [{"words": one.words, "unrecorded": one.unrecorded, **mark_json(one.mark)} for one in each]
        tell_all(json.dumps(told if isinstance(done, tuple) else told[0], indent=2).splitlines())
    else:
        tell_all(f"OK: {one.words}" for one in each)
    unrecorded = next((one.unrecorded for one in each if one.unrecorded), "")
    if unrecorded:
        fail(f"done, but not in the journal: {unrecorded}", 1)
    sys.exit(0)
