"""The command line. Thin: it reads options, calls the core and prints; imports wait until they are needed.

Exit codes of `status` and of a headless demo follow the monitoring-plugin convention: 0 OK, 1 WARNING,
2 CRITICAL, 3 UNKNOWN. Bad input is one line on stderr and 2.
"""

import asyncio
import functools
import gc
import importlib
import os
import sys
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from console import __version__
from console.black_box import BlackBox
from console.cli_screen import access_of, rollout_of, run_screen, standing_here
from console.command_line import (
    Given,
    fail,
    log_to,
    monitor_of,
    operator,
    panels_of,
    require_terminal,
    say,
    settings_of,
    with_settings,
)

if TYPE_CHECKING:
    from console.audit.anchors import Witness
    from console.monitor import Monitor
    from console.settings import Settings
    from console.sources.engine import EngineFile

MOST_SYMBOLS = 5000
_ELSEWHERE = {
    "access": "cli_access",
    "approve": "cli_access",
    "audit": "cli_audit",
    "drill": "cli_drill",
    "flags": "cli_flags",
    "kill": "cli_kill",
    "notify": "cli_notify",
    "record": "cli_history",
    "replay": "cli_history",
}
"""Commands by the module that has them."""
_PREPARES_AFTER = 1.5
"""Seconds after which the kill switch keeps its space on the disks, and others the journal's head."""
_TRIP_WAIT = 30.0
"""Seconds that leaving waits at most for a trip that is under way."""

_FPS = click.option(
    "--fps", type=click.FloatRange(0.2, 30), help="Paint this many times a second at most.  [default: 4]"
)
_LOW_BANDWIDTH = click.option(
    "--low-bandwidth", is_flag=True, help="Paint seldom and plainly, on a slow line."
)


