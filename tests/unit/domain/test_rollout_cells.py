"""What the file desires and what the engine has loaded, cell by cell, and whether all of it is loaded."""

from dataclasses import replace

import pytest

from console.domain.reading import SourceState
from console.domain.rollout.drift import Cell, Standing
from console.domain.rollout.following import Following
from console.domain.rollout.stages import PAPER, Dialect, Stage
from console.domain.surfaces import Flags
from console.sources.flags import parse_flags
from tests.unit.domain.rollouts import (
    ALL_LIVE,
    ALL_SHADOW,
    LIMIT,
    STAGE,
    at,
    drift,
    engine,
    flags,
    last,
    read,
)
from tests.unit.domain.worlds import BOOKS, NOW, position, series

OFF, SHADOW, _, LIVE = Stage


def test_a_cell_has_the_files_word_and_the_engines_beside_each_other() -> None:
    status = last(at(0, flags(), engine({("guard", "BTC"): 1.0, ("guard", "SOL"): 3.0})))
    assert status.cell("guard", "BTC") == Cell(SHADOW, SHADOW, "", Standing.LOADED)
    assert status.cell("guard", "SOL") == Cell(SHADOW, LIVE, "", Standing.PENDING, NOW)


@pytest.mark.parametrize("number", [float("nan"), 4.0, -1.0, 1.5])
def test_a_number_that_is_no_stage_is_unknown_and_no_drift(number: float) -> None:
    said = engine({("guard", "BTC"): number})
    status = last(at(0, flags(), said), at(9, flags(), said))
    assert status.cell("guard", "BTC") == Cell(SHADOW, None, "", Standing.UNKNOWN)
    assert (drift(status), status.following("guard")) == ({}, Following(unknown=("BTC", "SOL")))


def test_a_stage_that_the_file_does_not_tell_is_unknown_and_no_drift() -> None:
    file = flags("guard: {stage: Canary}")
    status = last(at(0, file, engine(ALL_LIVE)), at(9, file, engine(ALL_LIVE)))
    assert status.cell("guard", "BTC") == Cell(None, LIVE, "", Standing.UNKNOWN)
    assert (drift(status), status.following("guard")) == ({}, Following(unknown=("BTC", "SOL")))


def test_an_engine_that_exports_no_stages_is_unknown_and_no_drift() -> None:
    status = last(at(0, flags(), engine({})), at(9, flags(), engine({})))
    assert status.cell("guard", "BTC") == Cell(SHADOW, None, "", Standing.UNKNOWN)
    assert (status.loaded_doubt, drift(status)) == ("not exported", {})
    assert status.following("guard") == Following(doubt="not exported")


def test_without_a_flags_file_nothing_is_desired_and_nothing_drifts() -> None:
    nothing: SourceState[Flags] = SourceState("flags", LIMIT, configured=False)
    looks = [replace(at(later, flags(), engine(ALL_LIVE)), flags=nothing) for later in (0, 9)]
    status = last(*looks)
    assert status.cell("guard", "BTC") == Cell(None, LIVE, "", Standing.UNKNOWN)
    assert (status.desired_doubt, status.features, drift(status)) == ("not configured", ("guard",), {})


@pytest.mark.parametrize("source", ["metrics", "flags"])
def test_what_is_stale_is_shown_as_it_was_and_unknown(source: str) -> None:
    whole = at(0, flags(), engine(ALL_SHADOW))
    status = last(whole, replace(at(9, flags(), engine(ALL_SHADOW)), **{source: getattr(whole, source)}))
    assert status.cell("guard", "BTC") == Cell(SHADOW, SHADOW, "", Standing.UNKNOWN)
    assert status.doubt.startswith("stale for 9.0 s")
    assert status.following("guard").is_so is None


def test_a_feature_that_only_the_engine_knows_is_off_in_the_file() -> None:
    said = engine({**ALL_SHADOW, ("old", "BTC"): 3.0})
    status = last(at(0, flags(), said), at(9, flags(), said))
    assert status.features == ("guard", "old")
    assert status.cell("old", "BTC") == Cell(OFF, LIVE, "", Standing.DRIFT, NOW)


