"""What the database's books say of the accounts: how each stands, what is wrong, and its last minutes."""

import math
from collections.abc import Iterable
from decimal import Decimal

from console.domain.alerts import account_alerts
from console.domain.last_seen import unknown_by_now
from console.domain.reading import SourceState
from console.domain.severity import Severity
from console.domain.snapshot import Snapshot
from console.domain.status import AccountStatus, Alert
from console.domain.surfaces import Account, Books
from console.domain.trails import Trails, instant_of

LOW_EQUITY = Decimal(100)
"""The coin engine's alert threshold: an account's equity below this is critical, in quote currency."""


def account_statuses(books: Books | None, doubt: str) -> tuple[AccountStatus, ...]:
    """How the accounts stand; `doubt` says why the books aren't the present, and is empty where they are."""
    if books is None or books.accounts is None:
        return ()
    return tuple(
        AccountStatus(account, Severity.UNKNOWN, doubt) if doubt else _account(account)
        for account in books.accounts
    )


def _account(account: Account) -> AccountStatus:
    if account.total_equity is None or not account.total_equity.is_finite():
        return AccountStatus(account, Severity.UNKNOWN, "equity is not in the database")
    if account.total_equity < LOW_EQUITY:
        return AccountStatus(account, Severity.CRITICAL, f"equity below {LOW_EQUITY}")
    return AccountStatus(account, Severity.OK, "")


def books_alerts(
    snapshot: Snapshot, accounts: tuple[AccountStatus, ...], doubt: str, wrong: str
) -> Iterable[Alert]:
    """What is wrong with the accounts; of books in doubt that they are, and what was last seen wrong.

    `wrong` says that another server answers than the context pins.
    """
    usable = snapshot.database.usable(snapshot.at)
    if usable and not doubt:
        return account_alerts(accounts)
    severity = Severity.CRITICAL if wrong else Severity.UNKNOWN
    said = [Alert("database", severity, doubt)] if usable else []  # otherwise the source's own alert
    last_seen = account_statuses(snapshot.database.value, "")
    return (*said, *unknown_by_now(account_alerts(last_seen)))


def equity_trails(trails: Trails, state: SourceState[Books]) -> Trails:
    """The accounts' equities of the last minutes, with the newest."""
    if state.good is None or state.value is None or state.value.accounts is None:
        return trails
    equities = {str(account.id): account.total_equity for account in state.value.accounts}
    values = (math.nan if equity is None else float(equity) for equity in equities.values())
    return trails.with_moment(instant_of(state.good), tuple(equities), values)
