"""The paper engine as a process: everything put together, started, and stopped in order.

Its exchange is another process, which it starts where none runs on the state folder, and which goes on when
it ends. Where whoever started the engine in the foreground interrupts it or is gone, both end.
"""

import logging
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from types import FrameType

from sqlalchemy import URL, Engine, make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from console import __version__
from console.paper.code_tree import CONFIGURATIONS, FUTURES, Deployed, deployed
from console.paper.control import Control
from console.paper.dealer import Dealer
from console.paper.desk import Desk, Surroundings, one_line
from console.paper.engine_file import Start, last_start, write_end, write_engine_file
from console.paper.engine_loop import EngineLoop
from console.paper.exchange import Exchange
from console.paper.exchange_api import ExchangeApi
from console.paper.exchange_link import ExchangeError, ExchangeLink
from console.paper.exchange_wire import listed
from console.paper.execution import ExecutionQuality
from console.paper.faults import Faults
from console.paper.flags import FlagsFile
from console.paper.kill_switch import KillSwitch
from console.paper.layout import StateFolder, StateFolderError, open_log
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
_WITH_THE_EXCHANGE = {signal.SIGINT, signal.SIGHUP}
"""Those that mean the exchange as well: whoever had started both wants neither, or is gone."""

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
    configuration: str = FUTURES


def as_last_started(state: Path) -> PaperOptions:
    """How the engine of the state folder was last started, in calm; the defaults where it never was.

    Raises StateFolderError for a file that no engine has written.
    """
    start = last_start(StateFolder(state))
    if start is None:
        return PaperOptions(state)
    return PaperOptions(state, start.database, start.symbols, start.seed, configuration=start.configuration)


@dataclass(frozen=True, slots=True)
class _Database:
    """Where the books are: `shown` is the URL without password, `password_from` a variable's name."""

    url: str
    shown: str
    password_from: str | None

    def start(self, options: PaperOptions) -> Start:
        """What is told of an engine that starts on them."""
        return Start(self.shown, self.password_from, options.symbols, options.seed, options.configuration)


@dataclass(frozen=True, slots=True)
class Parts:
    """A prepared engine that isn't turning yet."""

    around: Surroundings
    desk: Desk
    loop: EngineLoop
    director: Director


def run_service(options: PaperOptions, began: Callable[[str], None] = lambda _words: None) -> int:
    """Run the engine in the foreground until SIGTERM, SIGINT or SIGHUP.

    `began` is told, once it runs, where it does and how it ends. Returns the exit code: 0 after a clean stop,
    1 when the desk has failed, 2 with one line on stderr when it can't start, be it for its options, a state
    folder that another engine has, or its database.
    """
    folder = StateFolder(options.state.absolute())
    try:
        listings(options.symbols)
        checked_name(options.scenario)
        _check_configuration(options.configuration)
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
            folder.exchange_keys()
            link = stack.enter_context(ExchangeLink(folder.exchange, os.environ))
            return _serve(options, folder, database, link, stopping, began=began)
    except (StateFolderError, DatabaseUnusableError, ExchangeError) as error:
        return _refused(str(error))
    except SQLAlchemyError as error:
        return _refused(f"the database failed: {one_line(error)}")


def prepare(
    options: PaperOptions,
    folder: StateFolder,
    url: str,
    clock: Callable[[], float],
    link: ExchangeLink | None = None,
) -> Parts:
    """An engine on the database of `url`, with its first positions; `clock` tells seconds since 1970.

    Without `link` the exchange is in this process, and nobody else's.
    """
    code = deployed(folder, options.configuration, __version__)
    metrics = Metrics(code.version, "paper" if code.futures else "spot")
    balances = {USDM_ACCOUNT: initial_balance(options.symbols), COIN_ACCOUNT: _COIN_BALANCE}
    with metrics.timed("connect"):
        books = open_database(url, balances=balances, clock=lambda: datetime.fromtimestamp(clock()))
    if link is not None:
        link.attach()
    held = [] if link is None else [position.symbol for position in link.positions]
    market = Market(_universe(books, options.symbols, held), options.seed)
    exchange = _exchange(market, clock, link)
    around = Surroundings(
        market=market,
        exchange=exchange,
        exchange_api=link or ExchangeApi(exchange, folder.exchange_keys(), clock),
        kill_switch=KillSwitch(folder.kill_flag, folder.kill_state, clock),
        flags=FlagsFile(folder.flags_file),
        faults=Faults(),
        clock=clock,
        accounts=_traded(code),
    )
    return _put_together(options, around, books, metrics)


