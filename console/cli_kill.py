"""The commands of the kill switch: `kill status`, `kill trip`; `kill reset` is `cli_reset`. Thin.

Exit codes: 0 the engine acknowledged it, 1 written, but unconfirmed or in part only, 2 bad usage, 3 nothing
written. A mistake in the settings doesn't stop a trip where the settings were valid before. `trip` imports
what it needs for the flag, and all else after that is written.
"""

import os
import signal
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

import click

from console.cli_reset import reset
from console.command_line import (
    FoundSettings,
    Given,
    fail,
    log_to,
    settings_for_trip,
    settings_of,
    tell,
    with_settings,
)
from console.patience import within

if TYPE_CHECKING:
    from console.actions.kill.actuator import Actuator, Result
    from console.actions.kill.switch import KillSwitch
    from console.actions.kill.trip import Trip
    from console.domain.assessment import Assessment
    from console.domain.kill_state import Verdict
    from console.domain.last_trip import LastTrip
    from console.monitor import Monitor
    from console.settings import Settings

LONGEST = 90.0
"""Seconds that the command stays for what is under way, whatever the deadlines say."""
_KEEPING = 0.5
"""Seconds that the user's cache has to take the settings: a disk that hangs keeps nobody here."""
_SCOPES = ("all", "usdm", "coin")
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")


@click.group()
def kill() -> None:
    """The kill switch: stop an engine, see whether it has stopped, let it go on."""


kill.add_command(reset)


@kill.command()
@with_settings
@click.option("--reason", required=True, help="Why, for the journal and for the engine.")
@click.option(
    "--scope", type=click.Choice(_SCOPES), default="all", show_default=True, help="All, or one account."
)
@click.option(
    "--wait",
    "seconds",
    type=click.FloatRange(0, 3600),
    default=10,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the engine to acknowledge it.",
)
@_AS_JSON
@click.pass_context
def trip(
    ctx: click.Context, /, *, reason: str, scope: str, seconds: float, as_json: bool, **given: Any
) -> None:
    """Stop the engine now. Needs no role, no arming, no second person, no database and no network."""
    if not reason.strip():
        fail("--reason is empty: say why, for those who read the journal")
    found = settings_for_trip(ctx, Given(**given))
    from console.actions.kill.actuator import Scope  # noqa: PLC0415
    from console.actions.kill.switch import KillSwitch  # noqa: PLC0415

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a terminal that is lost doesn't end a trip
    switch = KillSwitch(found.settings)
    fired = switch.trip(reason.strip(), Scope(scope))
    try:
        code = _see_through(found, switch, fired, seconds, as_json=as_json)
    except (Exception, SystemExit) as error:  # noqa: BLE001 (whatever it is, the trip was no bad usage)
        words = "the trip was fired" if _may_be_written(fired) else "nothing is written"
        told = error if isinstance(error, OSError) else type(error).__name__  # a text may hold a secret
        fail(f"{words}; what comes after it broke down: {told}", _code_of(fired, None))
    raise SystemExit(code)


@kill.command()
@with_settings
@_AS_JSON
@click.pass_context
def status(ctx: click.Context, /, *, as_json: bool, **given: Any) -> None:
    """Say whether the engine is stopped: 0 it is, 3 nothing is set, 1 anything between."""
    settings = settings_of(ctx, Given(**given))
    import asyncio  # noqa: PLC0415

    from console.actions.kill.switch import KillSwitch  # noqa: PLC0415

    monitor = _monitor(settings, None)  # whoever only looks doesn't hold a trip
    asyncio.run(monitor.look_once())
    now, armed = monitor.assessment(), KillSwitch(settings).armed_with
    code = _code_of_state(now.kill)
    if as_json:
        _tell_json(_status_as_json(settings, now, armed, code))
    else:
        for line in _status_as_text(settings, now, armed):
            tell(line)
    raise SystemExit(code)


def _see_through(
    found: "FoundSettings", switch: "KillSwitch", fired: "Trip", seconds: float, *, as_json: bool
) -> int:
    """Stay with the trip until it is over, tell what came of it, and say so in an exit code."""
    settings, verdict = found.settings, None
    with ExitStack() as leaving:
        try:
            if found.mistake:
                _warn(f"SETTINGS: {found.mistake}. Tripped by those that were last found valid.")
            from console.actions.anchoring import anchored  # noqa: PLC0415 (the flag is written before)

            leaving.enter_context(anchored(settings, os.environ))
            _follow(fired, aloud=not as_json)
            within(_KEEPING, found.remember, "settings memory")
            if seconds and _may_be_written(fired):
                verdict = _acknowledged(settings, switch, seconds)
        finally:
            switch.close(LONGEST)
    code = _code_of(fired, verdict)
    if as_json:
        _tell_json({**_trip_as_json(settings, fired, verdict, code), "not_told": switch.complaint})
    else:
        tell(f"journal        {fired.journal}")
        if switch.complaint:
            tell(f"not told       {switch.complaint}")
        tell(_conclusion(fired, verdict))
    return code


def _warn(words: str) -> None:
    from console.domain.foreign import visible  # noqa: PLC0415 (the flag is written before)

    with suppress(OSError):  # a terminal that is lost
        click.echo(f"opsconsole: {visible(words)}", err=True)


