"""`kill status`: whether the engine is stopped, and on which grounds, each with its answer's age. Thin."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from console.cli.command_line import Given, log_to, settings_of, tell_all, with_json, with_settings

if TYPE_CHECKING:
    from console.actions.kill.actuator import Actuator
    from console.domain.assessment import Assessment
    from console.domain.kill_state import Verdict
    from console.domain.last_trip import LastTrip
    from console.settings import Settings

_GROUNDS = ("engine", "fills", "surfaces", "processes", "aftermath")
"""What the JSON has of the whole status, too."""


@click.command()
@with_settings
@with_json
@click.pass_context
def status(ctx: click.Context, /, *, as_json: bool, **given: Any) -> None:
    """Say whether the engine is stopped: 0 it is, 3 nothing is set, 1 anything between."""
    settings = settings_of(ctx, Given(**given))
    import asyncio  # noqa: PLC0415

    from console.actions.kill.switch import KillSwitch  # noqa: PLC0415
    from console.wiring import open_monitor  # noqa: PLC0415

    log_to(settings.state / "console.log")
    monitor = open_monitor(settings, ())  # whoever only looks doesn't hold a trip
    asyncio.run(monitor.look_once())
    now, armed = monitor.assessment(), KillSwitch(settings).armed_with
    tell_all(as_json_lines(_as_json(settings, now, armed)) if as_json else _as_text(settings, now, armed))
    raise SystemExit(code_of_state(now.kill))


def code_of_state(verdict: "Verdict") -> int:
    """The exit code that a state is."""
    from console.domain.kill_state import KillState  # noqa: PLC0415

    return {KillState.TRIPPED: 0, KillState.CLEAR: 3}.get(verdict.state, 1)


def verdict_as_json(verdict: "Verdict | None") -> dict[str, object]:
    """The state in words; None where nobody waited for it."""
    if verdict is None:
        return {"state": None, "words": "nobody waited for the engine", "acknowledged": None}
    return {"state": verdict.state.value, "words": verdict.words, "acknowledged": verdict.acknowledged}


def as_json_lines(document: dict[str, object]) -> list[str]:
    import json  # noqa: PLC0415

    return json.dumps(document, indent=2).splitlines()


def _as_text(settings: "Settings", now: "Assessment", armed: "Sequence[Actuator]") -> Iterator[str]:
    from console.cli.report import kill_answer_lines  # noqa: PLC0415

    yield f"{settings.context} ({settings.chosen.environment})  {now.kill.title}: {now.kill.words}"
    yield from kill_answer_lines(now)
    last = now.last_trip
    if last is not None:
        yield f"{'last trip':<16} {_instant(last.at)} by {last.by}: {last.reason} ({_story(last)})"
        for one in last.written:
            done = {None: "under way", True: "done", False: "not done"}[one.done]
            yield f"  {one.name:<14} {done:<10} {one.words}"
    if last is not None and last.drilled is not None:
        yield f"{'last drill':<16} passed {_instant(last.drilled)}"
    fires = ", ".join(each.name for each in armed) or "nothing: the context names no surface"
    yield f"{'a trip fires':<16} {fires}"


def _story(last: "LastTrip") -> str:
    """What became of it, in the order in which it can happen."""
    instants = {"acknowledged": last.acknowledged, "lost": last.lost, "reset": last.reset}
    told = [f"{what} {_instant(at)}" for what, at in instants.items() if at is not None]
    return ", ".join([*(["drill"] if last.drill else []), last.scope, *told])


def _as_json(settings: "Settings", now: "Assessment", armed: "Sequence[Actuator]") -> dict[str, object]:
    from console.cli.report import kill_switch_json  # noqa: PLC0415
    from console.domain.last_trip import document_of  # noqa: PLC0415

    known = kill_switch_json(now)
    return {
        "context": settings.context,
        **verdict_as_json(now.kill),
        **{ground: known[ground] for ground in _GROUNDS},
        "trip": None if now.last_trip is None else document_of(now.last_trip),
        "fires": [
            {"name": each.name, "deadline": each.deadline, "scopes": sorted(one.value for one in each.scopes)}
            for each in armed
        ],
        "exit_code": code_of_state(now.kill),
    }


def _instant(at: float) -> str:
    from console.audit.record import iso_time  # noqa: PLC0415

    return f"{iso_time(at)[:19]}Z"
