"""The command line. Thin: it reads options, calls the core and prints; imports wait until they are needed.

Exit codes of `status` and of a headless demo follow the monitoring-plugin convention: 0 OK, 1 WARNING,
2 CRITICAL, 3 UNKNOWN. Bad input is one line on stderr and 2.
"""

import asyncio
import gc
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from console import __version__

if TYPE_CHECKING:
    from console.domain.thresholds import Panel
    from console.monitor import Monitor
    from console.settings import Settings
    from console.sources.engine import EngineFile

Command = TypeVar("Command", bound=Callable[..., Any])

MOST_SYMBOLS = 5000


@dataclass(frozen=True, slots=True)
class Given:
    """The three options that every command takes, before the command's name or after it."""

    config: Path | None = None
    context: str | None = None
    state: Path | None = None

    def over(self, other: "Given") -> "Given":
        """These where they are given, else `other`'s."""
        return Given(self.config or other.config, self.context or other.context, self.state or other.state)


def _with_settings(command: Command) -> Command:
    for option in (
        click.option(
            "--state", type=click.Path(path_type=Path), help="The console's and the paper engine's folder."
        ),
        click.option("--context", metavar="NAME", help="Which engine of the settings."),
        click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="The settings file."),
    ):
        command = option(command)
    return command


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@_with_settings
@click.version_option(__version__, prog_name="opsconsole")
@click.pass_context
def cli(ctx: click.Context, /, config: Path | None, context: str | None, state: Path | None) -> None:
    """Operate live futures engines from a terminal.

    Without a command, the console opens on the context.
    """
    ctx.obj = Given(config, context, state)
    if ctx.invoked_subcommand is None:
        sys.exit(_open_console(_settings(ctx, ctx.obj)))


@cli.command()
@_with_settings
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
    **given: Any,
) -> None:
    """Start a paper engine and open the console on it; both end together."""
    from console import demo as demonstration  # noqa: PLC0415

    settings = _settings(ctx, Given(**given), context="paper")
    if not headless:
        _require_terminal()
    if sys.stderr is not None and sys.stderr.isatty():
        click.echo("starting the paper engine", err=True)
    engine = demonstration.Engine(settings.state, symbols, scenario, seed, database)
    try:
        with demonstration.ending_cleanly(), demonstration.running(engine):
            if headless:
                code = asyncio.run(_watch_quietly(settings, seconds, as_json))
            else:
                code = _open_console(settings, owns_engine=True)
    except demonstration.DemoError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


@cli.command()
@_with_settings
@click.option("--json", "as_json", is_flag=True, help="The documented JSON instead of text.")
@click.option("--watch", is_flag=True, help="Again and again, until interrupted; JSON as one line each.")
@click.pass_context
def status(ctx: click.Context, /, *, as_json: bool, watch: bool, **given: Any) -> None:
    """Say how the engine is: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN."""
    if not watch:
        gc.disable()  # a run of half a second leaves its garbage to its end, and is a tenth shorter
    settings = _settings(ctx, Given(**given))
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
@_with_settings
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

    settings = _settings(ctx, Given(**given))
    if until_stdin_closes:
        from console.demo import stop_when_stdin_closes  # noqa: PLC0415

        stop_when_stdin_closes()
    sys.exit(run_service(PaperOptions(settings.state, database, symbols, seed, scenario)))


@paper.command("scenario")
@_with_settings
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
                _say(f"{'*' if known_name == current else ' '} {known_name:<20} {meaning}")
        else:
            paper_client.switch_scenario(engine, name)
            _say(f"scenario {name}")
    except paper_client.RefusedError as error:
        _fail(str(error))


@paper.command("status")
@_with_settings
@click.pass_context
def paper_status(ctx: click.Context, /, **given: Any) -> None:
    """Say where the running engine is: its process, its ports, its files."""
    engine = _running_engine(ctx, Given(**given))
    for field, value in engine.raw.items():
        if value is not None:
            _say(f"{field:<22} {value}")


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for SHELL; `eval "$(opsconsole completion bash)"` turns it on."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415

    completer = get_completion_class(shell)
    if completer is None:
        _fail(f"no completion for {shell}")
    click.echo(completer(cli, {}, "opsconsole", "_OPSCONSOLE_COMPLETE").source())


