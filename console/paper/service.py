"""The paper engine as a process: everything put together, started, and stopped in order.

While it runs, `STATE/engine.json` (mode 600) says how to reach it. It appears only when everything answers,
goes on a clean stop, and stays behind after a crash. Its shape:

    version                1
    pid, start_time        the process; its start in seconds since 1970, to tell a pid that was used again
    started_at             local time, ISO 8601
    metrics_url            http://127.0.0.1:PORT/metrics
    control_url            http://127.0.0.1:PORT
    exchange_url           http://127.0.0.1:PORT
    ports                  {"control": PORT, "exchange": PORT}
    database_url           SQLAlchemy URL without its password
    database_password_env  environment variable that holds the password, or null
    flags_file, log_file   paths
    kill_switch            {"flag": path, "state": path}
    exchange_keys          path of {"api_key", "api_secret"}
    symbols, seed          as the engine was started

`STATE/started.json` stays behind: the database's URL without its password, symbols and seed, by which the
engine is started again as it was.
"""

import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from types import FrameType
from urllib.parse import urlsplit

import psutil
from sqlalchemy import URL, Engine, make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from console import __version__
from console.paper.control import Control
from console.paper.dealer import Dealer
from console.paper.desk import Desk, Surroundings, one_line
from console.paper.engine_loop import EngineLoop
from console.paper.exchange import Exchange
from console.paper.exchange_api import ExchangeApi
from console.paper.execution import ExecutionQuality
from console.paper.faults import Faults
from console.paper.flags import FlagsFile
from console.paper.kill_switch import KillSwitch
from console.paper.layout import StateFolder, StateFolderError, open_log, write_private
from console.paper.loopback import LoopbackServer
from console.paper.market import Market
from console.paper.metrics import Metrics
from console.paper.records import OPEN_STATUSES
from console.paper.scenarios import CALM, Director, Stage, checked_name
from console.paper.store import DatabaseUnusableError, open_database, reading
from console.paper.strategy import initial_balance
from console.paper.tape import Tape
from console.paper.trading import CoinFuturesTradingEngine, FuturesTradingEngine
from console.paper.universe import Listing, listing_of, listings
from console.schema import COIN_ACCOUNT, USDM_ACCOUNT, positions

PASSWORD_VARIABLE = "OPSCONSOLE_PAPER_DB_PASSWORD"  # noqa: S105 - the variable's name, not its value
"""Environment variable with the database's password, used when the URL has none."""

_COIN_BALANCE = Decimal(10_000)
_STOP_SECONDS = 0.7  # for the operation in progress; the database rolls back what is cut off
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_log = logging.getLogger("engine")


@dataclass(frozen=True, slots=True)
class PaperOptions:
    """How to run. `symbols` are those of USD-M, 0 to 5000; the eight coin symbols always trade.

    `database` is a SQLAlchemy URL; None means SQLite in the state folder.
    """

    state: Path
    database: str | None = None
    symbols: int = 12
    seed: int = 1
    scenario: str = CALM
    log_level: str = "INFO"


