"""What each surface of an engine says, as plain values. Metrics have a module of their own.

Money and quantities are Decimal; times are seconds since 1970 unless a name says otherwise. None means
that the surface doesn't say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from console.domain.last_trip import LastTrip


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """The database server as it names itself, so that nobody acts on the wrong host."""

    product: str
    version: str
    host: str
    uuid: str | None
    read_only: bool | None


@dataclass(frozen=True, slots=True)
class Account:
    """One account; `win_rate` is in percent, `total_trades` counts what was closed."""

    id: int
    name: str | None
    current_balance: Decimal | None
    frozen_balance: Decimal | None
    unrealized_pnl: Decimal | None
    realized_pnl: Decimal | None
    total_equity: Decimal | None
    status: str | None
    total_trades: int | None = None
    win_rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """An open position; `quantity` is in coins, whatever the side, and `unrealized_pnl_pct` of the margin.

    `status` is `open`, or `building` while batches of it are still to come.
    """

    id: int
    account_id: int
    symbol: str
    side: str
    leverage: int | None
    quantity: Decimal | None
    margin: Decimal | None
    entry_price: Decimal | None
    mark_price: Decimal | None
    liquidation_price: Decimal | None
    unrealized_pnl: Decimal | None
    coin_margin: bool | None
    notional_value: Decimal | None = None
    unrealized_pnl_pct: Decimal | None = None
    stop_loss_price: Decimal | None = None
    take_profit_price: Decimal | None = None
    open_time: float | None = None
    source: str | None = None
    status: str | None = None
    updated_at: float | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """An order, a trade or a failed order, newest first in its list.

    `price` is what it was filled at, `limit_price` what an order asked for; `source` is who placed an order,
    `order_id` a trade's order.
    """

    id: str
    account_id: int
    symbol: str
    side: str
    quantity: Decimal | None
    price: Decimal | None
    status: str | None
    realized_pnl: Decimal | None
    at: float | None
    order_type: str | None = None
    limit_price: Decimal | None = None
    fee: Decimal | None = None
    notes: str | None = None
    source: str | None = None
    order_id: str | None = None


@dataclass(frozen=True, slots=True)
class ClosedPosition:
    """A position that is no more; a liquidated one says so in its notes."""

    id: int
    account_id: int
    symbol: str
    side: str
    quantity: Decimal | None
    entry_price: Decimal | None
    realized_pnl: Decimal | None
    open_time: float | None
    close_time: float | None
    notes: str | None

    @property
    def liquidated(self) -> bool:
        return "liquidat" in (self.notes or "").lower()


@dataclass(frozen=True, slots=True)
class SymbolBooks:
    """What is only read of the symbol in focus, newest first; a part that could not be read is None."""

    symbol: str
    orders: tuple[Activity, ...] | None = None
    trades: tuple[Activity, ...] | None = None
    closed: tuple[ClosedPosition, ...] | None = None


@dataclass(frozen=True, slots=True)
class Books:
    """The engine's database at one instant.

    A part that could not be read is None and named in `missing` with its reason (`futures_orders: no such
    table`); a column that an older schema lacks is named there too, and None in every row.
    `kline_ages` and `price_age` are in seconds: the age of the newest candle's start per time frame, and of
    the newest price. `quiet_for` is how many seconds ago the engine last wrote anything that says when it
    was written. `response_time` is that of the fastest possible question, in seconds.
    """

    identity: ServerIdentity
    response_time: float
    accounts: tuple[Account, ...] | None = None
    positions: tuple[Position, ...] | None = None
    orders: tuple[Activity, ...] | None = None
    trades: tuple[Activity, ...] | None = None
    failures: tuple[Activity, ...] | None = None
    kline_ages: Mapping[str, float] | None = None
    price_age: float | None = None
    quiet_for: float | None = None
    switches: Mapping[str, str | None] | None = None
    missing: tuple[str, ...] = ()
    focus: SymbolBooks | None = None


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature of the flags file, as it is written.

    A list, the percentage and the stages by symbol are None where the file has no such key; an empty list is
    empty. `malformed` names the keys whose value says nothing that all engines would understand: it stands
    here as its text, or as if the key were missing.
    """

    name: str
    enabled: bool
    stage: str
    canary_symbols: tuple[str, ...] | None = None
    allowed_symbols: tuple[str, ...] | None = None
    canary_percentage: float | None = None
    allowed_accounts: tuple[str, ...] | None = None
    symbol_stages: Mapping[str, str] | None = None
    malformed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the flags file that an engine would misread: `effect` is what it makes of it.

    `line` and `column` count from 1. A `serious` one leaves open which stage an engine applies, or whether it
    takes the file at all.
    """

    line: int
    column: int
    what: str
    effect: str
    serious: bool
    feature: str = ""

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.what}; {self.effect}"


@dataclass(frozen=True, slots=True)
class Flags:
    """The flags file as an engine reads it.

    `digest` is the SHA-256 of its bytes, in hexadecimal. `global_kill_switch` is None where its value is
    neither true nor false.
    """

    path: str
    digest: str
    global_kill_switch: bool | None
    environment: str | None
    features: tuple[Feature, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Contract:
    """One symbol at the exchange. `next_funding` is None where the contract has no funding.

    `contract_size` is what one contract is worth in USD, on COIN-M.
    """

    symbol: str
    status: str | None
    mark_price: Decimal | None
    funding_rate: Decimal | None
    next_funding: float | None
    contract_size: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ExchangePosition:
    """A position as the exchange holds it: `quantity` is signed, and in contracts on COIN-M."""

    symbol: str
    quantity: Decimal
    entry_price: Decimal | None
    liquidation_price: Decimal | None
    unrealized_pnl: Decimal | None


@dataclass(frozen=True, slots=True)
class Venue:
    """One market of the exchange, `usdm` or `coinm`.

    `clock_skew` is the exchange's clock less ours, in seconds; `positions` and `resting_orders` are None
    without keys. `used_weight` is the request weight of this address in the running minute. What costs much
    of that weight is asked for less often: `contracts_at` and `orders_at` say when it was. `wallet` (in
    USD or USDT) and `maintenance`, the margin that positions take, are what the account says: only where the
    margin is 0 does an empty list of positions mean that there are none.
    """

    market: str
    clock_skew: float
    contracts: Mapping[str, Contract]
    contracts_at: float
    positions: tuple[ExchangePosition, ...] | None = None
    resting_orders: int | None = None
    orders_at: float | None = None
    used_weight: int | None = None
    wallet: Decimal | None = None
    maintenance: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    venues: tuple[Venue, ...]


@dataclass(frozen=True, slots=True)
class LogTail:
    """Counts over the engine log's last `window` seconds, from its newest lines.

    `complete` is False when the part that was read doesn't reach back over the whole window, so that the
    counts are lower bounds. `last_problem` is the newest line at ERROR or above. `focus_lines` are the newest
    lines that name the symbol in focus, newest first.
    """

    path: str
    size: int
    window: float
    complete: bool
    lines: int
    errors: int
    criticals: int
    liquidations: int
    sync_errors: int
    last_line_at: float | None
    last_problem: str | None
    focus_lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EngineState:
    """The engine's own files: its kill switch, and the process it says it is.

    `flag` says whether the kill-switch flag file exists, where the context names one (`has_flag`); `tripped`
    is the state file's word, and `state_error` why that file can't be read. `alive` is None when no process
    is known; `stopped` says that it is there but held, as by SIGSTOP; `ended` that it has stopped in order,
    which somebody wanted, and not crashed.
    """

    flag: bool | None = None
    tripped: bool | None = None
    state_error: str | None = None
    counters: Mapping[str, int] = field(default_factory=dict)
    pid: int | None = None
    started_at: float | None = None
    alive: bool | None = None
    stopped: bool = False
    has_flag: bool = True
    ended: bool = False


@dataclass(frozen=True, slots=True)
class KeptTrip:
    """What this host keeps of the last trip of ours, in `file`; `trip` is None where there was none."""

    file: str
    trip: LastTrip | None = None