def main() -> None:
    """The entry point of the `opsconsole` command: what goes wrong is one line."""
    try:
        code = cli.main(prog_name="opsconsole", standalone_mode=False)
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code)
    except click.Abort:
        code = 130
    except OSError as error:
        _fail(str(error))
    sys.exit(code if isinstance(code, int) else 0)


def _settings(ctx: click.Context, given: Given, *, context: str | None = None) -> "Settings":
    """The settings, with the options from anywhere on the line; `context` is the command's own default."""
    from console.settings_file import SettingsError, load_settings  # noqa: PLC0415

    chosen = given.over(ctx.find_root().obj or Given()).over(Given(context=context))
    try:
        return load_settings(config=chosen.config, context=chosen.context, state=chosen.state)
    except SettingsError as error:
        _fail(str(error))


def _log_to(file: Path) -> None:
    """Send the console's own log to `file`: on stderr it would be drawn over the screen.

    The file is made at the first line; where that isn't possible, there is no log.
    """
    import logging  # noqa: PLC0415

    handler: logging.Handler = logging.NullHandler()
    if file.parent.is_dir() and os.access(file.parent, os.W_OK):
        from logging.handlers import RotatingFileHandler  # noqa: PLC0415

        handler = RotatingFileHandler(file, maxBytes=1_000_000, backupCount=2, delay=True)
        handler.setFormatter(logging.Formatter("%(asctime)s [%(levelname)s] %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def _open_console(settings: "Settings", *, owns_engine: bool = False) -> int:
    _require_terminal()
    _log_to(settings.state / "console.log")
    panels = _panels(settings)
    from console.tui.app import ContextView, OpsConsole  # noqa: PLC0415

    def watch() -> "Monitor":
        from console.wiring import open_monitor  # noqa: PLC0415 (the first paint doesn't wait for it)

        return open_monitor(settings, panels)

    chosen = settings.chosen
    view = ContextView(
        name=settings.context,
        environment=chosen.environment,
        colour=chosen.colour,
        database="",
        operator=_operator(),
        owns_engine=owns_engine,
    )
    return OpsConsole(view, watch).run() or 0


def _operator() -> str:
    """Who the kernel says it is, whatever the environment says."""
    import pwd  # noqa: PLC0415

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def _require_terminal() -> None:
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout)):
        _fail("the console needs a terminal; without one there is `opsconsole status`")


def _panels(settings: "Settings") -> "tuple[Panel, ...]":
    from console.panels import PanelError, load_panels  # noqa: PLC0415
    from console.promql.query import parse_query  # noqa: PLC0415

    try:
        return load_panels(settings.panels, parse_query)
    except PanelError as error:
        _fail(str(error))


def _monitor(settings: "Settings", *, once: bool = False) -> "Monitor":
    from console.wiring import open_monitor  # noqa: PLC0415

    _log_to(settings.state / "console.log")
    return open_monitor(settings, _panels(settings), once=once)


async def _look_once(settings: "Settings", as_json: bool) -> int:
    monitor = _monitor(settings, once=True)
    await monitor.look_once()
    return _print(settings, monitor, as_json)


async def _watch_quietly(settings: "Settings", seconds: float, as_json: bool) -> int:
    """Watch for a while without a word, then say how it is."""
    monitor = _monitor(settings, once=True)
    polling = asyncio.create_task(monitor.run(lambda: None))
    await asyncio.wait({polling}, timeout=seconds)
    code = _print(settings, monitor, as_json)
    polling.cancel()
    return code


async def _keep_watching(settings: "Settings", as_json: bool) -> int:
    """Say how it is after an answer, once an interval, until interrupted."""
    monitor, news = _monitor(settings), asyncio.Event()
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

    file = _settings(ctx, given, context="paper").state / "engine.json"
    try:
        engine = read_engine_file(file)
    except SourceError as error:
        _fail(str(error))
    if engine is None:
        _fail(f"no paper engine runs here: there is no {file}")
    if not is_alive(engine):
        _fail(f"no paper engine runs here: process {engine.pid}, which {file} names, is gone")
    return engine


def _say(text: str) -> None:
    from console.domain.foreign import visible  # noqa: PLC0415

    click.echo(visible(text))


def _fail(problem: str, code: int = 2) -> NoReturn:
    from console.domain.foreign import visible  # noqa: PLC0415

    click.echo(f"opsconsole: {visible(problem)}", err=True)
    sys.exit(code)