def as_last_started(state: Path) -> PaperOptions:
    """How the engine of the state folder was last started, in calm; the defaults where it never was.

    Raises StateFolderError for a file that no engine has written.
    """
    file = StateFolder(state).started_file
    try:
        told = json.loads(file.read_bytes())
        return PaperOptions(state, told["database"], int(told["symbols"]), int(told["seed"]))
    except FileNotFoundError:
        return PaperOptions(state)
    except OSError as error:
        raise StateFolderError(f"{file}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError):
        raise StateFolderError(f"{file}: not what an engine writes of its start") from None


@dataclass(frozen=True, slots=True)
class _Database:
    """Where the books are: `shown` is the URL without password, `password_from` a variable's name."""

    url: str
    shown: str
    password_from: str | None


@dataclass(frozen=True, slots=True)
class Parts:
    """A prepared engine that isn't turning yet."""

    around: Surroundings
    desk: Desk
    loop: EngineLoop
    director: Director


def run_service(options: PaperOptions) -> int:
    """Run the engine in the foreground until SIGTERM, SIGINT or SIGHUP.

    Returns the exit code: 0 after a clean stop, 1 when the desk has failed, 2 with one line on stderr when it
    can't start, be it for its options, a state folder that another engine has, or its database.
    """
    folder = StateFolder(options.state.absolute())
    try:
        listings(options.symbols)
        checked_name(options.scenario)
        database = _database(options.database, folder)
    except ValueError as error:
        return _refused(str(error))
    try:
        with ExitStack() as stack:
            stopping = stack.enter_context(_stop_on_signals())  # first, so that none cuts off what follows
            folder.create()
            stack.enter_context(folder.lock())
            stack.callback(folder.forget_process)
            handler = open_log(folder.log_file, options.log_level)
            stack.callback(handler.close)
            return _serve(options, folder, database, stopping)
    except (StateFolderError, DatabaseUnusableError) as error:
        return _refused(str(error))
    except SQLAlchemyError as error:
        return _refused(f"the database failed: {one_line(error)}")


def prepare(options: PaperOptions, folder: StateFolder, url: str, clock: Callable[[], float]) -> Parts:
    """An engine on the database of `url`, with its first positions; `clock` tells seconds since 1970."""

    def now() -> datetime:
        return datetime.fromtimestamp(clock())

    metrics = Metrics(__version__)
    balances = {USDM_ACCOUNT: initial_balance(options.symbols), COIN_ACCOUNT: _COIN_BALANCE}
    with metrics.timed("connect"):
        books = open_database(url, balances=balances, clock=now)
    market = Market(_universe(books, options.symbols), options.seed)
    exchange = Exchange(market, clock)
    faults = Faults()
    around = Surroundings(
        market=market,
        exchange=exchange,
        exchange_api=ExchangeApi(exchange, folder.exchange_keys(), clock),
        kill_switch=KillSwitch(folder.kill_flag, folder.kill_state, clock),
        flags=FlagsFile(folder.flags_file),
        faults=faults,
        clock=clock,
    )
    engines = [
        engine(books, prices=market.quote, clock=now)
        for engine in (FuturesTradingEngine, CoinFuturesTradingEngine)
    ]
    random = Random(options.seed)  # noqa: S311 - a strategy's dice, not a secret
    dealer = Dealer(engines, market, exchange, metrics, ExecutionQuality(metrics, faults, random))
    desk = Desk(dealer, Tape(books, market, clock), around, random)
    stage = Stage(market, around.exchange_api, around.kill_switch, faults, lambda: dealer.holdings)
    director = Director(stage, options.scenario)
    loop = EngineLoop(around, desk, director, metrics)
    around.flags.create_if_missing()
    loop.prepare()
    desk.prepare()
    return Parts(around, desk, loop, director)


def _refused(why: str) -> int:
    sys.stderr.write(f"opsconsole paper: {why}\n")
    return 2


def _serve(options: PaperOptions, folder: StateFolder, database: _Database, stopping: threading.Event) -> int:
    parts = prepare(options, folder, database.url, time.time)
    exchange_server = LoopbackServer(parts.around.exchange_api.answer, "exchange")
    control = Control(
        metrics=lambda: parts.loop.body,
        director=parts.director,
        kill_switch=parts.around.kill_switch,
        asserted=parts.loop.asserted,
        desk=parts.desk,
    )
    control_server = LoopbackServer(control.answer, "control")
    parts.loop.turn()
    parts.loop.render()
    parts.desk.start()
    urls = {"control_url": control_server.url, "exchange_url": exchange_server.url}
    started = {"database": database.shown, "symbols": options.symbols, "seed": options.seed}
    write_private(folder.started_file, started)
    write_private(folder.engine_file, _engine_file(options, folder, database, urls))
    _log.info("started: %d symbols, seed %d", len(parts.around.market.symbols), options.seed)
    parts.loop.run(stopping, time.monotonic)
    if not stopping.is_set():
        _log.critical("stopping: the desk has failed")
    parts.desk.stop(_STOP_SECONDS)
    parts.around.exchange_api.set_down(False)
    control_server.close()
    exchange_server.close()
    _log.info("stopped")
    return 0 if stopping.is_set() else 1


def _universe(books: Engine, symbols: int) -> list[Listing]:
    """The symbols asked for, and those of positions that an earlier run left open."""
    asked = {listing.symbol: listing for listing in listings(symbols)}
    with reading(books) as connection:
        held = connection.scalars(
            select(positions.c.symbol).where(positions.c.status.in_(OPEN_STATUSES)).distinct()
        )
        return [*asked.values(), *(listing_of(symbol) for symbol in sorted(set(held) - asked.keys()))]


def _database(url: str | None, folder: StateFolder) -> _Database:
    """Raises ValueError with one line that doesn't repeat the URL, which may hold a password."""
    if url is None:
        default = f"sqlite:///{folder.database}"
        return _Database(default, default, None)
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError("the database is not a URL such as mysql+pymysql://user@host:3306/name") from None
    password_from = None
    if parsed.password is None and parsed.username and PASSWORD_VARIABLE in os.environ:
        password_from = PASSWORD_VARIABLE
        parsed = parsed.set(password=os.environ[PASSWORD_VARIABLE])
    return _Database(parsed.render_as_string(hide_password=False), _without_password(parsed), password_from)


def _without_password(url: URL) -> str:
    bare = URL.create(url.drivername, url.username, None, url.host, url.port, url.database, url.query)
    return bare.render_as_string(hide_password=False)


def _engine_file(
    options: PaperOptions, folder: StateFolder, database: _Database, urls: dict[str, str]
) -> dict[str, object]:
    return {
        "version": 1,
        "pid": os.getpid(),
        "start_time": psutil.Process().create_time(),
        "started_at": datetime.now().isoformat(timespec="seconds"),
        "metrics_url": f"{urls['control_url']}/metrics",
        **urls,
        "ports": {name.removesuffix("_url"): urlsplit(url).port for name, url in urls.items()},
        "database_url": database.shown,
        "database_password_env": database.password_from,
        "flags_file": str(folder.flags_file),
        "kill_switch": {"flag": str(folder.kill_flag), "state": str(folder.kill_state)},
        "log_file": str(folder.log_file),
        "exchange_keys": str(folder.keys_file),
        "symbols": options.symbols,
        "seed": options.seed,
    }


@contextmanager
def _stop_on_signals() -> Iterator[threading.Event]:
    """An event that the stop signals set; the handlers of before are put back.

    A thread sets it. A handler that did would wait for ever where it interrupts the main thread in the middle
    of that event, be it in another handler: the event's lock is taken, and the one who has it stands still.
    """
    stopping = threading.Event()
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    setting = threading.Thread(target=_set_when_told, args=(reader, stopping), name="signals", daemon=True)
    setting.start()

    def tell(_number: int, _frame: FrameType | None) -> None:
        with suppress(BlockingIOError):  # full: it is told
            os.write(writer, b"!")

    before = {number: signal.signal(number, tell) for number in _STOP_SIGNALS}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(writer)
        setting.join()


def _set_when_told(reader: int, stopping: threading.Event) -> None:
    while os.read(reader, 4096):
        stopping.set()
    os.close(reader)
