"""How long the check of the ledger takes on MariaDB, and how much memory it takes here.

python -m benchmarks.verify [TRADES]

The books hold a position to ten trades, half of them open, and an order to each trade; they are healthy, so
that every row is looked through. It is measured with the buffers that MariaDB has by default, which are less
than the books, so that each scan reads them from disk again, and with buffers that hold them.
"""

import resource
import sys
import time
from datetime import datetime

import psutil
from sqlalchemy import Connection, create_engine

from benchmarks.figures import Spread
from console import schema
from console.paper import open_database
from console.runbooks.checks.books import BooksAt, snapshot
from console.runbooks.checks.ledger import verify_ledger
from tests.mariadb import MariaDB, find_binary

TRADES = 1_000_000
_RUNS = 3
_TO_A_POSITION = 10
_BUFFERS = {"MariaDB's default, 128 MB": 128 << 20, "1 GB": 1 << 30}
_SMALL = ("--innodb-", "--aria-", "--key-buffer-size")
"""What the server of the tests is told to be small with."""

_POSITIONS = """
INSERT INTO futures_positions (id, account_id, symbol, position_side, leverage, quantity, notional_value,
    margin, entry_price, avg_entry_price, mark_price, liquidation_price, stop_loss_price, take_profit_price,
    coin_margin, unrealized_pnl, open_time, close_time, status, last_update_time)
SELECT id, account, CONCAT('S', id, 'USDT'), 'LONG', 5, held, held * price, held * price / 5,
    price, price, price + 1, price * 0.805, price * 0.9, price * 1.1, account = 3,
    IF(closed, 0, held), NOW(), IF(closed, NOW(), NULL), IF(closed, 'closed', 'open'), NOW()
FROM (SELECT seq id, 2 + seq % 2 account, seq % 4 >= 2 closed, IF(seq % 4 >= 2, 2, 5) held,
    100 + seq % 1000 price FROM seq_1_to_{positions}) position"""
_ORDERS = """
INSERT INTO futures_orders (account_id, order_id, position_id, symbol, side, leverage, price, quantity,
    executed_quantity, margin, total_value, executed_value, fee, fee_rate, status, avg_fill_price, fill_time,
    realized_pnl, created_at)
SELECT 2 + position % 2, CONCAT('FUT-', LPAD(number, 20, '0'), '-', LPAD(HEX(number * 7919), 16, '0')),
    position, CONCAT('S', position, 'USDT'), IF(enters, 'OPEN_LONG', 'CLOSE_LONG'), 5, price, part,
    part, part * price / 5, part * price, part * price, part * price * 0.0004, 0.0004, 'FILLED', price, NOW(),
    IF(enters, NULL, part - part * price * 0.0004), NOW()
FROM (SELECT number, position, enters, 100 + position % 1000 + IF(enters, 0, 1) price,
        IF(enters OR position % 4 >= 2, 2, 1) part
    FROM (SELECT seq number, 1 + (seq - 1) % {positions} position, (seq - 1) DIV {positions} < 5 enters
        FROM seq_1_to_{trades}) numbered) fill"""
_TRADES = """
INSERT INTO futures_trades (account_id, order_id, position_id, trade_id, symbol, side, price, quantity,
    notional_value, leverage, margin, fee, fee_rate, realized_pnl, entry_price, trade_time)
SELECT account_id, order_id, position_id, REPLACE(order_id, 'FUT', 'T'), symbol, side, price, quantity,
    total_value, leverage, margin, fee, fee_rate, realized_pnl, price, fill_time
FROM futures_orders ORDER BY id"""
_RESULTS = """
UPDATE futures_positions position JOIN
    (SELECT position_id, SUM(realized_pnl) gained FROM futures_trades GROUP BY position_id) trade
    ON trade.position_id = position.id SET realized_pnl = gained"""
_ACCOUNTS = """
UPDATE futures_trading_accounts account
JOIN (SELECT account_id, SUM(margin) margin, SUM(unrealized_pnl) gain FROM futures_positions
    WHERE status = 'open' GROUP BY account_id) held ON held.account_id = account.id
JOIN (SELECT account_id, SUM(realized_pnl) gained, COUNT(realized_pnl) closes,
    SUM(IF(realized_pnl IS NULL, fee, 0)) fees FROM futures_trades GROUP BY account_id) trade
    ON trade.account_id = account.id
SET initial_balance = 1000000000, frozen_balance = margin, unrealized_pnl = gain, realized_pnl = gained,
    total_trades = closes, winning_trades = closes, win_rate = 100,
    current_balance = 1000000000 - margin + gained - fees, total_equity = 1000000000 + gained - fees + gain"""


def fill(connection: Connection, trades: int) -> None:
    """Healthy books of so many trades, into empty tables."""
    positions = trades // _TO_A_POSITION
    for statement in (_POSITIONS, _ORDERS, _TRADES, _RESULTS, _ACCOUNTS):
        connection.exec_driver_sql(statement.format(positions=positions, trades=trades).replace("%", "%%"))
    for table in (schema.positions, schema.orders, schema.trades):
        connection.exec_driver_sql(f"ANALYZE TABLE {table.name}")


class AsInstalled(MariaDB):
    """A server with the buffers, log and disk access that MariaDB has by default."""

    def _command(self, *more: str) -> list[str]:
        return [argument for argument in super()._command(*more) if not argument.startswith(_SMALL)]


def verified(url: str, now: datetime, server: psutil.Process) -> tuple[float, float]:
    """Seconds that one check of the books at `url` takes, and the server's CPU seconds; they are clean."""
    began, used = time.monotonic(), _cpu(server)
    with snapshot(BooksAt(url)) as connection:
        report = verify_ledger(connection, now)
    taken = time.monotonic() - began, _cpu(server) - used
    assert report.passes, report.words
    return taken


def main() -> None:
    """Measure and print."""
    trades = int(sys.argv[1]) if len(sys.argv) > 1 else TRADES
    server = AsInstalled(find_binary())
    try:
        server.start()
        _measure(server, trades)
    finally:
        server.remove()


def _measure(server: MariaDB, trades: int) -> None:
    url, process = server.url(server.create_database()), psutil.Process(server.pid)
    open_database(url).dispose()
    engine = create_engine(url)
    with engine.begin() as connection:
        fill(connection, trades)
        now = connection.exec_driver_sql("SELECT NOW()").scalar_one()
    print(f"verify {trades} trades, {trades // _TO_A_POSITION} positions; load {psutil.getloadavg()[0]:.1f}")
    for name, size in _BUFFERS.items():
        with engine.begin() as connection:
            connection.exec_driver_sql(f"SET GLOBAL innodb_buffer_pool_size = {size}")
        verified(url, now, process)
        before = _peak()
        runs = [verified(url, now, process) for _ in range(_RUNS)]
        wall, cpu = (Spread.of(part) for part in zip(*runs, strict=True))
        print(f"{name}: {wall:.2f} s, of the server's CPU {cpu:.2f} s")
        print(f"  peak memory of the console: {before:.0f} MB, {_peak():.0f} MB after {_RUNS} more")
    engine.dispose()


def _cpu(server: psutil.Process) -> float:
    times = server.cpu_times()
    return times.user + times.system


def _peak() -> float:
    """Megabytes that this process has had resident at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
