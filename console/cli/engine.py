"""The command `engine`: which processes the context's engine has, and ending them. Thin.

`stop` lowers the risk: it needs no role, no arming, no second person, and goes on without database, network
and journal. Its exit codes: 0 every process has ended, 1 something is STILL THERE, 2 bad usage, 3 it can't be
told. `status`: 0 told, 3 something can't be told. Starting is a runbook's: it passes the guard there.
"""

import signal
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from console.cli.command_line import Given, settings_for_trip, with_json, with_settings
from console.cli.kill_status import as_json_lines
from console.cli.telling import Telling
from console.patience import within

if TYPE_CHECKING:
    from console.actions.engine.code_age import Changed
    from console.actions.engine.ending import End
    from console.actions.engine.process import Process
    from console.actions.engine.processes import Processes
    from console.actions.engine.stopping import Stopped
    from console.settings import Settings

_CODE_PATIENCE = 2.0
"""Seconds that the code files have to tell their age."""
_KEEPING = 0.5
"""Seconds that the user's cache has to take the settings."""
_CODES = {True: 0, False: 1, None: 3}
_LONGEST_GRACE = 3600.0
UNKNOWN = "can't be told"
_AGES = {True: "OLDER", False: "as it is", None: "unknown"}


def _grace(_ctx: click.Context, _parameter: click.Parameter, given: str | None) -> float | None:
    """A duration as the settings have them, in seconds."""
    if given is None:
        return None
    from console.settings_values import seconds  # noqa: PLC0415

    try:
        grace = float(str(seconds(given)))
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from None
    if not 0 <= grace <= _LONGEST_GRACE:
        raise click.BadParameter(f"from 0 to {_LONGEST_GRACE:g} s.")
    return grace


@click.group()
def engine() -> None:
    """The engine's processes: which there are, by pid and start time, and ending them."""


