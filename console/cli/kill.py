"""`kill trip`; the group's other commands, `status` and `reset`, have modules of their own. Thin.

Exit codes: 0 the engine acknowledged it, 1 written, but unconfirmed or in part only, 2 bad usage, 3 nothing
written. A mistake in the settings doesn't stop a trip where the settings were valid before. `trip` imports
what it needs for the flag, and all else after that is written.
"""

import os
import signal
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

import click

from console.cli.command_line import (
    FoundSettings,
    Given,
    fail,
    log_to,
    settings_for_trip,
    with_json,
    with_settings,
    with_wait,
)
from console.cli.kill_status import as_json_lines, code_of_state, status, verdict_as_json
from console.cli.reset import reset
from console.cli.telling import Telling
from console.patience import within

if TYPE_CHECKING:
    from console.actions.kill.actuator import Result
    from console.actions.kill.switch import KillSwitch
    from console.actions.kill.trip import Trip
    from console.domain.kill_state import Verdict
    from console.settings import Settings

LONGEST = 90.0
"""Seconds that the command stays for what is under way, whatever the deadlines say."""
_KEEPING = 0.5
"""Seconds that the user's cache has to take the settings: a disk that hangs keeps nobody here."""
_SCOPES = ("all", "usdm", "coin")


@click.group()
def kill() -> None:
    """The kill switch: stop an engine, see whether it has stopped, let it go on."""


kill.add_command(reset)
kill.add_command(status)


@kill.command()
@with_settings
@click.option("--reason", required=True, help="Why, for the journal and for the engine.")
@click.option(
    "--scope", type=click.Choice(_SCOPES), default="all", show_default=True, help="All, or one account."
)
@with_wait("How long to wait for the engine to acknowledge it.")
@with_json
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
    fired, telling = switch.trip(reason.strip(), Scope(scope)), Telling()
    try:
        code = _see_through(found, switch, fired, seconds, telling, as_json=as_json)
    except (Exception, SystemExit) as error:  # noqa: BLE001 (whatever it is, the trip was no bad usage)
        words = "the trip was fired" if _may_be_written(fired) else "nothing is written"
        told = error if isinstance(error, OSError) else type(error).__name__  # a text may hold a secret
        telling.warn(f"{words}; what comes after it broke down: {told}")
        code = _code_of(fired, None)
    telling.leave(code)


def _see_through(
    found: "FoundSettings",
    switch: "KillSwitch",
    fired: "Trip",
    seconds: float,
    telling: Telling,
    *,
    as_json: bool,
) -> int:
    """Stay with the trip until it is over, tell what came of it, and say so in an exit code."""
    settings, verdict = found.settings, None
    with ExitStack() as leaving:
        try:
            if found.mistake:
                telling.warn(f"SETTINGS: {found.mistake}")
            from console.actions.anchoring import anchored  # noqa: PLC0415 (the flag is written before)

            leaving.enter_context(anchored(settings, os.environ))
            _follow(fired, None if as_json else telling)
            within(_KEEPING, found.remember, "settings memory")
            if seconds and _may_be_written(fired):
                verdict = _acknowledged(settings, switch, fired, seconds)
        finally:
            switch.close(LONGEST)
    code = _code_of(fired, verdict)
    if as_json:
        document = {**_trip_as_json(settings, fired, verdict, code), "not_told": switch.complaint}
        lines = as_json_lines(document)
    else:
        not_told = [f"not told       {switch.complaint}"] if switch.complaint else []
        lines = [f"journal        {fired.journal}", *not_told, _conclusion(fired, verdict)]
    for line in lines:
        telling.tell(line)
    return code


def _follow(fired: "Trip", telling: Telling | None) -> None:
    """Tell of each actuator as it answers, until all have answered or are late."""
    told: set[str] = set()
    while True:
        pending = fired.pending
        for result in fired.results:
            if telling is not None and result.name not in told:
                told.add(result.name)
                said = f"{result.name:<14} {result.state.value:<10} {result.words}"
                telling.tell(f"{said} ({_milliseconds(result)} ms)")
        if not pending:
            return
        fired.wait_for_answer(0.05)


def _acknowledged(settings: "Settings", switch: "KillSwitch", fired: "Trip", seconds: float) -> "Verdict":
    """Watch the engine until it has acknowledged the trip, `seconds` at most; what is known by then."""
    import asyncio  # noqa: PLC0415 (the flag is written before)

    from console.wiring import open_monitor  # noqa: PLC0415 (as above)

    log_to(settings.state / "console.log")
    monitor = open_monitor(settings, (), kill_switch=switch)

    async def watch() -> "Verdict":
        news = asyncio.Event()
        polling = asyncio.create_task(monitor.run(news.set))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not is_proven(monitor.assessment().kill, fired.at):
                    await news.wait()
                    news.clear()
        now = monitor.assessment()
        polling.cancel()
        await asyncio.wait({polling})
        switch.note(now.kill, monitor.clock.wall())
        return now.kill

    return asyncio.run(watch())


def is_proven(verdict: "Verdict", since: float) -> bool:
    """Whether the engine is stopped, and has said so of the trip made at `since`, not of one before it."""
    stopped = code_of_state(verdict) == 0 and verdict.confirmed
    return stopped and verdict.trip is not None and verdict.trip >= since


def _may_be_written(fired: "Trip") -> bool:
    from console.actions.kill.actuator import Act  # noqa: PLC0415

    return any(result.state not in (Act.FAILED, Act.REFUSED) for result in fired.results)


def _code_of(fired: "Trip", verdict: "Verdict | None") -> int:
    if not _may_be_written(fired):
        return 3
    return 0 if verdict is not None and is_proven(verdict, fired.at) else 1


def _conclusion(fired: "Trip", verdict: "Verdict | None") -> str:
    if not fired.fired:
        return "NOTHING WRITTEN: the context names nothing that stops this"
    if not _may_be_written(fired):
        return "NOTHING WRITTEN"
    return "WRITTEN: nobody waited for the engine" if verdict is None else f"{verdict.title}: {verdict.words}"


def _trip_as_json(
    settings: "Settings", fired: "Trip", verdict: "Verdict | None", code: int
) -> dict[str, object]:
    return {
        "context": settings.context,
        "scope": fired.order.scope.value,
        "reason": fired.order.reason,
        **verdict_as_json(verdict),
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


def _milliseconds(result: "Result") -> int:
    return round(result.latency * 1000)
