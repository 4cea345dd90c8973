"""What a rollback is seen by: the file's word and the engine's, its mode, what is in the books after it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert

from console import schema
from console.domain.assessment import Assessment
from console.domain.kill_state import KillState, Verdict
from console.domain.rollout.stages import PAPER, Stage
from console.domain.surfaces import Activity, Flags
from console.paper.store import open_database
from console.runbooks.checks.rollback import backup_made, feature_stage, mode, no_orders, not_traded, trip_set
from tests.unit.domain.rollouts import ALL_LIVE, ALL_SHADOW, at, engine, flags, judged
from tests.unit.domain.worlds import NOW

MOMENT = 1_800_000_000.0


def seen(file: Flags, said: Mapping[tuple[str, str], float], *trades: Activity) -> Assessment:
    """How things stand after a second look at the same."""
    looks = (at(0, file, engine(said)), at(20, file, engine(said), *trades))
    return [*judged(looks)][-1]


def told(live: Assessment, at_most: Stage = Stage.SHADOW, feature: str = "guard") -> tuple[bool | None, str]:
    found = feature_stage(live, feature, at_most, PAPER)
    return found.passes, found.observed


def test_a_feature_is_back_where_file_and_engine_both_say_so() -> None:
    assert told(seen(flags(), ALL_SHADOW))[0] is True
    assert told(seen(flags(), ALL_SHADOW), Stage.DISABLED) == (False, "the file says shadow")


def test_what_was_written_and_isn_t_loaded_is_not_back() -> None:
    passes, words = told(seen(flags(), ALL_LIVE))
    assert (passes, words) == (False, "the engine has loaded BTC production, SOL production")


def test_a_symbol_of_its_own_that_goes_on_trading_is_told() -> None:
    file = flags("guard: {stage: shadow, symbol_stages: {BTC: canary}}")
    assert told(seen(file, ALL_SHADOW)) == (False, "the file says canary")


@pytest.mark.parametrize("said", [{}, {("guard", "BTC"): float("nan"), ("guard", "SOL"): 1.0}])
def test_an_engine_that_doesn_t_say_what_it_has_loaded_is_unknown(
    said: Mapping[tuple[str, str], float],
) -> None:
    assert told(seen(flags(), said))[0] is None


def test_a_feature_that_isn_t_in_the_file_was_not_rolled_back() -> None:
    assert told(seen(flags(), ALL_SHADOW), feature="gaurd") == (False, "the flags file has no feature gaurd")


def test_a_tripped_kill_switch_doesn_t_hide_the_feature_s_own_stage() -> None:
    file = replace(flags("guard: {stage: production}"), global_kill_switch=True)
    assert told(seen(file, dict.fromkeys(ALL_LIVE, 0.0))) == (False, "the file says production")


def test_of_an_engine_that_has_ended_the_file_is_enough() -> None:
    live = seen(flags(), {})
    ended = replace(live, engine=replace(live.engine, alive=False))
    assert told(ended)[0] is True


@pytest.mark.parametrize(
    ("state", "passes"),
    [
        (KillState.TRIPPED, True),
        (KillState.UNCONFIRMED, True),  # as of an engine that hangs: it is ended next
        (KillState.CLEAR, False),
        (KillState.LOST, False),
        (KillState.UNKNOWN, None),
    ],
)
def test_a_trip_is_set_where_it_is_written_whatever_the_engine_says(
    state: KillState, passes: bool | None
) -> None:
    assert trip_set(Verdict(state, "so")).passes is passes


def test_what_is_opened_where_nothing_may_trade_is_seen() -> None:
    fill = Activity("T-1", 2, "BTC", "OPEN_LONG", None, None, None, None, NOW + 8)
    found = not_traded(seen(flags(), ALL_SHADOW, fill), "guard", NOW)
    assert (found.passes, found.observed) == (False, "BTC traded 12 s ago")
    assert not_traded(seen(flags(), ALL_SHADOW, fill), "guard", NOW + 9).passes is True
    assert not_traded(seen(flags(), ALL_SHADOW), "guard", NOW).passes is True


def test_the_mode_is_the_engine_s_own_word_and_absent_it_is_unknown() -> None:
    live = seen(flags(), ALL_SHADOW)
    spot = replace(live, engine=replace(live.engine, mode="spot"))
    assert [mode(spot, wanted).passes for wanted in ("spot", "paper", "any")] == [True, False, True]
    silent = replace(live, engine=replace(live.engine, mode=None))
    assert [mode(silent, wanted).passes for wanted in ("spot", "any")] == [None, True]


def test_whatever_the_mode_may_be_it_is_looked_at() -> None:
    live = seen(flags(), ALL_SHADOW)
    metrics = replace(live.snapshot.metrics, last=None, good=None)
    unseen = replace(live, snapshot=replace(live.snapshot, metrics=metrics))
    ended = replace(live, engine=replace(live.engine, alive=False))
    assert [mode(each, "any").passes for each in (unseen, ended)] == [None, False]


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Connection]:
    database = open_database(
        f"sqlite:///{tmp_path / 'book.db'}", balances={2: Decimal(1), 3: Decimal(1)}, clock=datetime.now
    )
    with database.connect() as connection:
        yield connection
    database.dispose()


def test_an_order_or_a_trade_of_the_account_since_then_is_seen(books: Connection) -> None:
    def asked(account: str) -> tuple[bool | None, str]:
        found = no_orders(books, {"account": account, "since": str(MOMENT)})
        return found.passes, found.observed

    assert asked("all") == (True, "0 orders, 0 trades")
    for account, later in ((2, 5), (3, -5)):
        books.execute(
            insert(schema.orders).values(
                account_id=account,
                order_id=f"FUT-{account}",
                symbol="BTCUSDT",
                side="OPEN_LONG",
                order_type="MARKET",
                leverage=1,
                quantity=1,
                created_at=datetime.fromtimestamp(MOMENT + later),
            )
        )
    assert asked("usdm") == (False, "1 orders, 0 trades")
    assert asked("coin") == (True, "0 orders, 0 trades")
    assert asked("all")[0] is False


def test_no_backup_is_none_that_was_made(tmp_path: Path) -> None:
    found = backup_made(tmp_path / "none", "here", str(MOMENT))
    assert (found.passes, found.observed) == (False, "there is none")
