"""The command `demo`: a paper engine, and the console on it."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click

from console import demo as demonstration
from console.cli.command_line import (
    Given,
    fail,
    require_terminal,
    settings_of,
    warn,
    with_drawing,
    with_settings,
)
from console.cli.opening import open_console
from console.cli.paper import with_engine
from console.cli.status import watch_quietly


@click.command()
@with_settings
@with_engine
@click.option("--headless", is_flag=True, help="No screen: watch for a while, then print one status.")
@click.option(
    "--seconds", type=click.IntRange(1, 86400), default=20, show_default=True, help="With --headless."
)
@click.option("--json", "as_json", is_flag=True, help="With --headless: the status as JSON.")
@with_drawing
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
    settings = settings_of(ctx, Given(**given), context="paper")
    if not headless:
        require_terminal()
    if sys.stderr is not None and sys.stderr.isatty():
        click.echo("starting the paper engine", err=True)
    engine = demonstration.Engine(settings.state, symbols, scenario, seed, database)
    try:
        with (
            demonstration.ending_cleanly(),
            _no_exchange_left(settings.state),
            demonstration.running(engine),
            _exchange_for_us(settings.state),
        ):
            if headless:
                code = asyncio.run(watch_quietly(settings, seconds, as_json))
            else:
                config = Given(**given).over(ctx.find_root().obj or Given()).config
                code = open_console(settings, fps, low_bandwidth, owns_engine=True, config=config)
    except demonstration.DemoError as error:
        fail(str(error))
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


@contextmanager
def _exchange_for_us(state: Path) -> Iterator[None]:
    """Have the exchange end even where this process is killed, and its engine has gone before."""
    from console.paper.exchange_link import ExchangeError, exchange_for  # noqa: PLC0415
    from console.paper.exchange_place import ExchangePlace  # noqa: PLC0415

    with ExitStack() as line:
        try:
            line.enter_context(exchange_for(ExchangePlace(state)))
        except ExchangeError as error:
            warn(str(error))
        yield


@contextmanager
def _no_exchange_left(state: Path) -> Iterator[None]:
    """End the exchange, which outlives the engine, with the demonstration."""
    try:
        yield
    finally:
        from console.paper.exchange_link import ExchangeError, end_exchange  # noqa: PLC0415
        from console.paper.exchange_place import ExchangePlace  # noqa: PLC0415

        try:
            end_exchange(ExchangePlace(state))
        except ExchangeError as error:
            warn(str(error))