def _put_together(options: PaperOptions, around: Surroundings, books: Engine, metrics: Metrics) -> Parts:
    """The parts in their surroundings, prepared in the order in which they need each other."""

    def now() -> datetime:
        return datetime.fromtimestamp(around.clock())

    market, exchange, faults = around.market, around.exchange, around.faults
    engines = [
        engine(books, prices=market.quote, clock=now)
        for engine in (FuturesTradingEngine, CoinFuturesTradingEngine)
    ]
    random = Random(options.seed)  # noqa: S311 - a strategy's dice, not a secret
    quality = ExecutionQuality(metrics, faults, random)
    dealer = Dealer(engines, market, exchange, metrics, quality, trading=around.accounts)
    desk = Desk(dealer, Tape(books, market, around.clock), around, random)
    stage = Stage(market, around.exchange_api, around.kill_switch, faults, lambda: dealer.holdings)
    director = Director(stage, options.scenario)
    loop = EngineLoop(around, desk, director, metrics)
    around.flags.create_if_missing()
    loop.prepare()
    desk.prepare()
    return Parts(around, desk, loop, director)


def _exchange(market: Market, clock: Callable[[], float], link: ExchangeLink | None) -> Exchange:
    """The engine's view of the exchange: what the exchange's process holds already stays as it is."""
    if link is None:
        return Exchange(market, clock)
    exchange = Exchange(market, clock, link.tell)
    link.tell(listed(market))
    exchange.show_prices()
    if not link.fresh:
        exchange.adopt(link.positions)
    return exchange


def _traded(code: Deployed) -> frozenset[int]:
    """The accounts whose engine runs."""
    if not code.futures:
        return frozenset()
    return frozenset({USDM_ACCOUNT, COIN_ACCOUNT} if code.coin_engine else {USDM_ACCOUNT})


def _refused(why: str) -> int:
    sys.stderr.write(f"opsconsole paper: {why}\n")
    return 2


def _serve(
    options: PaperOptions,
    folder: StateFolder,
    database: _Database,
    link: ExchangeLink,
    stopping: "_Stopping",
    *,
    began: Callable[[str], None],
) -> int:
    parts = prepare(options, folder, database.url, time.time, link)
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
    start = database.start(options)
    write_engine_file(folder, start, {"control_url": control_server.url, "exchange_url": link.url})
    link.keep()
    _log.info("started: %d symbols, seed %d", len(parts.around.market.symbols), options.seed)
    began(_where(folder.root, control_server.url, link.url))
    parts.loop.run(stopping.told, time.monotonic)
    in_order = stopping.told.is_set()
    if not in_order:
        _log.critical("stopping: the desk has failed")
    parts.desk.stop(_STOP_SECONDS)
    link.set_down(False)
    control_server.close()
    if stopping.signals & _WITH_THE_EXCHANGE:
        link.leave_none()
    if in_order:
        write_end(folder)
    _log.info("stopped")
    return 0 if in_order else 1


def _where(state: Path, control: str, exchange: str) -> str:
    """Where the engine of this process is, and how it ends, as one line."""
    ends = f"Ctrl+C ends both, opsconsole paper stop --state {shlex.quote(str(state))} the engine only"
    return f"paper engine runs: process {os.getpid()}, metrics at {control}, exchange at {exchange}; {ends}"


def _check_configuration(name: str) -> None:
    if name not in CONFIGURATIONS:
        raise ValueError(f"no configuration {name!r}; allowed are {', '.join(CONFIGURATIONS)}")


def _universe(books: Engine, symbols: int, at_exchange: Iterable[str]) -> list[Listing]:
    """The symbols asked for, and those of positions that an earlier run left in the books or there."""
    asked = {listing.symbol: listing for listing in listings(symbols)}
    with reading(books) as connection:
        held = connection.scalars(
            select(positions.c.symbol).where(positions.c.status.in_(OPEN_STATUSES)).distinct()
        )
        return [
            *asked.values(),
            *(listing_of(symbol) for symbol in sorted({*held, *at_exchange} - asked.keys())),
        ]


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


@dataclass(frozen=True, slots=True)
class _Stopping:
    """`told` is set when the engine is to stop; `signals` are those that said so."""

    told: threading.Event
    signals: set[int]


@contextmanager
def _stop_on_signals() -> Iterator[_Stopping]:
    """What the stop signals have said; the handlers of before are put back.

    A thread sets it. A handler that did would wait for ever where it interrupts the main thread in the middle
    of that event, be it in another handler: the event's lock is taken, and the one who has it stands still.
    """
    stopping = _Stopping(threading.Event(), set())
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    setting = threading.Thread(target=_set_when_told, args=(reader, stopping), name="signals", daemon=True)
    setting.start()

    def tell(number: int, _frame: FrameType | None) -> None:
        with suppress(BlockingIOError):  # full: it is told
            os.write(writer, bytes([number]))

    before = {number: signal.signal(number, tell) for number in _STOP_SIGNALS}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(writer)
        setting.join()


def _set_when_told(reader: int, stopping: _Stopping) -> None:
    while numbers := os.read(reader, 4096):
        stopping.signals.update(numbers)
        stopping.told.set()
    os.close(reader)
