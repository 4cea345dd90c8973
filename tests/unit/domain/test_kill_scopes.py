"""Trips of single accounts, and of one after the other: the engine's word on each is what counts."""

import math
from dataclasses import replace

import pytest

from console.domain.kill_state import KillState, Written
from console.domain.metrics import Metrics, column_of
from tests.unit.domain.trips import AT, KNOWN, TRIP, fill, judged, said, world
from tests.unit.domain.worlds import BOOKS, ENGINE, SWITCHES_ON, answered, metrics, series


def one_account(stopped: bool, *, known: bool = True) -> Metrics:
    whole = metrics(tripped=0.0)
    name = "futures_trading_enabled"
    values = {series(name, account="2"): 0.0 if stopped else 1.0, series(name, account="3"): 1.0}
    return replace(whole, samples={**whole.samples, **({name: column_of(values)} if known else {})})


USDM = replace(KNOWN, scope="usdm", written=(Written("database", True),))


def test_a_trip_of_one_account_is_tripped_once_the_engine_says_so_of_that_account() -> None:
    kill = judged(world(trip=USDM, metrics=answered("metrics", one_account(True)))).kill
    assert (kill.title, kill.acknowledged) == ("TRIPPED USDM", True)


def test_fills_of_the_other_account_go_on() -> None:
    books = replace(BOOKS, trades=(fill(AT + 5, account=3),))
    assert judged(
        world(trip=USDM, metrics=answered("metrics", one_account(True)), books=books)
    ).kill.state is (KillState.TRIPPED)


def test_an_engine_without_a_word_on_one_account_leaves_it_unconfirmed() -> None:
    off = {**SWITCHES_ON, "u_futures_trading_enabled": "0"}
    quiet = world(
        trip=replace(USDM, acknowledged=None),
        metrics=answered("metrics", one_account(True, known=False)),
        books=replace(BOOKS, switches=off),
        engine=answered("engine", ENGINE),
    )
    assert said(quiet) == (
        KillState.UNCONFIRMED,
        "set in database; the engine has not acknowledged; "
        "the engine's metrics: it says nothing of single accounts",
    )


def test_where_the_whole_engine_is_tripped_so_is_every_account() -> None:
    assert judged(world(trip=USDM)).kill.title == "TRIPPED"


SINGLY = replace(KNOWN, singly=True, written=(Written("database", True),))


def accounts(usdm: float, *coin: float) -> Metrics:
    """An engine that isn't tripped, and whether the accounts may trade, coin by several of its processes."""
    name, whole = "futures_trading_enabled", metrics(tripped=0.0)
    values = {series(name, account="2"): usdm}
    values |= {series(name, account="3", process=f"{n}"): value for n, value in enumerate(coin)}
    return replace(whole, samples={**whole.samples, name: column_of(values)})


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (accounts(0.0, 0.0), KillState.TRIPPED),
        (accounts(0.0, 1.0), KillState.LOST),
        (accounts(0.0, 0.0, 1.0), KillState.LOST),
        (accounts(0.0, 0.0, math.nan), KillState.UNCONFIRMED),
        (accounts(0.0), KillState.UNCONFIRMED),
    ],
)
def test_accounts_that_were_tripped_one_after_the_other_are_judged_by_each_ones_word(
    said: Metrics, state: KillState
) -> None:
    kill = judged(world(trip=SINGLY, metrics=answered("metrics", said))).kill
    assert (kill.state, kill.scope) == (state, "all")


def test_a_trip_of_everything_is_not_proven_by_single_accounts() -> None:
    single = answered("metrics", accounts(0.0, 0.0))
    assert said(world(trip=TRIP, metrics=single))[0] is KillState.UNCONFIRMED