class _Commands(click.Group):
    """Reads the module of a command when it is called for: neither a screen nor a trip waits for others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_ELSEWHERE})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _ELSEWHERE.get(cmd_name)
        if module is None:
            return super().get_command(ctx, cmd_name)
        command = getattr(importlib.import_module(f"console.{module}"), cmd_name)
        return command if isinstance(command, click.Command) else None


@click.group(
    cls=_Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@with_settings
@_FPS
@_LOW_BANDWIDTH
@click.version_option(__version__, prog_name="opsconsole")
@click.pass_context
def cli(ctx: click.Context, /, *, fps: float | None, low_bandwidth: bool, **given: Any) -> None:
    """Operate live futures engines from a terminal.

    Without a command, the console opens on the context.
    """
    ctx.obj = Given(**given)
    if ctx.invoked_subcommand is None:
        sys.exit(_open_console(settings_of(ctx, ctx.obj), fps, low_bandwidth))


@cli.command()
@with_settings
@click.option(
    "--symbols", type=click.IntRange(0, MOST_SYMBOLS), default=12, show_default=True, help="USD-M symbols."
)
@click.option(
    "--scenario", default="calm", show_default=True, help="What happens: `paper scenario` lists them."
)
@click.option("--database", metavar="URL", help="A MariaDB or MySQL instead of SQLite in the state folder.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the market and the strategy.")
@click.option("--headless", is_flag=True, help="No screen: watch for a while, then print one status.")
@click.option(
    "--seconds", type=click.IntRange(1, 86400), default=20, show_default=True, help="With --headless."
)
@click.option("--json", "as_json", is_flag=True, help="With --headless: the status as JSON.")
@_FPS
@_LOW_BANDWIDTH
@click.pass_context
def demo(
    ctx: click.Context,
    /,
    *,
    symbols: int,
    scenario: str,
    database: str | None,
    seed: int,
    headless: bool,
    seconds: int,
    as_json: bool,
    fps: float | None,
    low_bandwidth: bool,
    **given: Any,
) -> None:
    """Start a paper engine and open the console on it; both end together."""
    from console import demo as demonstration  # noqa: PLC0415

    settings = settings_of(ctx, Given(**given), context="paper")
    if not headless:
        require_terminal()
    if sys.stderr is not None and sys.stderr.isatty():
        click.echo("starting the paper engine", err=True)
    engine = demonstration.Engine(settings.state, symbols, scenario, seed, database)
    try:
        with demonstration.ending_cleanly(), demonstration.running(engine):
            if headless:
                code = asyncio.run(_watch_quietly(settings, seconds, as_json))
            else:
                code = _open_console(settings, fps, low_bandwidth, owns_engine=True)
    except demonstration.DemoError as error:
        fail(str(error))
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


@cli.command()
@with_settings
@click.option("--json", "as_json", is_flag=True, help="The documented JSON instead of text.")
@click.option("--watch", is_flag=True, help="Again and again, until interrupted; JSON as one line each.")
@click.pass_context
def status(ctx: click.Context, /, *, as_json: bool, watch: bool, **given: Any) -> None:
    """Say how the engine is: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN."""
    if not watch:
        gc.disable()  # a run of half a second leaves its garbage to its end, and is a tenth shorter
    settings = settings_of(ctx, Given(**given))
    try:
        code = asyncio.run(_keep_watching(settings, as_json) if watch else _look_once(settings, as_json))
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:  # whoever read our output has seen enough, which is no WARNING
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    sys.exit(code)


@cli.group()
def paper() -> None:
    """The paper engine: run it, switch its scenario, see where it is."""


@paper.command("run")
@with_settings
@click.option(
    "--symbols", type=click.IntRange(0, MOST_SYMBOLS), default=12, show_default=True, help="USD-M symbols."
)
@click.option("--scenario", default="calm", show_default=True, help="What happens from the start.")
@click.option("--database", metavar="URL", help="A MariaDB or MySQL instead of SQLite in the state folder.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the market and the strategy.")
@click.option("--until-stdin-closes", is_flag=True, hidden=True)
@click.pass_context
def paper_run(
    ctx: click.Context,
    /,
    *,
    symbols: int,
    scenario: str,
    database: str | None,
    seed: int,
    until_stdin_closes: bool,
    **given: Any,
) -> None:
    """Run a paper engine in the foreground, until SIGTERM or Ctrl-C."""
    from console.paper.service import PaperOptions, run_service  # noqa: PLC0415

    settings = settings_of(ctx, Given(**given))
    if until_stdin_closes:
        from console.demo import stop_when_stdin_closes  # noqa: PLC0415

        stop_when_stdin_closes()
    sys.exit(run_service(PaperOptions(settings.state, database, symbols, seed, scenario)))


@paper.command("scenario")
@with_settings
@click.argument("name", required=False)
@click.pass_context
def paper_scenario(ctx: click.Context, /, *, name: str | None, **given: Any) -> None:
    """Switch the running engine to the scenario NAME; without a name, list them."""
    from console import paper_client  # noqa: PLC0415

    engine = _running_engine(ctx, Given(**given))
    try:
        if name is None:
            current, known = paper_client.scenarios(engine)
            for known_name, meaning in known.items():
                say(f"{'*' if known_name == current else ' '} {known_name:<20} {meaning}")
        else:
            paper_client.switch_scenario(engine, name)
            say(f"scenario {name}")
    except paper_client.RefusedError as error:
        fail(str(error))


@paper.command("status")
@with_settings
@click.pass_context
def paper_status(ctx: click.Context, /, **given: Any) -> None:
    """Say where the running engine is: its process, its ports, its files."""
    engine = _running_engine(ctx, Given(**given))
    for field, value in engine.raw.items():
        if value is not None:
            say(f"{field:<22} {value}")


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for SHELL; `eval "$(opsconsole completion bash)"` turns it on."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415

    completer = get_completion_class(shell)
    if completer is None:
        fail(f"no completion for {shell}")
    click.echo(completer(cli, {}, "opsconsole", "_OPSCONSOLE_COMPLETE").source())


def main() -> None:
    """The entry point of the `opsconsole` command: what goes wrong is one line."""
    try:
        code = cli.main(prog_name="opsconsole", standalone_mode=False)
    except click.ClickException as error:
        fail(error.format_message(), error.exit_code)
    except click.Abort:
        code = 130
    except OSError as error:
        fail(str(error))
    sys.exit(code if isinstance(code, int) else 0)


def _open_console(
    settings: "Settings", fps: float | None, low_bandwidth: bool, *, owns_engine: bool = False
) -> int:
    require_terminal()
    standing = standing_here(settings)
    from console.actions.kill.switch import KillSwitch  # noqa: PLC0415
    from console.domain.clock import SystemClock  # noqa: PLC0415
    from console.tui import garbage  # noqa: PLC0415

    garbage.hold()
    from console.tui.view import ContextView  # noqa: PLC0415 (with it comes most of textual)

    log_to(settings.state / "console.log")
    panels, clock = panels_of(settings), SystemClock()
    box, switch, leaving = BlackBox(settings, operator()), KillSwitch(settings, clock), ExitStack()
    witnesses: list[Witness] = []

    def prepare() -> None:
        from console.actions.anchoring import anchored  # noqa: PLC0415 (the first picture doesn't wait)

        witnesses.append(leaving.enter_context(anchored(settings, os.environ)))
        switch.prepare()

    def watch() -> "Monitor":
        from console.wiring import open_monitor  # noqa: PLC0415 (the first paint doesn't wait)

        preparing = threading.Timer(_PREPARES_AFTER, prepare)
        preparing.daemon = True
        preparing.start()
        monitor = open_monitor(settings, panels, clock=clock, kill_switch=switch)
        box.watch(monitor)
        return monitor

    chosen = settings.chosen
    view = ContextView(
        name=settings.context,
        environment=chosen.environment,
        colour=chosen.colour,
        database="",
        operator=operator(),
        owns_engine=owns_engine,
    )
    try:
        return run_screen(
            settings,
            view,
            watch,
            fps=fps,
            low_bandwidth=low_bandwidth,
            box=box,
            kill=switch,
            rollout=functools.cache(lambda: rollout_of(settings, clock)),
            access=lambda: access_of(settings, switch, standing, clock, leaving),
            witnesses=witnesses,
        )
    finally:
        switch.close(_TRIP_WAIT)
        leaving.close()
        box.close()
        if box.note:
            click.echo(f"opsconsole: {box.note}", err=True)


async def _look_once(settings: "Settings", as_json: bool) -> int:
    monitor = monitor_of(settings, once=True)
    await monitor.look_once()
    return _print(settings, monitor, as_json)


async def _watch_quietly(settings: "Settings", seconds: float, as_json: bool) -> int:
    """Watch for a while without a word, then say how it is."""
    monitor = monitor_of(settings, once=True)
    polling = asyncio.create_task(monitor.run(lambda: None))
    await asyncio.wait({polling}, timeout=seconds)
    code = _print(settings, monitor, as_json)
    polling.cancel()
    return code


async def _keep_watching(settings: "Settings", as_json: bool) -> int:
    """Say how it is after an answer, once an interval, until interrupted."""
    monitor, news = monitor_of(settings), asyncio.Event()
    await monitor.look_once()
    polling = asyncio.create_task(monitor.run(news.set))
    while True:
        code = _print(settings, monitor, as_json, indent=None)
        if polling.done():
            return code
        await asyncio.sleep(settings.polling.metrics.interval / 2)
        news.clear()
        await asyncio.wait({polling, asyncio.create_task(news.wait())}, return_when=asyncio.FIRST_COMPLETED)


def _print(settings: "Settings", monitor: "Monitor", as_json: bool, indent: int | None = 2) -> int:
    from console import report  # noqa: PLC0415

    now = monitor.assessment()
    environment = settings.chosen.environment
    if as_json:
        click.echo(report.as_json(now, settings.context, environment, monitor.clock.wall(), indent=indent))
    else:
        click.echo(report.as_text(now, settings.context, environment))
    return now.severity.exit_code


def _running_engine(ctx: click.Context, given: Given) -> "EngineFile":
    from console.sources.engine import is_alive, read_engine_file  # noqa: PLC0415
    from console.sources.errors import SourceError  # noqa: PLC0415

    file = settings_of(ctx, given, context="paper").state / "engine.json"
    try:
        engine = read_engine_file(file)
    except SourceError as error:
        fail(str(error))
    if engine is None:
        fail(f"no paper engine runs here: there is no {file}")
    if not is_alive(engine):
        fail(f"no paper engine runs here: process {engine.pid}, which {file} names, is gone")
    return engine