def _follow(fired: "Trip", *, aloud: bool) -> None:
    """Tell of each actuator as it answers, until all have answered or are late."""
    told: set[str] = set()
    while True:
        pending = fired.pending
        for result in fired.results:
            if aloud and result.name not in told:
                told.add(result.name)
                tell(
                    f"{result.name:<14} {result.state.value:<10} {result.words} ({_milliseconds(result)} ms)"
                )
        if not pending:
            return
        fired.wait_for_answer(0.05)


def _acknowledged(settings: "Settings", switch: "KillSwitch", seconds: float) -> "Verdict":
    """Watch the engine until it has acknowledged the trip, `seconds` at most; what is known by then."""
    import asyncio  # noqa: PLC0415 (the flag is written before)

    monitor = _monitor(settings, switch)

    async def watch() -> "Verdict":
        news = asyncio.Event()
        polling = asyncio.create_task(monitor.run(news.set))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not is_proven(monitor.assessment().kill):
                    await news.wait()
                    news.clear()
        now = monitor.assessment()
        polling.cancel()
        await asyncio.wait({polling})
        switch.note(now.kill, monitor.clock.wall())
        return now.kill

    return asyncio.run(watch())


def is_proven(verdict: "Verdict") -> bool:
    """Whether the engine is stopped, and has said so after the trip: its metrics may be older than that."""
    return _code_of_state(verdict) == 0 and verdict.confirmed


def _monitor(settings: "Settings", switch: "KillSwitch | None") -> "Monitor":
    from console.wiring import open_monitor  # noqa: PLC0415 (the flag is written before)

    log_to(settings.state / "console.log")
    return open_monitor(settings, (), kill_switch=switch)


def _may_be_written(fired: "Trip") -> bool:
    from console.actions.kill.actuator import Act  # noqa: PLC0415

    return any(result.state not in (Act.FAILED, Act.REFUSED) for result in fired.results)


def _code_of(fired: "Trip", verdict: "Verdict | None") -> int:
    if not _may_be_written(fired):
        return 3
    return 0 if verdict is not None and is_proven(verdict) else 1


def _code_of_state(verdict: "Verdict") -> int:
    from console.domain.kill_state import KillState  # noqa: PLC0415

    return {KillState.TRIPPED: 0, KillState.CLEAR: 3}.get(verdict.state, 1)


def _conclusion(fired: "Trip", verdict: "Verdict | None") -> str:
    if not fired.fired:
        return "NOTHING WRITTEN: the context names nothing that stops this"
    if not _may_be_written(fired):
        return "NOTHING WRITTEN"
    return "WRITTEN: nobody waited for the engine" if verdict is None else f"{verdict.title}: {verdict.words}"


def _status_as_text(settings: "Settings", now: "Assessment", armed: "Sequence[Actuator]") -> "Iterable[str]":
    yield f"{settings.context} ({settings.chosen.environment})  {now.kill.title}: {now.kill.words}"
    last = now.last_trip
    if last is not None:
        yield f"last trip      {_instant(last.at)} by {last.by}: {last.reason} ({_story(last)})"
        for one in last.written:
            done = {None: "under way", True: "done", False: "not done"}[one.done]
            yield f"  {one.name:<14} {done:<10} {one.words}"
    if last is not None and last.drilled is not None:
        yield f"last drill     passed {_instant(last.drilled)}"
    fires = ", ".join(each.name for each in armed) or "nothing: the context names no surface"
    yield f"a trip fires   {fires}"


def _story(last: "LastTrip") -> str:
    """What became of it, in the order in which it can happen."""
    instants = {"acknowledged": last.acknowledged, "lost": last.lost, "reset": last.reset}
    told = [f"{what} {_instant(at)}" for what, at in instants.items() if at is not None]
    return ", ".join([*(["drill"] if last.drill else []), last.scope, *told])


def _status_as_json(
    settings: "Settings", now: "Assessment", armed: "Sequence[Actuator]", code: int
) -> dict[str, object]:
    from console.domain.last_trip import document_of  # noqa: PLC0415

    return {
        "context": settings.context,
        **_verdict_as_json(now.kill),
        "trip": None if now.last_trip is None else document_of(now.last_trip),
        "fires": [
            {"name": each.name, "deadline": each.deadline, "scopes": sorted(one.value for one in each.scopes)}
            for each in armed
        ],
        "exit_code": code,
    }


def _trip_as_json(
    settings: "Settings", fired: "Trip", verdict: "Verdict | None", code: int
) -> dict[str, object]:
    return {
        "context": settings.context,
        "scope": fired.order.scope.value,
        "reason": fired.order.reason,
        **_verdict_as_json(verdict),
        "actuators": [
            {
                "name": result.name,
                "state": result.state.value,
                "words": result.words,
                "milliseconds": _milliseconds(result),
                "before": result.before,
                "after": result.after,
            }
            for result in fired.results
        ],
        "journal": fired.journal,
        "exit_code": code,
    }


def _verdict_as_json(verdict: "Verdict | None") -> dict[str, object]:
    if verdict is None:
        return {"state": None, "words": "nobody waited for the engine", "acknowledged": None}
    return {"state": verdict.state.value, "words": verdict.words, "acknowledged": verdict.acknowledged}


def _instant(at: float) -> str:
    from console.audit.record import iso_time  # noqa: PLC0415

    return f"{iso_time(at)[:19]}Z"


def _milliseconds(result: "Result") -> int:
    return round(result.latency * 1000)


def _tell_json(document: dict[str, object]) -> None:
    import json  # noqa: PLC0415

    for line in json.dumps(document, indent=2).splitlines():
        tell(line)
