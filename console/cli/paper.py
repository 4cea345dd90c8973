"""The commands of the paper engine, among them those for which real engines have scripts.

A paper context's `commands` are `start`, `stop`, `restart`, `sync-positions`, `verify-positions` and
`test-trade`. The exchange is a process of its own, which the engine starts: it outlives the engine.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from console.cli.command_line import Command, Given, fail, say, settings_of, tell, with_settings

if TYPE_CHECKING:
    from console.sources.engine import EngineFile

MOST_SYMBOLS = 5000
CONFIGURATIONS = ("futures", "spot")
_STOP_SECONDS = 10.0
"""Seconds that an engine has to end in order."""


def with_engine(command: Command) -> Command:
    """The options of a paper engine that is started: `symbols`, `scenario`, `database`, `seed`."""
    for option in (
        click.option(
            "--seed", type=int, default=1, show_default=True, help="Of the market and the strategy."
        ),
        click.option(
            "--database", metavar="URL", help="A MariaDB or MySQL instead of SQLite in the state folder."
        ),
        click.option(
            "--scenario", default="calm", show_default=True, help="What happens: `paper scenario` lists them."
        ),
        click.option(
            "--symbols",
            type=click.IntRange(0, MOST_SYMBOLS),
            default=12,
            show_default=True,
            help="USD-M symbols.",
        ),
    ):
        command = option(command)
    return command


@click.group()
def paper() -> None:
    """The paper engine: run it, switch its scenario, see where it is."""


@paper.command("run")
@with_settings
@with_engine
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
    """Run a paper engine in the foreground, until SIGTERM, or with its exchange until Ctrl-C."""
    from console.paper.service import PaperOptions, run_service  # noqa: PLC0415

    settings = settings_of(ctx, Given(**given))
    if until_stdin_closes:
        from console.demo import stop_when_stdin_closes  # noqa: PLC0415

        stop_when_stdin_closes()
    options = PaperOptions(settings.state, database, symbols, seed, scenario)
    sys.exit(run_service(options) if until_stdin_closes else run_service(options, tell))


@paper.command("start")
@with_settings
@click.option("--configuration", type=click.Choice(CONFIGURATIONS), help="The default is the last one.")
@click.pass_context
def paper_start(ctx: click.Context, /, *, configuration: str | None, **given: Any) -> None:
    """Run the paper engine in the foreground, as it was last started, and in calm; says where it runs."""
    _start(settings_of(ctx, Given(**given), context="paper").state, configuration)


@paper.command("stop")
@with_settings
@click.option("--exchange", "with_exchange", is_flag=True, help="End its exchange too.")
@click.pass_context
def paper_stop(ctx: click.Context, /, *, with_exchange: bool, **given: Any) -> None:
    """Stop the running engine in order, and wait until it has ended; its exchange goes on."""
    if not with_exchange:
        _stop(_running_engine(ctx, Given(**given)))
        return
    file = _engine_file(ctx, Given(**given))
    engine = _read(file)
    if engine is not None and _runs(engine):
        _stop(engine)
    _end_exchange(file.parent)


@paper.command("restart")
@with_settings
@click.pass_context
def paper_restart(ctx: click.Context, /, **given: Any) -> None:
    """Stop the running engine in order, if there is one, and run it again as it was last started."""
    file = _engine_file(ctx, Given(**given))
    engine = _read(file)
    if engine is not None and _runs(engine):
        _stop(engine)
    _start(file.parent, None)


@paper.command("verify-positions")
@with_settings
@click.pass_context
def paper_verify_positions(ctx: click.Context, /, **given: Any) -> None:
    """Compare the running engine's books with its exchange; exit code 1 where they differ."""
    from console import paper_client  # noqa: PLC0415

    engine = _running_engine(ctx, Given(**given))
    try:
        _leave_with(paper_client.differences(engine))
    except paper_client.RefusedError as error:
        fail(str(error), 1)


