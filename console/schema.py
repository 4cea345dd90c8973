"""The engine's tables, once: for the paper engine, the checks and the tests.

The same metadata serves MySQL, MariaDB and SQLite. Money is `decimal.Decimal` from end to end:
DECIMAL columns on MySQL and MariaDB, on SQLite fixed-point text under a numeric collation, because
SQLite would store a DECIMAL as a binary float. Real engines may have more columns, and older ones
fewer: readers ask the server what is there (`console.sources.database`).

On SQLite too an id that was given is given to no other row, even after a restore.

Times are naive and local, as engines write them; `kline_data.open_time` is in milliseconds since 1970.
"""

from decimal import Decimal, InvalidOperation, localcontext
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    event,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import Numeric, TypeEngine

from console.domain import accounts as accounts_of_engines

DATABASE_NAME = "binance-data"
"""The engines' default database. It holds a hyphen: quote it wherever it is written into SQL."""

USDM_ACCOUNT = accounts_of_engines.USDM_ACCOUNT
COIN_ACCOUNT = accounts_of_engines.COIN_ACCOUNT
COIN_USER = 1000

TRADING_SWITCHES = (
    "u_futures_trading_enabled",
    "coin_futures_trading_enabled",
    "live_trading_enabled",
    "allow_long",
    "allow_short",
)
"""Keys of `system_settings` that stop trading when their value is '0'."""

_COLLATION = "OPSCONSOLE_DECIMAL"


class Money(TypeDecorator[Decimal]):
    """A Decimal with a fixed number of places, exact on every database.

    Binding refuses what would not come back equal: floats (TypeError), NaN and infinities, and
    numbers with more places or digits than the column holds (ValueError).
    """

    impl = Numeric
    cache_ok = True

    def __init__(self, precision: int = 24, scale: int = 8) -> None:
        super().__init__(precision, scale)
        self.precision = precision
        self.scale = scale

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text(collation=_COLLATION))
        return dialect.type_descriptor(Numeric(self.precision, self.scale))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if value is None:
            return None
        exact = self._exactly(value)
        return format(exact, "f") if dialect.name == "sqlite" else exact

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)

    def _exactly(self, value: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, Decimal | int):
            raise TypeError(f"money is Decimal or int, not {type(value).__name__}: {value!r}")
        number = Decimal(value)
        if not number.is_finite():
            raise ValueError(f"money is finite, not {number}")
        with localcontext(prec=self.precision + self.scale):
            try:
                fixed = number.quantize(Decimal(1).scaleb(-self.scale))
            except InvalidOperation:
                raise ValueError(f"{number} has more than {self.precision} digits") from None
            if fixed != number:
                raise ValueError(f"{number} has more than {self.scale} decimal places")
            if abs(fixed) >= Decimal(10) ** (self.precision - self.scale):
                raise ValueError(f"{number} has more than {self.precision} digits")
        return fixed + 0  # a negative zero becomes zero


def _compare_decimals(left: str, right: str) -> int:
    a, b = Decimal(left), Decimal(right)
    return (a > b) - (a < b)


class _DecimalSum:
    """`decimal_sum(column)`: an exact sum over Money columns on SQLite, as text."""

    def __init__(self) -> None:
        self.total = Decimal(0)

    def step(self, value: str | None) -> None:
        if value is not None:
            self.total += Decimal(value)

    def finalize(self) -> str:
        return format(self.total, "f")


class _Moment(DateTime):
    """A time to the microsecond, which MySQL keeps only where it is asked to."""


class _Flag(Integer):
    """0 or 1."""


@compiles(_Moment, "mysql", "mariadb")
@compiles(_Flag, "mysql", "mariadb")
def _column_of(kind: _Moment | _Flag, _compiler: object, **_: object) -> str:
    """As MySQL has it, in words: its dialect is a megabyte, which a console on SQLite has no need of."""
    return "DATETIME(6)" if isinstance(kind, _Moment) else "TINYINT"


def prepare_sqlite(engine: Engine) -> None:
    """Give each new connection of a SQLite `engine` the numeric collation and `decimal_sum`."""

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.create_collation(_COLLATION, _compare_decimals)
        connection.create_aggregate("decimal_sum", 1, _DecimalSum)


_money = Money()
_percent = Money(12, 4)
_rate = Money(12, 8)
_moment = _Moment()
_id = BigInteger().with_variant(Integer(), "sqlite")
_prose = Text()

metadata = MetaData()

accounts = Table(
    "futures_trading_accounts",
    metadata,
    Column("id", _id, primary_key=True),
    Column("user_id", Integer, nullable=False),
    Column("account_name", String(100)),
    Column("account_type", String(50)),
    Column("initial_balance", _money, nullable=False, server_default="0"),
    Column("current_balance", _money, nullable=False, server_default="0"),
    Column("frozen_balance", _money, nullable=False, server_default="0"),
    Column("unrealized_pnl", _money, nullable=False, server_default="0"),
    Column("realized_pnl", _money, nullable=False, server_default="0"),
    Column("total_equity", _money, nullable=False, server_default="0"),
    Column("total_profit_loss", _money, nullable=False, server_default="0"),
    Column("total_profit_loss_pct", _percent, nullable=False, server_default="0"),
    Column("total_trades", Integer, nullable=False, server_default="0"),
    Column("winning_trades", Integer, nullable=False, server_default="0"),
    Column("losing_trades", Integer, nullable=False, server_default="0"),
    Column("win_rate", _percent, nullable=False, server_default="0"),
    Column("status", String(20), nullable=False, server_default="active"),
    Column("created_at", _moment),
    Column("updated_at", _moment),
)