@engine.command()
@with_settings
@click.option("--reason", default="", help="Why, for the journal.")
@click.option(
    "--grace",
    metavar="DURATION",
    callback=_grace,
    help="From asking to forcing, such as 20s.  [default: the settings']",
)
@click.option("--force-at-once", is_flag=True, help="Don't ask: end the processes now.")
@with_json
@click.pass_context
def stop(
    ctx: click.Context,
    /,
    *,
    reason: str,
    grace: float | None,
    force_at_once: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """End every process of the engine: ask, wait, force, and read back that none runs."""
    found, telling = settings_for_trip(ctx, Given(**given), done="stopped"), Telling()
    if found.mistake:
        telling.warn(f"SETTINGS: {found.mistake}")
    from console.actions.engine.stopping import Wish, stop  # noqa: PLC0415
    from console.domain.clock import SystemClock  # noqa: PLC0415

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a terminal that is lost doesn't end a stop

    def tell(end: "End") -> None:
        if not as_json:
            telling.tell(_end_line(end))

    settings, wish = found.settings, Wish(reason.strip(), grace, force_at_once)
    stopped = stop(settings, wish, SystemClock(), tell=tell)
    code = _CODES[stopped.done]
    lines = as_json_lines(_stopped_as_json(settings, stopped, code)) if as_json else _told(stopped)
    for line in lines:
        telling.tell(line)
    within(_KEEPING, found.remember, "settings memory")
    telling.leave(code)


@engine.command()
@with_settings
@with_json
@click.pass_context
def status(ctx: click.Context, /, *, as_json: bool, **given: Any) -> None:
    """Say which processes the engine has, by what they are known, and which are older than its code."""
    found, telling = settings_for_trip(ctx, Given(**given), done="looked at"), Telling()
    if found.mistake:
        telling.warn(f"SETTINGS: {found.mistake}")
    from console.actions.engine.processes import processes_of  # noqa: PLC0415
    from console.domain.clock import SystemClock  # noqa: PLC0415

    now, changed = processes_of(found.settings), _code_age(found.settings)
    code = 3 if now.doubts else 0
    document, wall = _status_as_json(found.settings, now, changed, code), SystemClock().wall()
    for line in as_json_lines(document) if as_json else _table(now, changed, wall):
        telling.tell(line)
    telling.leave(code)


def _code_age(settings: "Settings") -> "Changed | str":
    """When the code last changed, or why that can't be told."""
    from console.actions.engine.code_age import CodeAgeError, code_changed  # noqa: PLC0415

    def asked() -> "Changed | str":
        try:
            return code_changed(settings)
        except CodeAgeError as error:
            return str(error)

    return within(_CODE_PATIENCE, asked, "code age") or f"no answer within {_CODE_PATIENCE:g} s"


def _end_line(end: "End") -> str:
    return f"{end.fate.value:<14} {end.process}: {end.words}"


def _told(stopped: "Stopped") -> Iterable[str]:
    """What the lines of those that have ended don't say yet."""
    from console.actions.engine.ending import Fate  # noqa: PLC0415

    for end in stopped.ends:
        if end.fate in (Fate.LEFT, Fate.OUTLIVES):
            yield _end_line(end)
    for process in stopped.restarted:
        yield f"{'STARTED':<14} {process}: it runs, and wasn't there before"
    for sign, said in (
        ("over", stopped.over),
        (UNKNOWN, stopped.doubts),
        ("besides", stopped.remarks),
        ("journal", (stopped.journal,)),
    ):
        for words in said:
            yield f"{sign:<14} {words}"
    yield {
        True: "STOPPED: every process of the engine has ended",
        False: "STILL THERE: not every process of the engine has ended",
        None: "UNKNOWN: whether every process of the engine has ended can't be told",
    }[stopped.done]


def _table(now: "Processes", changed: "Changed | str", wall: float) -> Iterable[str]:
    from datetime import datetime  # noqa: PLC0415

    from console.domain.figures import seconds  # noqa: PLC0415

    running = (*now.found, *now.children)
    if running:
        yield f"{'WHAT':<16} {'PID':>7}  {'STARTED':<19} {'FOR':>5}  {'USER':<10} {'CODE':<8} KNOWN BY"
    for each in running:
        began = datetime.fromtimestamp(each.began).isoformat(" ", "seconds")
        lasting = seconds(max(0.0, wall - each.began))
        code, known = _AGES[_older(each, changed)], ", ".join(each.known)
        what = f"{each.name[:16]:<16} {each.pid:>7}"
        yield f"{what}  {began} {lasting:>5}  {each.user[:10]:<10} {code:<8} {known}"
    for words in now.over:
        yield f"{'over':<14} {words}"
    for words in now.doubts:
        yield f"{UNKNOWN:<14} {words}"
    if isinstance(changed, str):
        yield f"{'code':<14} unknown: {changed}"
    else:
        at = datetime.fromtimestamp(changed.at).isoformat(" ", "seconds")
        yield f"{'code':<14} last changed {at}: {changed.what}"


def _older(process: "Process", changed: "Changed | str") -> bool | None:
    return None if isinstance(changed, str) else changed.is_older(process)


def _process_as_json(process: "Process") -> dict[str, object]:
    return {
        "pid": process.pid,
        "name": process.name,
        "began": process.began,
        "user": process.user,
        "known": list(process.known),
    }


def _status_as_json(
    settings: "Settings", now: "Processes", changed: "Changed | str", code: int
) -> dict[str, object]:
    told = None if isinstance(changed, str) else {"at": changed.at, "what": changed.what}
    return {
        "context": settings.context,
        "ended": now.ended,
        "processes": [
            {**_process_as_json(each), "older_than_code": _older(each, changed)}
            for each in (*now.found, *now.children)
        ],
        "over": list(now.over),
        "doubts": list(now.doubts),
        "code_changed": told,
        "code_unknown": changed if isinstance(changed, str) else None,
        "exit_code": code,
    }


def _stopped_as_json(settings: "Settings", stopped: "Stopped", code: int) -> dict[str, object]:
    return {
        "context": settings.context,
        "done": stopped.done,
        "processes": [
            {**_process_as_json(end.process), "fate": end.fate.value, "words": end.words}
            for end in stopped.ends
        ],
        "started": [_process_as_json(each) for each in stopped.restarted],
        "over": list(stopped.over),
        "doubts": list(stopped.doubts),
        "remarks": list(stopped.remarks),
        "journal": stopped.journal,
        "exit_code": code,
    }
