"""What real engines do that the paper engine doesn't, and that is right by the bookkeeping all the same."""

from collections.abc import Mapping

_SPLIT = """
INSERT INTO futures_trades (account_id, order_id, position_id, trade_id, symbol, side, price, quantity,
    notional_value, leverage, margin, fee, fee_rate, trade_time)
SELECT account_id, order_id, position_id, 'T-second', symbol, side, price, '0.01000000', '501.23450000',
    leverage, margin, '0.00000000', fee_rate, trade_time
FROM futures_trades WHERE id = {entry}"""
_REST = """
UPDATE futures_trades SET notional_value = '5012.34500000', quantity = '0.10000000' WHERE id = {entry}"""

UNTRADED_POSITION = """
INSERT INTO futures_positions (account_id, symbol, position_side, leverage, quantity, notional_value, margin,
    entry_price, status, close_time)
VALUES (2, 'ETH/USD', 'LONG', 3, '0.00000000', '0.00000000', '0.00000000', '3000.00000000', 'closed',
    '2026-01-02 03:04:05')"""

HABITS: Mapping[str, tuple[str, ...]] = {
    "no average where there was one entry": (
        "UPDATE futures_positions SET avg_entry_price = '0.00000000' WHERE id = {usdm}",
    ),
    "an average that isn't kept": ("UPDATE futures_positions SET avg_entry_price = NULL WHERE id = {usdm}",),
    "the first entry's price beside the average": (
        "UPDATE futures_positions SET entry_price = '50123.45000000' WHERE id = {long}",
    ),
    "a position that is being built": ("UPDATE futures_positions SET status = 'building' WHERE id = {long}",),
    "an order filled in two parts": (_SPLIT, _REST),
    "an order that is filled in part and cancelled": (
        "UPDATE futures_orders SET quantity = '0.20000000', status = 'CANCELLED' WHERE id = {order}",
    ),
    "an order that was rejected": ("UPDATE futures_orders SET status = 'REJECTED' WHERE id = {resting}",),
    "a resting order that closes": (
        "UPDATE futures_orders SET side = 'CLOSE_LONG', position_id = {long} WHERE id = {resting}",
    ),
    "0 where there is no stop": (
        "UPDATE futures_positions SET stop_loss_price = '0.00000000', take_profit_price = '0.00000000'",
    ),
    "a stop that was trailed past the entry": (
        "UPDATE futures_positions SET stop_loss_price = '50200.00000000' WHERE id = {long}",
    ),
    "nothing left of a closed position": (
        "UPDATE futures_positions SET quantity = '0.00000000', margin = '0.00000000' WHERE id = {won}",
    ),
    "a closed position that keeps its last mark": (
        "UPDATE futures_positions SET unrealized_pnl = '12.34000000', notes = 'liquidated' WHERE id = {lost}",
    ),
    "0 as the result of an opening": (
        "UPDATE futures_trades SET realized_pnl = '0.00000000' WHERE id = {entry}",
    ),
    "a closed position of which there are no trades": (UNTRADED_POSITION,),
    "an account that never traded": (
        "INSERT INTO futures_trading_accounts (id, user_id, initial_balance, current_balance, total_equity)"
        " VALUES (9, 9, '100.00000000', '100.00000000', '100.00000000')",
    ),
}
"""Statements on a healthy book, in which `{long}` and the like are ids of its rows."""
