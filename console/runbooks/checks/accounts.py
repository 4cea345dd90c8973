"""Whether the accounts have the money that they need, and as much of it as the exchange says."""

from decimal import Decimal

from console.domain.account_status import LOW_EQUITY, account_statuses
from console.domain.kill_evidence import ACCOUNTS
from console.domain.severity import Severity
from console.domain.surfaces import Account, Venue
from console.domain.truth import Finding, clock_doubt, compared
from console.runbooks.checks.answers import answer
from console.runbooks.checks.exchange import venues_of
from console.runbooks.checks.positions import doubt_of_books
from console.runbooks.lookout import Look
from console.runbooks.model import Found

_OF_MARKET = {"usdm": ACCOUNTS["usdm"], "coinm": ACCOUNTS["coin"]}
"""The account whose money is at each market."""


def balances(look: Look) -> Found:
    """Whether every account's equity is above its threshold, and the exchange's wallets hold what it says."""
    seen = look("database", "exchange", "engine")
    books, doubt = seen.snapshot.database.value, doubt_of_books(seen)
    venues, unknown = venues_of(seen.snapshot)
    statuses = () if doubt else account_statuses(books, "")
    if not statuses:
        unknown.append(doubt or "the database tells of no account")
    told = [(one.severity, f"account {one.account.id}: {one.reason}") for one in statuses]
    wrong = [words for severity, words in told if severity is Severity.CRITICAL]
    unknown += [words for severity, words in told if severity is Severity.UNKNOWN]
    accounts = {one.account.id: one.account for one in statuses}
    details = [_line(one) for one in accounts.values()]
    for venue in venues if accounts else ():
        finding, words = _wallet(venue, accounts.get(_OF_MARKET[venue.market]))
        details.append(f"{venue.market}: {words}")
        if finding is Finding.UNKNOWN:
            unknown.append(f"{venue.market}: {words}")
        elif finding.differs:
            wrong.append(f"{venue.market}: {words}")
    expected = f"every account's equity is {LOW_EQUITY} or more, and the exchange has its balance, within 1 %"
    return answer(expected, wrong, unknown, f"{len(accounts)} accounts are", details)


def _wallet(venue: Venue, account: Account | None) -> tuple[Finding, str]:
    """How a market's wallet stands to what its account has, open positions' profit left out."""
    if clock_doubt(venue):
        return Finding.UNKNOWN, clock_doubt(venue)
    if venue.wallet is None and venue.maintenance is None:
        return Finding.UNKNOWN, "its account can't be read"
    if account is None or account.current_balance is None or account.frozen_balance is None:
        return Finding.UNKNOWN, "its account is not in the database"
    if venue.wallet is None:
        return Finding.MATCHED, "its wallet is in coins, and not compared"
    booked = account.current_balance + account.frozen_balance
    words = f"the wallet holds {_amount(venue.wallet)}, account {account.id} {_amount(booked)}"
    return compared(booked, venue.wallet), words


def _line(account: Account) -> str:
    equity = "unknown" if account.total_equity is None else _amount(account.total_equity)
    return f"account {account.id}: equity {equity}"


def _amount(amount: Decimal) -> str:
    return f"{amount:,.2f}"