@paper.command("sync-positions")
@with_settings
@click.pass_context
def paper_sync_positions(ctx: click.Context, /, **given: Any) -> None:
    """Bring the running engine's books to what its exchange holds; exit code 1 where they still differ."""
    from console import paper_client  # noqa: PLC0415

    engine = _running_engine(ctx, Given(**given))
    try:
        for line in paper_client.sync_positions(engine):
            say(f"synced {line}")
        _leave_with(paper_client.differences(engine))
    except paper_client.RefusedError as error:
        fail(str(error), 1)


@paper.command("test-trade")
@with_settings
@click.argument("symbol", default="BTC/USD")
@click.pass_context
def paper_test_trade(ctx: click.Context, /, *, symbol: str, **given: Any) -> None:
    """Have the running engine open its smallest position in SYMBOL and close it; exit code 1 if refused."""
    from console import paper_client  # noqa: PLC0415

    engine = _running_engine(ctx, Given(**given))
    try:
        for line in paper_client.round_trip(engine, symbol):
            say(f"filled {line}")
    except paper_client.RefusedError as error:
        fail(str(error), 1)


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


def _start(state: Path, configuration: str | None) -> NoReturn:
    from console.paper.layout import StateFolderError  # noqa: PLC0415
    from console.paper.service import as_last_started, run_service  # noqa: PLC0415

    try:
        options = as_last_started(state)
    except StateFolderError as error:
        fail(str(error))
    sys.exit(run_service(replace(options, configuration=configuration or options.configuration), tell))


def _stop(engine: "EngineFile") -> None:
    """Ask the engine to end, and wait until it has."""
    from console.actions.engine.ending import Fate, ending  # noqa: PLC0415
    from console.actions.engine.process import process_seen  # noqa: PLC0415
    from console.domain.clock import SystemClock  # noqa: PLC0415

    found = process_seen(engine.pid, "engine.json")
    if found is not None and _runs(engine):
        with ending([found], (), SystemClock()) as going:
            going.ask()
            going.wait(_STOP_SECONDS if not going.refused else 0)
            (end,) = going.ends()
        if end.fate is Fate.LEFT:
            why = end.words if going.refused else f"has not ended within {_STOP_SECONDS:g} s"
            fail(f"process {engine.pid}: {why}", 1)
    say(f"stopped: process {engine.pid} has ended")


def _end_exchange(state: Path) -> None:
    from console.paper.exchange_link import ExchangeError, end_exchange  # noqa: PLC0415
    from console.paper.exchange_place import ExchangePlace  # noqa: PLC0415

    try:
        ended = end_exchange(ExchangePlace(state))
    except ExchangeError as error:
        fail(str(error), 1)
    say("the exchange has ended" if ended else "no exchange runs here")


def _leave_with(differences: list[str]) -> NoReturn:
    """Say what differs, and leave with the exit code that says so."""
    for line in differences:
        say(f"differs {line}")
    if not differences:
        say("every position agrees")
    sys.exit(1 if differences else 0)


def _engine_file(ctx: click.Context, given: Given) -> Path:
    return settings_of(ctx, given, context="paper").state / "engine.json"


def _read(file: Path) -> "EngineFile | None":
    from console.sources.engine import read_engine_file  # noqa: PLC0415
    from console.sources.errors import SourceError  # noqa: PLC0415

    try:
        return read_engine_file(file)
    except SourceError as error:
        fail(str(error))


def _runs(engine: "EngineFile") -> bool:
    from console.sources.engine import is_alive  # noqa: PLC0415

    return is_alive(engine)


def _running_engine(ctx: click.Context, given: Given) -> "EngineFile":
    file = _engine_file(ctx, given)
    engine = _read(file)
    if engine is None:
        fail(f"no paper engine runs here: there is no {file}")
    if not _runs(engine):
        gone = "was stopped" if engine.ended else "is gone"
        fail(f"no paper engine runs here: process {engine.pid}, which {file} names, {gone}")
    return engine
