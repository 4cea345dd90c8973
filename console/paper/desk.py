"""The desk: the one thread that works on the books, turn by turn.

It carries out the strategy, marks positions, closes what is due, reads the trading switches, compares books
and exchange, and writes the market's tables. Everything here may wait for the database; the main loop
(`engine_loop`) never does, so heartbeat, kill switch and metrics go on while the database stands still.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from sqlalchemy.exc import SQLAlchemyError

from console.paper import records
from console.paper.dealer import Dealer, Difference
from console.paper.errands import Errands
from console.paper.exchange import Exchange
from console.paper.exchange_api import Reach
from console.paper.faults import Faults, database_held
from console.paper.flags import CANARY, FlagsFile, effective_stage
from console.paper.holdings import margin_ratio
from console.paper.kill_switch import KillSwitch
from console.paper.market import Market
from console.paper.metrics import Key
from console.paper.requests import Result, refusal
from console.paper.store import reading
from console.paper.strategy import TRADING_FEATURE, Add, Move, Trim, next_move, opening, resting
from console.paper.tape import Tape
from console.paper.universe import Listing
from console.schema import COIN_ACCOUNT, USDM_ACCOUNT

TURN_SECONDS = 0.2
SMALLEST = Decimal("0.001")
"""Coins of a position that is opened for a test, as in the coin document."""

_SWITCHES = {USDM_ACCOUNT: "u_futures_trading_enabled", COIN_ACCOUNT: "coin_futures_trading_enabled"}
_MARKED_AT_ONCE = 400
_OPENED_AT_ONCE = 50
_MOST_RESTING = 2
_RETRY_SECONDS = 1.0

_log = logging.getLogger("engine")
_sync_log = logging.getLogger("position_sync")
_margin_log = logging.getLogger("margin_status")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the desk works with and doesn't own. `accounts` are those whose engine runs."""

    market: Market
    exchange: Exchange
    exchange_api: Reach
    kill_switch: KillSwitch
    flags: FlagsFile
    faults: Faults
    clock: Callable[[], float]
    accounts: frozenset[int] = frozenset(_SWITCHES)


