"""What the file desires, what the engine has loaded, what is seen to trade: cell by cell, and over time."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.assessment import Assessment, Judgement, Rules, aged, assess
from console.domain.metrics import Metrics, Series, column_of
from console.domain.reading import Reading, SourceState
from console.domain.rollout.drift import Cell, RolloutStatus, Standing
from console.domain.rollout.following import Following
from console.domain.rollout.stages import PAPER, Dialect, Stage
from console.domain.severity import Severity
from console.domain.snapshot import Snapshot
from console.domain.status import Alert
from console.domain.surfaces import Activity, Flags
from console.sources.flags import parse_flags
from tests.unit.domain.worlds import BOOKS, NOW, healthy, metrics, position, series

STAGE = "futures_feature_stage"
LIMIT = 2.0
OFF, SHADOW, CANARY, LIVE = Stage
DRIFT = ("rollout drift", "restart needed")
ALL_SHADOW = {("guard", "BTC"): 1.0, ("guard", "SOL"): 1.0}
ALL_LIVE = dict.fromkeys(ALL_SHADOW, 3.0)

Said = Mapping[tuple[str, str], float]
T = TypeVar("T")


def flags(text: str = "guard: {stage: shadow}") -> Flags:
    return parse_flags(f"features:\n  {text}\n".encode(), "flags.yaml")


def engine(said: Said | Mapping[Series, float]) -> Metrics:
    vector = {
        key if isinstance(key, Series) else series(STAGE, key[1], feature=key[0]): value
        for key, value in said.items()
    }
    whole = metrics()
    return replace(whole, samples={**whole.samples, STAGE: column_of(vector)} if vector else whole.samples)


def read(name: str, value: T, at: float) -> SourceState[T]:
    reading = Reading(name, at, 0.01, value=value)
    return SourceState(name, LIMIT, last=reading, good=reading)


def at(later: float, file: Flags, said: Metrics, *trades: Activity) -> Snapshot:
    """Everything as it is so many seconds later, when all of it was just read."""
    return replace(
        healthy(),
        at=NOW + later,
        metrics=read("metrics", said, NOW + later),
        flags=read("flags", file, NOW + later),
        database=read("database", replace(BOOKS, trades=trades), NOW + later),
    )


def judged(snapshots: Iterable[Snapshot], dialect: Dialect = PAPER) -> Iterator[Assessment]:
    before: Judgement | None = None
    for snapshot in snapshots:
        before = snapshot, assess(snapshot, Rules((), (), quiet_after=15, dialect=dialect), before)
        yield before[1]


def last(*snapshots: Snapshot, dialect: Dialect = PAPER) -> RolloutStatus:
    return [*judged(snapshots, dialect)][-1].rollout


def drift(status: RolloutStatus) -> Mapping[tuple[str, str], float | None]:
    """Since when the cells differ in which that lasts."""
    cells = [(one.feature, symbol) for one in status.drifting for symbol in status.lasting(one.feature)]
    assert len(cells) == sum(one.symbols for one in status.drifting)
    return {cell: status.cell(*cell).since for cell in cells}


def alerts(*snapshots: Snapshot, dialect: Dialect = PAPER) -> list[Alert]:
    assessment = [*judged(snapshots, dialect)][-1]
    return [alert for alert in assessment.alerts if alert.name in DRIFT]


def fill(symbol: str, later: float, side: str = "OPEN_LONG") -> Activity:
    return Activity("T-1", 2, symbol, side, None, None, None, None, NOW + later)


def test_a_cell_has_the_files_word_and_the_engines_beside_each_other() -> None:
    status = last(at(0, flags(), engine({("guard", "BTC"): 1.0, ("guard", "SOL"): 3.0})))
    assert status.cell("guard", "BTC") == Cell(SHADOW, SHADOW, "", Standing.LOADED)
    assert status.cell("guard", "SOL") == Cell(SHADOW, LIVE, "", Standing.PENDING, NOW)


def test_what_differs_is_drift_once_it_outlives_the_limit_of_the_metrics() -> None:
    file, said = flags("guard: {stage: canary}"), engine(ALL_SHADOW)
    looks = [at(later, file, said) for later in (0, 1, LIMIT, 2.5)]
    found = [assessment.rollout for assessment in judged(looks)]
    assert [len(drift(status)) for status in found] == [0, 0, 0, 2]
    assert found[-1].cell("guard", "BTC") == Cell(CANARY, SHADOW, "", Standing.DRIFT, NOW)


def test_a_change_that_the_engine_follows_in_time_is_never_drift() -> None:
    old, new = flags(), flags("guard: {stage: canary}")
    looks = [
        at(0, old, engine(ALL_SHADOW)),
        at(60, new, engine(ALL_SHADOW)),
        at(61, new, engine(dict.fromkeys(ALL_SHADOW, 2.0))),
        at(65, new, engine(dict.fromkeys(ALL_SHADOW, 2.0))),
    ]
    assert [len(drift(one.rollout)) for one in judged(looks)] == [0, 0, 0, 0]
    assert last(*looks).cell("guard", "BTC").standing is Standing.LOADED


def test_words_of_an_engine_that_were_read_before_the_file_prove_nothing_against_it() -> None:
    old, new = at(0, flags(), engine(ALL_SHADOW)), flags("guard: {stage: canary}")
    first = replace(old, at=NOW + 1.5, flags=read("flags", new, NOW + 1.5))
    assert drift(last(old, first, at(3, new, engine(ALL_SHADOW)))) == {}


def test_a_file_that_cannot_be_read_again_does_not_make_drift_of_a_change() -> None:
    first = at(0, flags(), engine(ALL_SHADOW))
    looks = [at(later, flags(), engine(ALL_LIVE)) for later in (1, 2, 3, 4)]
    unread = [
        replace(
            look, flags=replace(first.flags, stale_after=9, last=Reading("flags", look.at, 0, error="gone"))
        )
        for look in looks
    ]
    assert drift(last(first, *unread)) == {}


def test_a_difference_that_becomes_another_one_begins_anew() -> None:
    file = flags("guard: {stage: production}")
    looks = [at(later, file, engine(ALL_SHADOW)) for later in (0, 5)]
    further = engine({**ALL_SHADOW, ("guard", "SOL"): 2.0})
    assert drift(last(*looks, at(6, file, further))) == {("guard", "BTC"): NOW}


def test_a_comment_in_the_file_does_not_take_the_age_of_a_difference() -> None:
    file, said = flags("guard: {stage: canary}"), engine(ALL_SHADOW)
    other = flags("guard: {stage: canary}  # soon")
    assert (
        drift(last(at(0, file, said), at(1, other, said), at(2.5, other, said))).keys() == ALL_SHADOW.keys()
    )


def test_drift_ends_when_the_engine_follows() -> None:
    file = flags("guard: {stage: production}")
    looks = [at(0, file, engine(ALL_SHADOW)), at(5, file, engine(ALL_SHADOW)), at(6, file, engine(ALL_LIVE))]
    assert [len(drift(one.rollout)) for one in judged(looks)] == [0, 2, 0]


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


def test_an_engine_that_no_longer_exports_stages_does_not_drift_any_more() -> None:
    looks = [at(later, flags(), engine(ALL_LIVE)) for later in (0, 9)]
    assert drift(last(*looks))
    assert alerts(*looks, at(10, flags(), engine({}))) == []


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


def test_a_drift_that_cannot_be_looked_at_any_more_is_told_as_last_seen() -> None:
    looks = [at(later, flags(), engine(ALL_LIVE)) for later in (0, 3)]
    (alert,) = alerts(*looks, replace(looks[-1], at=NOW + 30))
    assert (alert.severity, alert.summary[:15]) == (Severity.UNKNOWN, "last seen high,")


def test_an_engine_that_reads_at_its_start_needs_a_restart_and_does_not_drift() -> None:
    dialect = replace(PAPER, at_start=True)
    looks = [at(later, flags("guard: {stage: canary}"), engine(ALL_SHADOW)) for later in (0, 9)]
    assert last(looks[0], dialect=dialect).cell("guard", "BTC").standing is Standing.RESTART
    status = last(*looks, dialect=dialect)
    assert (len(drift(status)), status.at_start) == (2, True)
    assert [alert.name for alert in alerts(*looks, dialect=dialect)] == ["restart needed"]


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


def test_what_is_not_loaded_is_told_at_once_to_whoever_has_to_know() -> None:
    said = engine({**ALL_SHADOW, ("guard", "SOL"): 3.0})
    assert last(at(0, flags(), said)).following("guard") == Following(("SOL",))
    assert last(at(0, flags(), engine(ALL_SHADOW))).following("guard") == Following()


def test_a_change_of_the_file_alone_is_seen_to_be_not_loaded() -> None:
    said = engine(ALL_SHADOW)
    looks = [at(0, flags(), said), at(1, flags("guard: {stage: canary}"), said)]
    assert last(*looks).following("guard") == Following(("BTC", "SOL"))


def test_a_symbol_that_the_books_come_to_hold_is_listed() -> None:
    said = engine(ALL_SHADOW)
    more = replace(BOOKS, positions=(*(BOOKS.positions or ()), position("ETH/USD")))
    held = replace(at(1, flags(), said), database=read("database", more, NOW + 1))
    assert last(at(0, flags(), said), held).listings == {"BTC": "2", "ETH/USD": "3", "SOL": "2"}


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


def test_each_feature_has_one_alert_with_the_symbol_that_says_most() -> None:
    file = flags("guard: {stage: canary}\n  exits: {stage: shadow}")
    said = engine({**ALL_SHADOW, ("guard", "ETH"): 1.0, ("exits", "SOL"): 1.0, ("exits", "BTC"): 3.0})
    found = alerts(at(0, file, said), at(12, file, said))
    assert [(alert.name, alert.severity, alert.summary) for alert in found] == [
        ("rollout drift", Severity.HIGH, "exits: BTC has production loaded, the file says shadow, for 12 s"),
        (
            "rollout drift",
            Severity.WARNING,
            "guard: 3 symbols, BTC has shadow loaded, the file says canary, for 12 s",
        ),
    ]


def test_what_trades_against_the_file_is_named_before_what_has_drifted_for_longer() -> None:
    early = engine({("guard", "BTC"): 0.0, ("guard", "SOL"): 1.0})
    late = engine({("guard", "BTC"): 0.0, ("guard", "SOL"): 3.0})
    looks = [at(0, flags(), early), at(20, flags(), late), at(30, flags(), late)]
    (alert,) = alerts(*looks)
    assert alert.severity is Severity.HIGH
    assert alert.summary == "guard: 2 symbols, SOL has production loaded, the file says shadow, for 10 s"


def test_a_symbol_that_no_feature_may_trade_is_seen_to_trade() -> None:
    looks = [at(0, flags(), engine(ALL_SHADOW)), at(20, flags(), engine(ALL_SHADOW), fill("BTC", 8))]
    assert last(*looks).cell("guard", "BTC").observed == "traded 12 s ago"
    assert last(*looks).cell("guard", "SOL").observed == ""


@pytest.mark.parametrize(
    ("text", "trade"),
    [
        ("guard: {stage: canary, canary_symbols: [BTC]}", fill("BTC", 8)),
        ("guard: {stage: shadow}\n  exits: {stage: canary}", fill("BTC", 8)),
        ("guard: {stage: shadow}\n  exits: {stage: Canary}", fill("BTC", 8)),
        ("guard: {stage: shadow}", fill("BTC", 8, "CLOSE_LONG")),
        ("guard: {stage: shadow}", fill("BTC", LIMIT + 0.4)),
        ("guard: {stage: shadow}", replace(fill("BTC", 8), at=None)),
    ],
    ids=[
        "it may",
        "another may",
        "another may be allowed to",
        "closes",
        "before the engine has read",
        "when?",
    ],
)
def test_a_trade_that_breaks_no_rule_is_not_observed(text: str, trade: Activity) -> None:
    looks = [at(later, flags(text), engine(ALL_SHADOW), trade) for later in (0, 20)]
    assert last(*looks).cell("guard", "BTC").observed == ""


@pytest.mark.parametrize(
    ("quiet_for", "age", "traded"), [(None, 0.5, {"BTC": NOW + 8}), (40.0, 0.5, {}), (None, 90, {})]
)
def test_books_in_doubt_say_nothing_of_what_trades(
    quiet_for: float | None, age: float, traded: dict[str, float]
) -> None:
    books = replace(BOOKS, trades=(fill("BTC", 8),), quiet_for=quiet_for)
    looks = [at(later, flags(), engine(ALL_SHADOW)) for later in (0, 20)]
    reading = read("database", books, NOW + 20 - age)
    assert last(looks[0], replace(looks[1], database=reading)).traded == traded


def test_what_trades_on_though_the_file_has_stopped_it_is_an_alert() -> None:
    before, stopped = flags("guard: {stage: production}"), flags()
    changed = flags("guard: {stage: shadow}\n  exits: {stage: shadow}")
    looks = [
        at(0, before, engine(ALL_LIVE), fill("SOL", -5)),
        at(20, stopped, engine(ALL_SHADOW), fill("SOL", 15)),
        at(30, changed, engine(ALL_SHADOW), fill("SOL", 15)),
        at(50, changed, engine(ALL_SHADOW), fill("BTC", 38), fill("SOL", 35)),
    ]
    assert alerts(*looks[:3]) == []
    (alert,) = alerts(*looks)
    assert alert.severity is Severity.HIGH
    assert alert.summary == "the flags file has stopped BTC and 1 more, traded 12 s ago"


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("guard: {stage: disabled}", "guard: {stage: shadow}"),
        ("guard: {stage: Canary}", "guard: {stage: shadow}"),
        ("guard: {stage: production}", "guard: {stage: canary, canary_symbols: [BTC]}"),
    ],
    ids=["no feature has traded it", "none is known to have", "it still may"],
)
def test_a_trade_of_what_the_file_has_not_stopped_is_no_alert(before: str, now: str) -> None:
    looks = [at(later, flags(text), engine({})) for later, text in ((0, before), (20, now))]
    assert last(*looks, at(40, flags(now), engine({}), fill("BTC", 28))).traded_on == {}


def test_an_assessment_that_ages_goes_on_counting_since_the_trade() -> None:
    looks = [at(later, flags(), engine(ALL_SHADOW), fill("BTC", 8)) for later in (0, 20)]
    *_, judgement = judged(looks)
    older = aged(judgement, replace(looks[-1], at=NOW + 21))
    assert older.rollout.cell("guard", "BTC").observed == "traded 13 s ago"


def test_nothing_is_looked_for_again_while_file_and_engine_say_the_same() -> None:
    file, said = flags(), engine({**ALL_SHADOW, ("guard", "SOL"): 3.0})
    found = [one.rollout for one in judged(at(later, file, said) for later in (0, 3, 4, 5))]
    assert found[-1].differences is found[1].differences
    for one, other in pairwise(found):
        assert (one.rules, one.features, one.listings) == (other.rules, other.features, other.listings)
        assert one.rules is other.rules
        assert one.features is other.features
        assert one.listings is other.listings


STAGES = st.sampled_from([0.0, 1.0, 2.0, 3.0, float("nan")])


@given(
    st.lists(
        st.tuples(
            st.floats(0.1, 3),
            st.sampled_from(["disabled", "shadow", "canary", "production"]),
            st.fixed_dictionaries({("guard", symbol): STAGES for symbol in ("BTC", "SOL")}),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_going_on_from_what_was_found_comes_to_what_stands_there(
    steps: list[tuple[float, str, dict[tuple[str, str], float]]],
) -> None:
    later, looks = 0.0, []
    for pause, stage, said in steps:
        later += pause
        looks.append(at(later, flags(f"guard: {{stage: {stage}}}"), engine(said)))
    for look, assessment in zip(looks, judged(looks), strict=True):
        status, alone = assessment.rollout, last(look)
        assert status.following("guard") == alone.following("guard")
        for symbol in ("BTC", "SOL"):
            cell, fresh = status.cell("guard", symbol), alone.cell("guard", symbol)
            assert (cell.desired, cell.loaded) == (fresh.desired, fresh.loaded)
            drifts = cell.standing is Standing.DRIFT
            assert drifts == (("guard", symbol) in drift(status))
            assert not drifts or (cell.since is not None and look.at - cell.since > LIMIT)