positions = Table(
    "futures_positions",
    metadata,
    Column("id", _id, primary_key=True, autoincrement=True),
    Column("account_id", _id, nullable=False),
    Column("symbol", String(50), nullable=False),
    Column("position_side", String(10), nullable=False),
    Column("leverage", Integer, nullable=False, server_default="1"),
    Column("quantity", _money, nullable=False),
    Column("notional_value", _money, nullable=False),
    Column("margin", _money, nullable=False),
    Column("entry_price", _money, nullable=False),
    Column("avg_entry_price", _money),
    Column("mark_price", _money),
    Column("liquidation_price", _money),
    Column("stop_loss_price", _money),
    Column("take_profit_price", _money),
    Column("stop_loss_pct", _percent),
    Column("take_profit_pct", _percent),
    Column("entry_ema_diff", _money),
    Column("entry_signal_type", String(50)),
    Column("entry_score", _percent),
    Column("entry_reason", _prose),
    Column("coin_margin", _Flag(), server_default="0"),
    Column("unrealized_pnl", _money, nullable=False, server_default="0"),
    Column("unrealized_pnl_pct", _percent, nullable=False, server_default="0"),
    Column("realized_pnl", _money, nullable=False, server_default="0"),
    Column("open_time", _moment),
    Column("close_time", _moment),
    Column("source", String(50)),
    Column("signal_id", _id),
    Column("strategy_id", _id),
    Column("status", String(20), nullable=False, server_default="open"),
    Column("notes", _prose),
    Column("last_update_time", _moment),
    Index("idx_positions_account_status", "account_id", "status"),
    Index("idx_coin_margin", "account_id", "coin_margin"),
    Index("idx_positions_symbol", "symbol"),
    Index("idx_positions_close_time", "close_time"),
    sqlite_autoincrement=True,
)

orders = Table(
    "futures_orders",
    metadata,
    Column("id", _id, primary_key=True, autoincrement=True),
    Column("account_id", _id, nullable=False),
    Column("order_id", String(64), nullable=False, unique=True),
    Column("position_id", _id),
    Column("symbol", String(50), nullable=False),
    Column("side", String(20), nullable=False),
    Column("order_type", String(20), nullable=False, server_default="MARKET"),
    Column("leverage", Integer, nullable=False, server_default="1"),
    Column("price", _money),
    Column("quantity", _money, nullable=False),
    Column("executed_quantity", _money, nullable=False, server_default="0"),
    Column("margin", _money),
    Column("total_value", _money),
    Column("executed_value", _money),
    Column("fee", _money, nullable=False, server_default="0"),
    Column("fee_rate", _rate),
    Column("status", String(20), nullable=False, server_default="PENDING"),
    Column("avg_fill_price", _money),
    Column("fill_time", _moment),
    Column("stop_loss_price", _money),
    Column("take_profit_price", _money),
    Column("realized_pnl", _money),
    Column("pnl_pct", _percent),
    Column("order_source", String(50)),
    Column("entry_signal_type", String(50)),
    Column("signal_id", _id),
    Column("strategy_id", _id),
    Column("notes", _prose),
    Column("created_at", _moment),
    Index("idx_orders_account_status", "account_id", "status"),
    Index("idx_orders_position", "position_id"),
    sqlite_autoincrement=True,
)

trades = Table(
    "futures_trades",
    metadata,
    Column("id", _id, primary_key=True, autoincrement=True),
    Column("account_id", _id, nullable=False),
    Column("order_id", String(64), nullable=False),
    Column("position_id", _id),
    Column("trade_id", String(64), nullable=False, unique=True),
    Column("symbol", String(50), nullable=False),
    Column("side", String(20), nullable=False),
    Column("price", _money, nullable=False),
    Column("quantity", _money, nullable=False),
    Column("notional_value", _money, nullable=False),
    Column("leverage", Integer, nullable=False, server_default="1"),
    Column("margin", _money),
    Column("fee", _money, nullable=False, server_default="0"),
    Column("fee_rate", _rate),
    Column("realized_pnl", _money),
    Column("pnl_pct", _percent),
    Column("roi", _percent),
    Column("entry_price", _money),
    Column("close_price", _money),
    Column("trade_time", _moment),
    Index("idx_trades_position", "position_id"),
    Index("idx_trades_account", "account_id"),
    sqlite_autoincrement=True,
)

klines = Table(
    "kline_data",
    metadata,
    Column("id", _id, primary_key=True, autoincrement=True),
    Column("symbol", String(50), nullable=False),
    Column("timeframe", String(10), nullable=False),
    Column("exchange", String(30), nullable=False, server_default="binance"),
    Column("open_time", BigInteger, nullable=False),
    Column("open_price", _money, nullable=False),
    Column("high_price", _money, nullable=False),
    Column("low_price", _money, nullable=False),
    Column("close_price", _money, nullable=False),
    Column("volume", _money, nullable=False, server_default="0"),
    Column("timestamp", _moment),
    Index("idx_kline", "symbol", "timeframe", "exchange", "open_time", unique=True),
)

prices = Table(
    "price_data",
    metadata,
    Column("id", _id, primary_key=True, autoincrement=True),
    Column("symbol", String(50), nullable=False),
    Column("price", _money, nullable=False),
    Column("timestamp", _moment, nullable=False),
    Index("idx_price_symbol", "symbol", "timestamp"),
)

settings = Table(
    "system_settings",
    metadata,
    Column("setting_key", String(100), primary_key=True),
    Column("setting_value", _prose),
    Column("description", _prose),
    Column("updated_by", String(100)),
    Column("updated_at", _moment),
)