class Desk:
    """The thread. `switched_off` and `sync_errors` are replaced as a whole and may be read by any thread."""

    def __init__(self, dealer: Dealer, tape: Tape, around: Surroundings, random: Random) -> None:
        self.dealer = dealer
        self.switched_off: frozenset[str] = frozenset()
        self.errands = Errands()
        self.sync_errors: Mapping[Key, int] = {(symbol,): 0 for symbol in around.market.symbols}
        self._tape = tape
        self._around = around
        self._random = random
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)
        self._turns = 0
        self._doubtful = False
        self._lost: frozenset[str] = frozenset()
        self._cancelled: set[int] = set()

    def prepare(self) -> None:
        """Before the engine answers: prices in the tables, positions read back, missing ones opened."""
        self._tape.begin()
        self._read_switches()
        self.dealer.load()
        self.dealer.open_flat(self._flat_symbols())
        self.dealer.mark_books(_MARKED_AT_ONCE)
        self.dealer.quality.measure_new(self._around.market.symbols)
        self.dealer.quality.publish()

    def start(self) -> None:
        """Begin turning."""
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether the thread turns; a failure that is not the database's ends it."""
        return self._thread.is_alive()

    def stop(self, seconds: float) -> bool:
        """End after the operation in progress. Returns whether that was within `seconds`."""
        self._stopping.set()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def differences(self) -> tuple[Difference, ...]:
        """Where books and exchange disagree, by the books as they are now. For an errand."""
        self.dealer.read()
        return self.dealer.differences()

    def sync_positions(self) -> tuple[Difference, ...]:
        """Bring the books to what the exchange holds; answers what disagreed before. For an errand."""
        wrong = self.differences()
        for each in wrong:
            for result in self.dealer.adopt(each.symbol):
                done = "adopted" if result["success"] else f"not adopted: {result['message']}"
                _sync_log.warning(
                    "%s %s: books %s, exchange %s", each.symbol, done, each.books, each.exchange
                )
        return wrong

    def round_trip(self, symbol: str) -> list[Result]:
        """Open and close the smallest position of a symbol, if it may be traded. For an errand."""
        listing = next((each for each in self._around.market.listings if each.symbol == symbol), None)
        if listing is None:
            return [refusal(f"{symbol} is no symbol of this engine")]
        if listing.venue.account not in self._around.accounts:
            return [refusal(f"no engine trades account {listing.venue.account}")]
        if not self.may_trade(listing.venue.account):
            return [refusal("trading is stopped")]
        return self.dealer.round_trip(symbol, SMALLEST)

    def may_open(self, listing: Listing) -> bool:
        """Whether the strategy may open or add to a position in this symbol now."""
        around, account = self._around, listing.venue.account
        stage = effective_stage(around.flags.loaded, TRADING_FEATURE, listing.symbol, account)
        return self.may_trade(account) and stage >= CANARY and not around.market.pulled(listing.symbol)

    def may_trade(self, account: int) -> bool:
        """Whether its engine runs, and neither the kill switch nor the account's own switch stops it."""
        if account not in self._around.accounts:
            return False
        if self._around.kill_switch.deaf:
            return True
        return not self._around.kill_switch.stops([account]) and _SWITCHES[account] not in self.switched_off

    def database_asks_for_a_stop(self) -> bool:
        """Whether the switches stop everything: both accounts off, or neither side allowed."""
        off = self.switched_off
        return off >= set(_SWITCHES.values()) or off >= {"allow_long", "allow_short"}

    def turn(self) -> None:
        """One turn; every fifth does the work of a second. Raises SQLAlchemyError."""
        self._turns += 1
        self.errands.carry_out()
        if self._doubtful:
            self.dealer.catch_up()
            self._doubtful = False
        self._stop_stopped_accounts()
        second, part = divmod(self._turns, 5)
        if part == 0:
            self._read_switches()
            self.dealer.close_liquidated()
            self.dealer.close_due(_MARKED_AT_ONCE)
        elif part == 1:
            self._trade()
        elif part == 2:
            self.dealer.fill_resting()
            self.dealer.mark_books(_MARKED_AT_ONCE)
        elif part == 3:
            self._tape.write_slice()
        else:
            self.dealer.quality.publish()
            self._now_and_then(second)

    def _run(self) -> None:
        while not self._stopping.wait(TURN_SECONDS):
            try:
                if self._around.faults.database_stalled.is_set():
                    self._stall()
                self.turn()
            except SQLAlchemyError as error:
                self._doubtful = True
                _log.error("database failed: %s", one_line(error))
                self._stopping.wait(_RETRY_SECONDS)

    def _stall(self) -> None:
        _log.warning("database stalled")
        with database_held(self.dealer.database):
            while self._around.faults.database_stalled.is_set() and not self._stopping.wait(0.1):
                pass

    def _read_switches(self) -> None:
        with reading(self.dealer.database) as connection:
            self.switched_off = frozenset(records.switched_off(connection))

    def _stop_stopped_accounts(self) -> None:
        for account in _SWITCHES:
            if self.may_trade(account):
                self._cancelled.discard(account)
            elif account not in self._cancelled:
                self.dealer.cancel_resting(account)
                self._cancelled.add(account)

    def _flat_symbols(self) -> list[str]:
        flat = [x for x in self._around.market.listings if x.symbol not in self.dealer.holdings]
        return [x.symbol for x in flat if self.may_open(x) and self._side_allowed(x, None)]

    def _side_allowed(self, listing: Listing, move: Move | None) -> bool:
        """Whether the switches allow the side that a move opens; None stands for a new position."""
        if isinstance(move, Trim):
            return True
        fresh = opening(listing, self._around.market.price(listing.symbol))
        side = (move.request if isinstance(move, Add) else fresh).position_side
        return f"allow_{side.lower()}" not in self.switched_off

    def _trade(self) -> None:
        """Reopen what is flat, else one move in one symbol; now and then a limit order."""
        around = self._around
        flat = [] if around.exchange_api.down else self._flat_symbols()[:_OPENED_AT_ONCE]
        if flat:
            self.dealer.open_flat(flat)
            return
        listing = self._random.choice(around.market.listings)
        held = self.dealer.holdings.get(listing.symbol, ())
        move = next_move(listing, held, around.market.price(listing.symbol), self._random)
        if not self.may_open(listing) or not self._side_allowed(listing, move):
            return
        if around.exchange_api.down:
            self.dealer.refuse(move)
        elif isinstance(move, Add) and held and self.dealer.resting(listing.venue.account) < _MOST_RESTING:
            self.dealer.place(resting(listing, held[0], around.market.price(listing.symbol)).request)
        else:
            self.dealer.carry_out(move)
        around.kill_switch.count_call("rest")

    def _now_and_then(self, second: int) -> None:
        if second % 4 == 0:
            self._compare_with_exchange()
        if second % (10 + len(self.dealer.holdings) // 100) == 0:
            self.dealer.read()
        if second % 5 == 0:
            self.dealer.read_positions(COIN_ACCOUNT)
            self._log_margins()

    def _compare_with_exchange(self) -> None:
        """Count and log each symbol whose position differs; scenario-lost fills are lost here."""
        lost = self._around.faults.lost_fill_symbols
        for symbol in self._lost - lost:
            self.dealer.agree(symbol)
        self._lost = lost
        for symbol in lost:
            self._around.exchange.lose_part(symbol)
        wrong = self.dealer.differences()
        for each in wrong:
            _sync_log.error("%s differs: books %s, exchange %s", each.symbol, each.books, each.exchange)
        if wrong:
            errors = self.sync_errors
            keys: list[Key] = [(each.symbol,) for each in wrong]
            self.sync_errors = {**errors, **{key: errors[key] + 1 for key in keys}}
        else:
            _sync_log.info("%d positions agree", len(self.dealer.holdings))

    def _log_margins(self) -> None:
        mark = self._around.market.mark
        ratios = [
            (margin_ratio(held, mark(held.symbol)), held.symbol)
            for rows in self.dealer.holdings.values()
            for held in rows
        ]
        if ratios:
            lowest, symbol = min(ratios)
            _margin_log.info("%d positions, lowest %.2f %s", len(ratios), lowest, symbol)


def one_line(error: SQLAlchemyError) -> str:
    """What the driver said, without SQLAlchemy's statement and parameters."""
    return " ".join(str(getattr(error, "orig", None) or error).split())
