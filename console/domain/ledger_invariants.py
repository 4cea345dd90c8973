"""The invariants of an engine's books, as `ENGINE.md` has the bookkeeping of the coin engine."""

from console.domain.ledger import EACH_TRADE, LAST_PLACE, Invariant
from console.domain.severity import Severity

_ACCOUNTS = "futures_trading_accounts"
_POSITIONS = "futures_positions"
_ORDERS = "futures_orders"
_TRADES = "futures_trades"

FROZEN_BALANCE = Invariant(
    "frozen balance", _ACCOUNTS, "the margins of the open positions together", EACH_TRADE
)
ACCOUNT_UNREALIZED = Invariant(
    "account's unrealized PnL", _ACCOUNTS, "the unrealized PnL of the open positions together", EACH_TRADE
)
EQUITY = Invariant(
    "total equity", _ACCOUNTS, "current and frozen balance and the open positions' unrealized PnL", EACH_TRADE
)
ACCOUNT_REALIZED = Invariant(
    "account's realized PnL", _ACCOUNTS, "the realized PnL of its trades together", EACH_TRADE
)
CASH = Invariant(
    "cash",
    _ACCOUNTS,
    "current and frozen balance are the initial one, the realized PnL and the fees of openings off; "
    "a deposit would explain the rest",
    EACH_TRADE,
    Severity.WARNING,
)
CURRENT_BALANCE = Invariant("current balance", _ACCOUNTS, "not negative")
TOTAL_TRADES = Invariant("total trades", _ACCOUNTS, "the number of its closing trades")
WINNING_TRADES = Invariant("winning trades", _ACCOUNTS, "the number of its closing trades with a gain")
LOSING_TRADES = Invariant("losing trades", _ACCOUNTS, "the number of its closing trades without a gain")
WIN_RATE = Invariant("win rate", _ACCOUNTS, "winning trades in percent of all", "0.01 percent")

STATUS = Invariant("status", _POSITIONS, "open, building or closed")
SIDE = Invariant("side", _POSITIONS, "LONG or SHORT")
POSITION_ACCOUNT = Invariant("position's account", _POSITIONS, "an account that there is")
SIZE = Invariant("position's size", _POSITIONS, "above 0, or not negative once closed")
QUANTITY = Invariant("quantity", _POSITIONS, "what its trades opened less what they closed", EACH_TRADE)
LEVERAGE = Invariant("leverage", _POSITIONS, "1 or more")
ENTRY_PRICE = Invariant(
    "entry price", _POSITIONS, "the average, or from the lowest to the highest price that it was opened at"
)
NOTIONAL = Invariant("notional value", _POSITIONS, "quantity × entry price", LAST_PLACE)
MARGIN = Invariant("margin", _POSITIONS, "notional value / leverage", LAST_PLACE)
LIQUIDATION_PRICE = Invariant(
    "liquidation price",
    _POSITIONS,
    "entry × (1 − 1/leverage + 0.005) of a LONG, entry × (1 + 1/leverage − 0.005) of a SHORT",
    "0.00000002",
)
LIQUIDATION_SIDE = Invariant(
    "liquidation side", _POSITIONS, "below the entry price of a LONG, above it of a SHORT"
)
MARK_PRICE = Invariant("mark price", _POSITIONS, "above 0")
UNREALIZED = Invariant(
    "unrealized PnL", _POSITIONS, "(mark − entry) × quantity, with the sign of the side", LAST_PLACE
)
REALIZED = Invariant("realized PnL", _POSITIONS, "the realized PnL of its trades together", EACH_TRADE)
STOP_LOSS = Invariant(
    "stop loss", _POSITIONS, "above 0, and below the entry or mark price of a LONG, above it of a SHORT"
)
TAKE_PROFIT = Invariant(
    "take profit", _POSITIONS, "above 0, and above the entry or mark price of a LONG, below it of a SHORT"
)
CLOSE_TIME = Invariant("close time", _POSITIONS, "set once closed, not before the opening; none while open")
COIN_MARGIN = Invariant("coin margin", _POSITIONS, "1 in account 3, 0 in others")
MARK_AGE = Invariant("mark's age", _POSITIONS, "marked within the limit", severity=Severity.WARNING)

ORDER_SIDE = Invariant("order's side", _ORDERS, "OPEN_LONG, OPEN_SHORT, CLOSE_LONG or CLOSE_SHORT")
ORDER_SIZE = Invariant("order's size", _ORDERS, "above 0")
EXECUTED = Invariant(
    "executed quantity", _ORDERS, "from 0 to the quantity; all of it when FILLED, and only then"
)
ORDER_ACCOUNT = Invariant("order's account", _ORDERS, "an account that there is")
ORDER_POSITION = Invariant("orphan order", _ORDERS, "a position that there is, where one is named")
FILLED_POSITION = Invariant("position of a filled order", _ORDERS, "named")
ORDER_TRADE = Invariant(
    "trade of an order",
    _ORDERS,
    "one that there is where the order is filled, of the same account, position, symbol and side",
)
ORDER_FILLS = Invariant("fills of an order", _ORDERS, "as much as its trades together", "0.00000001")
ORDER_ID = Invariant("order id", _ORDERS, "of one order only")
PENDING_AGE = Invariant("resting order", _ORDERS, "no older than the limit", severity=Severity.WARNING)

TRADE_SIDE = Invariant("trade's side", _TRADES, "OPEN_LONG, OPEN_SHORT, CLOSE_LONG or CLOSE_SHORT")
TRADE_SIZE = Invariant("trade's size", _TRADES, "above 0")
TRADE_PRICE = Invariant("trade's price", _TRADES, "above 0")
TRADE_NOTIONAL = Invariant("trade's value", _TRADES, "price × quantity", "0.00000001")
TRADE_REALIZED = Invariant("trade's realized PnL", _TRADES, "set when closing, nothing when opening")
TRADE_ACCOUNT = Invariant("trade's account", _TRADES, "an account that there is")
TRADE_POSITION = Invariant("orphan trade", _TRADES, "a position that there is")
TRADE_HOLDER = Invariant("holder of a trade", _TRADES, "the account of its position")
TRADE_SYMBOL = Invariant("trade's symbol", _TRADES, "that of its position")
TRADE_DIRECTION = Invariant("trade's direction", _TRADES, "LONG or SHORT as its position is")
TRADE_ORDER = Invariant("order of a trade", _TRADES, "one that there is")
TRADE_ID = Invariant("trade id", _TRADES, "of one trade only")
