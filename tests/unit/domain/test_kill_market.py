"""A context without a database: what the exchange shows has to prove that a trip worked, or nothing does."""

from dataclasses import replace
from decimal import Decimal

from console.domain.assessment import Judgement
from console.domain.kill_state import KillState
from console.domain.reading import Reading, SourceState
from console.domain.surfaces import Books, Exchange, ExchangePosition, Venue
from tests.unit.domain.trips import AT, judged, said, world
from tests.unit.domain.worlds import EXCHANGE, NOW

NO_BOOKS: SourceState[Books] = SourceState("database", 2.0, configured=False)


def at_exchange(asked: float, *quantities: int) -> SourceState[Exchange]:
    """A look at the exchange with a position of each quantity."""
    held = (ExchangePosition(f"S{n}", Decimal(q), None, None, None) for n, q in enumerate(quantities))
    venue = Venue("usdm", 0.0, {}, NOW, tuple(held), resting_orders=0, orders_at=NOW)
    look = Reading("exchange", asked, 0.01, value=Exchange((venue,)))
    return SourceState("exchange", 20.0, last=look, good=look)


def without_books(*looks: SourceState[Exchange]) -> tuple[KillState, str]:
    """What an acknowledged trip is in after `looks` at the exchange, with no database to be asked."""
    before: Judgement | None = None
    for look in looks:
        snapshot = world(database=NO_BOOKS, exchange=look)
        before = snapshot, judged(snapshot, before)
    assert before is not None
    return before[1].kill.state, before[1].kill.words


def test_without_a_database_two_looks_at_the_exchange_that_are_alike_prove_it() -> None:
    alike = at_exchange(AT, 1, -2), at_exchange(AT + 3, 1, -2)
    assert without_books(*alike) == (
        KillState.TRIPPED,
        "the engine says so, and nothing has changed at the exchange since",
    )


def test_without_a_database_a_position_that_changed_contradicts_the_engine() -> None:
    looks = at_exchange(AT, 1, -2), at_exchange(AT + 3, 2, -2), at_exchange(AT + 5, 1, -2)
    assert without_books(*looks) == (
        KillState.PARTIAL,
        "the engine says that it is tripped, but: 1 change at the exchange since",
    )


def test_without_a_database_one_look_proves_nothing() -> None:
    for looks in ([at_exchange(AT, 1)], [at_exchange(AT + 3, 1)]):
        assert without_books(*looks) == (
            KillState.UNCONFIRMED,
            "the engine says that it is tripped; fills can't be seen: "
            "the exchange was not looked at since, or only once",
        )


def test_without_a_database_an_exchange_without_keys_proves_nothing() -> None:
    blind = replace(at_exchange(AT), good=Reading("exchange", NOW, 0.0, value=EXCHANGE))
    assert without_books(blind)[1].endswith("fills can't be seen: no keys for the exchange")


def test_without_a_database_and_an_exchange_it_stays_unconfirmed() -> None:
    assert said(world(database=NO_BOOKS, exchange=SourceState("exchange", 2.0, configured=False))) == (
        KillState.UNCONFIRMED,
        "the engine says that it is tripped; fills can't be seen: nobody watches them",
    )
