"""Engines for the tests of trading: a SQLite file, prices that a test sets, a clock that it moves."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import Engine, Table, select, update

from console import schema
from console.paper import CoinFuturesTradingEngine, SmartExits
from console.paper.listeners import LiveEngine, TradeNotifier


@dataclass
class Desk:
    """One coin engine and what surrounds it."""

    database: Engine
    prices: dict[str, Decimal] = field(default_factory=lambda: {"BTC/USD": Decimal(50_000)})
    now: datetime = datetime(2026, 1, 2, 3, 4, 5)

    def engine(
        self,
        *,
        notifier: TradeNotifier | None = None,
        live_engine: LiveEngine | None = None,
        smart_exits: SmartExits | None = None,
    ) -> CoinFuturesTradingEngine:
        """An engine of account 3 on this desk."""
        return CoinFuturesTradingEngine(
            self.database,
            notifier,
            live_engine,
            prices=self.prices.get,
            clock=lambda: self.now,
            chance=Random(1),
            smart_exits=smart_exits,
        )

    def wait(self, time: timedelta) -> None:
        """Let time pass."""
        self.now += time

    def account(self, account_id: int = schema.COIN_ACCOUNT) -> Any:
        """The row of an account."""
        return next(row for row in self.rows(schema.accounts) if row.id == account_id)

    def rows(self, table: Table) -> list[Any]:
        """All rows of a table by id."""
        with self.database.connect() as connection:
            return list(connection.execute(select(table).order_by(table.primary_key.columns[0])))

    def switch(self, key: str, value: str) -> None:
        """Set a trading switch."""
        with self.database.begin() as connection:
            table = schema.settings
            connection.execute(update(table).where(table.c.setting_key == key).values(setting_value=value))