def test_the_files_kill_switch_desires_that_everything_is_off() -> None:
    file = parse_flags(b"global_kill_switch: true\nfeatures: {guard: {stage: production}}", "flags.yaml")
    assert last(at(0, file, engine(ALL_LIVE))).cell("guard", "BTC").desired is OFF


def test_of_several_processes_the_one_that_contradicts_the_file_counts() -> None:
    said = {series(STAGE, "BTC", feature="guard", instance=str(each)): 1.0 + each for each in (2, 0, 1)}
    status = last(at(0, flags(), engine(said)), at(9, flags(), engine(said)))
    assert status.cell("guard", "BTC") == Cell(SHADOW, LIVE, "", Standing.DRIFT, NOW)
    assert status.drifting[0].difference.loaded is LIVE


def test_one_process_that_does_not_tell_leaves_the_cell_unknown() -> None:
    nan = float("nan")
    said = {series(STAGE, "BTC", feature="guard", instance=str(each)): each for each in (1.0, nan)}
    assert last(at(0, flags(), engine(said))).cell("guard", "BTC").standing is Standing.UNKNOWN


def test_accounts_are_those_of_the_symbols_quotes() -> None:
    file = flags('guard: {stage: production, allowed_accounts: ["3"]}')
    status = last(at(0, file, engine({("guard", "BTC/USD"): 3.0, ("guard", "BTC"): 0.0})))
    assert status.listings == {"BTC": "2", "BTC/USD": "3", "SOL": "2"}
    assert {symbol: status.cell("guard", symbol).standing for symbol in ("BTC", "BTC/USD")} == {
        "BTC": Standing.LOADED,
        "BTC/USD": Standing.LOADED,
    }


def test_stages_by_symbol_stand_only_where_the_engine_reads_them() -> None:
    look = at(0, flags("guard: {stage: shadow, symbol_stages: {BTC: production}}"), engine(ALL_SHADOW))
    assert [last(look, dialect=each).desired("guard", "BTC") for each in (PAPER, Dialect())] == [LIVE, SHADOW]


def test_a_symbol_that_the_books_come_to_hold_is_listed() -> None:
    said = engine(ALL_SHADOW)
    more = replace(BOOKS, positions=(*(BOOKS.positions or ()), position("ETH/USD")))
    held = replace(at(1, flags(), said), database=read("database", more, NOW + 1))
    assert last(at(0, flags(), said), held).listings == {"BTC": "2", "ETH/USD": "3", "SOL": "2"}


def test_what_is_not_loaded_is_told_at_once_to_whoever_has_to_know() -> None:
    said = engine({**ALL_SHADOW, ("guard", "SOL"): 3.0})
    assert last(at(0, flags(), said)).following("guard") == Following(("SOL",))
    assert last(at(0, flags(), engine(ALL_SHADOW))).following("guard") == Following()


def test_a_change_of_the_file_alone_is_seen_to_be_not_loaded() -> None:
    said = engine(ALL_SHADOW)
    looks = [at(0, flags(), said), at(1, flags("guard: {stage: canary}"), said)]
    assert last(*looks).following("guard") == Following(("BTC", "SOL"))


def test_a_symbol_without_a_word_leaves_open_whether_all_is_loaded() -> None:
    assert last(at(0, flags(), engine({("guard", "BTC"): 1.0}))).following("guard") == Following((), ("SOL",))


def test_what_is_not_known_of_one_symbol_hides_no_difference_in_another() -> None:
    said = engine({("guard", "BTC"): 3.0, ("guard", "SOL"): 1.0, ("guard", "ETH"): float("nan")})
    found = last(at(0, flags(), said)).following("guard")
    assert (found, found.is_so) == (Following(("BTC",), ("ETH",)), False)
    assert last(at(0, flags(), said)).cell("guard", "ETH").standing is Standing.UNKNOWN


def test_a_feature_that_the_engine_has_not_loaded_is_not_acknowledged() -> None:
    file = flags("guard: {stage: shadow}\n  new: {stage: shadow}")
    found = last(at(0, file, engine(ALL_SHADOW))).following("new")
    assert (found, found.is_so) == (Following(unknown=("BTC", "SOL")), None)
