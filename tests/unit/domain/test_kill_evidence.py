"""What sources tell of the kill switch, judged: each failure ends in the state that it is, with its cause."""

from dataclasses import replace

import pytest

from console.domain.assessment import aged, is_older_view
from console.domain.kill_state import KillState, Written
from console.domain.last_trip import LastTrip
from console.domain.metrics import Metrics, Series, column_of
from console.domain.reading import Reading, SourceState
from console.domain.snapshot import Snapshot, with_own_trip
from console.domain.surfaces import Books, EngineState, KeptTrip
from tests.unit.domain.trips import AT, KNOWN, RULES, TRIP, fill, judged, kept, said, world
from tests.unit.domain.worlds import (
    BOOKS,
    ENGINE,
    FLAGS,
    NOW,
    SWITCHES_ON,
    answered,
    failing,
    healthy,
    metrics,
    series,
)


def later(snapshot: Snapshot, seconds: float, tripped: float | None, books: Books = BOOKS) -> Snapshot:
    """The same some seconds on: the metrics, the database and the files have answered anew."""
    at = snapshot.at + seconds
    said = {"metrics": metrics(tripped=tripped), "database": books, "engine": snapshot.engine.value}
    sources = {
        name: replace(state, last=reading, good=reading)
        for name, value in said.items()
        for state in [getattr(snapshot, name)]
        for reading in [Reading(name, at - 0.5, 0.01, value=value)]
    }
    return replace(snapshot, at=at, **sources)


def test_an_engine_that_says_so_and_fills_no_more_is_tripped() -> None:
    assert said(world()) == (KillState.TRIPPED, "the engine says so, and no fill since")


@pytest.mark.parametrize(("age", "confirmed"), [(0.5, True), (1.5, False)])
def test_only_a_word_from_after_the_trip_confirms_it(age: float, confirmed: bool) -> None:
    just_now = replace(TRIP, at=NOW - 1)
    said_before = answered("metrics", metrics(tripped=1.0), age=age)
    assert judged(world(trip=just_now, metrics=said_before)).kill.confirmed is confirmed


def test_a_fill_after_the_acknowledgement_contradicts_the_engine() -> None:
    state, words = said(world(books=replace(BOOKS, trades=(fill(AT + 2.5), fill(AT + 0.5)))))
    assert (state, words) == (KillState.PARTIAL, "the engine says that it is tripped, but: 1 fill since")


def test_fills_between_the_trip_and_its_acknowledgement_were_on_their_way() -> None:
    assert said(world(books=replace(BOOKS, trades=(fill(AT + 0.5),))))[0] is KillState.TRIPPED


def test_what_a_sync_writes_into_the_books_is_no_fill() -> None:
    synced, before = replace(fill(AT + 2.5), order_id="FUT-1"), fill(AT - 5)
    order = replace(fill(AT + 2.5), id="FUT-1", source="position_sync")
    books = replace(BOOKS, trades=(synced, before), orders=(order,))
    assert said(world(books=books))[0] is KillState.TRIPPED
    strategy = replace(books, orders=(replace(order, source="strategy"),))
    assert said(world(books=strategy))[0] is KillState.PARTIAL
    assert said(world(books=replace(books, orders=None)))[0] is KillState.PARTIAL
    assert said(world(books=replace(books, trades=(fill(AT + 3), synced, before))))[0] is KillState.PARTIAL


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ({"source": "liquidation"}, KillState.TRIPPED),
        ({"notes": "Liquidated at 98.5, price 98.1"}, KillState.TRIPPED),
        ({"notes": "closed early: liquidation is near"}, KillState.PARTIAL),
        ({"side": "OPEN_LONG", "source": "liquidation"}, KillState.PARTIAL),
    ],
)
def test_a_liquidation_is_the_exchanges_and_no_fill(told: dict[str, str], state: KillState) -> None:
    trade, before = replace(fill(AT + 2.5), order_id="FUT-1"), fill(AT - 5)
    order = replace(fill(AT + 2.5), **{"id": "FUT-1", "side": "CLOSE_LONG", **told})  # type: ignore[arg-type]
    assert said(world(books=replace(BOOKS, trades=(trade, before), orders=(order,))))[0] is state


def test_a_sync_that_hides_what_came_before_it_leaves_it_unconfirmed() -> None:
    synced = replace(fill(AT + 2.5), order_id="FUT-1")
    order = replace(fill(AT + 2.5), id="FUT-1", source="position_sync")
    state, words = said(world(books=replace(BOOKS, trades=(synced,), orders=(order,))))
    assert (state, "more was synced or liquidated since than" in words) == (KillState.UNCONFIRMED, True)


def test_until_the_engine_acknowledges_fills_count_from_the_trip_on() -> None:
    deaf = judged(world(0.0, TRIP, replace(BOOKS, trades=(fill(AT + 0.5), fill(AT - 0.5)))))
    assert deaf.kill_evidence.fills.known == 1


@pytest.mark.parametrize(("stamp", "count"), [(AT + 2, 0.0), (AT + 3, 1.0)])
def test_a_time_without_fractions_counts_once_it_cannot_be_before(stamp: float, count: float) -> None:
    whole = replace(KNOWN, acknowledged=AT + 1.7)
    assert (
        judged(world(trip=whole, books=replace(BOOKS, trades=(fill(stamp),)))).kill_evidence.fills.known
        == count
    )


def test_a_database_that_was_last_asked_before_the_acknowledgement_proves_nothing() -> None:
    just_now = replace(TRIP, acknowledged=NOW - 0.1)
    assert said(world(trip=just_now)) == (
        KillState.UNCONFIRMED,
        "the engine says that it is tripped; fills can't be seen: not looked at since",
    )


@pytest.mark.parametrize(
    ("books", "why"),
    [
        (replace(BOOKS, trades=None), "the trades can't be read"),
        (replace(BOOKS, trades=(fill(None),)), "the trades don't say when they were made"),
        (replace(BOOKS, quiet_for=60.0), "the engine has written nothing for 60 s"),
    ],
)
def test_books_that_cannot_tell_of_fills_leave_it_unconfirmed(books: Books, why: str) -> None:
    kill = judged(world(books=books), rules=replace(RULES, quiet_after=15.0)).kill
    assert (kill.state, kill.words) == (
        KillState.UNCONFIRMED,
        f"the engine says that it is tripped; fills can't be seen: {why}",
    )


def test_a_database_that_is_silent_leaves_it_unconfirmed_with_its_age() -> None:
    silent = failing(answered("database", BOOKS, age=9), "no answer within 4 s")
    assert said(world(database=silent)) == (
        KillState.UNCONFIRMED,
        "the engine says that it is tripped; fills can't be seen: stale for 9.0 s: no answer within 4 s",
    )


def test_a_deaf_engine_is_unconfirmed() -> None:
    assert said(world(0.0, TRIP)) == (
        KillState.UNCONFIRMED,
        "set in flag file; the engine says that it is clear",
    )


def test_what_was_written_after_the_last_look_is_not_taken_for_gone_again() -> None:
    just_now = replace(TRIP, at=NOW - 0.1, written=(Written("database", True),))
    assert said(world(0.0, just_now)) == (
        KillState.UNCONFIRMED,
        "written to database, not read back; the engine says that it is clear",
    )


def test_an_engine_that_is_gone_is_unconfirmed_and_named() -> None:
    gone = world(
        metrics=failing(answered("metrics", metrics(), age=9), "connection refused"),
        engine=answered("engine", replace(ENGINE, flag=True, alive=False)),
        trip=TRIP,
    )
    assert said(gone) == (
        KillState.UNCONFIRMED,
        "set in flag file; the engine has not acknowledged; engine is not running; "
        "the engine's metrics: stale for 9.0 s: connection refused",
    )


def test_an_actuator_that_failed_makes_it_partial() -> None:
    failed = replace(
        KNOWN, written=(*KNOWN.written, Written("feature flags", False, "flags.yaml:3:1: twice"))
    )
    assert said(world(trip=failed)) == (
        KillState.PARTIAL,
        "the engine says that it is tripped, but: feature flags: flags.yaml:3:1: twice",
    )


def test_actuators_under_way_are_counted() -> None:
    begun = replace(TRIP, at=NOW - 1, written=(*TRIP.written, Written("command", None)))
    assert judged(world(0.0, begun)).kill.title == "TRIPPING 2/3"


def test_nobody_waits_for_an_actuator_whose_console_has_ended() -> None:
    orphan = replace(KNOWN, at=NOW - 31, written=(Written("flag file", True), Written("command", None)))
    assert said(world(trip=orphan)) == (
        KillState.PARTIAL,
        "the engine says that it is tripped, but: command: no answer: the console that fired it ended",
    )


def test_a_forgetful_engine_is_lost_and_stays_so_while_it_is_silent() -> None:
    first = world()
    tripped = judged(first)
    second = later(first, 1.0, 0.0)
    lost = judged(second, (first, tripped))
    third = replace(second, at=second.at + 9)
    silent = judged(third, (second, lost))
    assert [one.kill.state for one in (tripped, lost, silent)] == [
        KillState.TRIPPED, KillState.LOST, KillState.LOST,
    ]  # fmt: skip
    assert [one.severity.word for one in (lost, silent)] == ["critical", "critical"]


def test_a_word_from_before_another_consoles_acknowledgement_loses_nothing() -> None:
    assert said(world(0.0, replace(TRIP, acknowledged=NOW - 0.1)))[0] is KillState.UNCONFIRMED


def test_the_next_console_knows_a_loss_from_the_file() -> None:
    assert said(world(None, replace(KNOWN, lost=AT + 5)))[0] is KillState.LOST


def test_a_reset_trip_leaves_nothing_to_be_judged() -> None:
    over = replace(KNOWN, reset=NOW - 5)
    clear = world(0.0, over, engine=answered("engine", ENGINE))
    assert said(clear)[0] is KillState.CLEAR
    assert judged(clear).aftermath is None


def test_a_trip_of_nobody_here_is_judged_alike_since_it_was_first_seen() -> None:
    first = world(trip=None)
    seen = judged(first)
    second = later(first, 1.0, 1.0, replace(BOOKS, trades=(fill(NOW + 0.2),)))
    assert (seen.kill.state, judged(second, (first, seen)).kill.state) == (
        KillState.TRIPPED,
        KillState.PARTIAL,
    )


def test_a_trip_at_first_sight_needs_no_look_after_that_sight() -> None:
    """As of `status`, which asks every source once, and about the same time."""
    before = answered("database", BOOKS, age=1.5)
    assert said(world(trip=None, database=before))[0] is KillState.TRIPPED


def test_a_trip_of_somebody_else_that_was_seen_to_come_needs_a_look_after_it() -> None:
    first = world(0.0, trip=None)
    second = replace(later(first, 1.0, 1.0), database=first.database)
    assert judged(second, (first, judged(first))).kill.words == (
        "the engine says that it is tripped; fills can't be seen: not looked at since"
    )


def test_what_this_process_has_done_counts_before_the_file_says_so() -> None:
    own = with_own_trip(kept(None), replace(TRIP, at=NOW - 0.1, written=(Written("flag file", None),)), NOW)
    assert judged(world(0.0, last_trip=own)).kill.state is KillState.TRIPPING


def test_a_file_of_the_last_trip_that_cannot_be_read_is_not_clear_and_is_told() -> None:
    unread: SourceState[KeptTrip] = failing(SourceState("last_trip", 4.0), "paper.json: not a trip")
    assessment = judged(replace(healthy(), last_trip=unread))
    assert (assessment.kill.state, assessment.kill.words) == (KillState.UNKNOWN, "can't read last trip")
    assert "its last trip: paper.json: not a trip" in [alert.summary for alert in assessment.alerts]


def two_processes(usdm: float, coin: float, lag: float = 0.0) -> Metrics:
    """Two processes that tell of themselves; the heartbeat of the second is `lag` seconds behind."""
    both = metrics(tripped=None)
    words, beats = "futures_kill_switch_tripped", "futures_heartbeat_timestamp_seconds"
    one, other = {"instance": "usdm:9108", "job": "futures"}, {"instance": "coin:9108", "job": "futures"}
    values: dict[str, dict[Series, float]] = {
        words: {series(words, **one): usdm, series(words, **other): coin},
        beats: {series(beats, **one): NOW, series(beats, **other): NOW - lag},
    }
    columns = {name: column_of(vector) for name, vector in values.items()}
    return replace(both, samples={**both.samples, **columns})


def test_two_processes_that_both_follow_are_tripped() -> None:
    both = answered("metrics", two_processes(1.0, 1.0))
    assert (
        said(world(metrics=both, engine=answered("engine", EngineState(flag=True))))[0] is KillState.TRIPPED
    )


def test_one_process_of_two_that_did_not_follow_makes_it_partial() -> None:
    one = answered("metrics", two_processes(1.0, 0.0))
    assert said(world(metrics=one, trip=TRIP)) == (
        KillState.PARTIAL,
        "only usdm:9108 is tripped; the engine says that it is clear",
    )


def test_one_process_of_two_that_hangs_makes_it_partial_and_is_named() -> None:
    hung = answered("metrics", two_processes(1.0, 0.0, lag=9.0), age=9.3)
    assert said(world(metrics=hung, trip=TRIP)) == (
        KillState.PARTIAL,
        "only usdm:9108 is tripped; coin:9108 did not follow: stale for 9.3 s: no answer for 9.3 s",
    )


def one_process() -> Metrics:
    """The first of the two alone, tripped."""
    word = "futures_kill_switch_tripped"
    first = {series(word, instance="usdm:9108", job="futures"): 1.0}
    return replace(two_processes(1.0, 1.0), samples={word: column_of(first)})


@pytest.mark.parametrize("trip", [KNOWN, None])
def test_a_process_that_falls_silent_after_the_trip_is_not_taken_for_tripped(trip: LastTrip | None) -> None:
    first = world(metrics=answered("metrics", two_processes(1.0, 0.0)), trip=trip)
    second = replace(later(first, 1.0, 1.0), metrics=answered("metrics", one_process(), age=-0.5))
    assert judged(second, (first, judged(first))).kill.words == (
        "the engine says that it is tripped; whether coin:9108 runs can't be seen"
    )


def test_a_process_that_falls_silent_has_a_name_whatever_its_labels() -> None:
    first = world(metrics=answered("metrics", two_processes(1.0, 1.0)))
    second = later(first, 1.0, 1.0)
    assert "another process" in [
        one.name for one in judged(second, (first, judged(first))).kill_evidence.processes
    ]


def test_a_process_that_was_gone_before_the_trip_is_not_missed() -> None:
    both = replace(healthy(), metrics=answered("metrics", two_processes(0.0, 0.0)))
    alone = judged(healthy(), (both, judged(both)))
    assert judged(world(), (healthy(), alone)).kill.state is KillState.TRIPPED


def test_a_verdict_says_which_trip_it_speaks_of() -> None:
    assert judged(world(trip=replace(KNOWN, renewed=AT + 4))).kill.trip == AT + 4


def test_a_flag_that_the_context_does_not_name_is_no_surface() -> None:
    nameless = answered("engine", EngineState(flag=None, has_flag=False, pid=1, alive=True))
    assert said(replace(healthy(), engine=nameless))[0] is KillState.CLEAR


def test_another_server_than_the_pinned_one_is_a_critical_alert_and_proves_nothing() -> None:
    rules = replace(RULES, server="db-9")
    assessment = judged(world(), rules=rules)
    assert assessment.wrong_server == "the server is db-1, and has to be db-9"
    assert ("database", "critical") in [(one.name, one.severity.word) for one in assessment.alerts]
    assert assessment.kill.state is KillState.UNCONFIRMED


def test_the_switches_of_another_server_are_not_the_engines() -> None:
    off = replace(BOOKS, switches=dict.fromkeys(SWITCHES_ON, "0"))
    theirs = replace(healthy(), database=answered("database", off))
    kill = judged(theirs, rules=replace(RULES, server="db-9")).kill
    assert (kill.state, kill.words) == (KillState.UNKNOWN, "can't read database")


@pytest.mark.parametrize("pinned", [None, "db-1"])
def test_the_pinned_server_raises_nothing(pinned: str | None) -> None:
    assert judged(healthy(), rules=replace(RULES, server=pinned)).wrong_server == ""


def test_ages_of_the_evidence_go_on_between_two_judgements() -> None:
    snapshot = world()
    assessment = judged(snapshot)
    on = replace(snapshot, at=NOW + 0.5)
    assert is_older_view(snapshot, assessment, on)
    aged_evidence = aged(assessment, on).kill_evidence
    assert (aged_evidence.engine.age, aged_evidence.fills.age) == (1.0, 1.0)


def test_it_changes_by_age_alone_when_nobody_waits_for_actuators_any_more() -> None:
    assert judged(world(trip=replace(TRIP, at=NOW - 29.5))).next_change == NOW + 0.5


def test_reading_the_same_trip_again_needs_no_judgement_but_another_does() -> None:
    snapshot = world()
    again = replace(snapshot, last_trip=answered("last_trip", KeptTrip("kill/paper.json", KNOWN), age=0.1))
    other = replace(snapshot, last_trip=kept(replace(KNOWN, at=AT + 3)))
    assessment = judged(snapshot)
    assert is_older_view(snapshot, assessment, again)
    assert not is_older_view(snapshot, assessment, other)


def test_a_file_that_cannot_be_read_any_more_needs_a_judgement() -> None:
    snapshot = world()
    unread = replace(snapshot, last_trip=failing(snapshot.last_trip, "paper.json: Input/output error"))
    assert not is_older_view(snapshot, judged(snapshot), unread)


def test_the_flags_files_switch_is_a_surface() -> None:
    flags = answered("flags", replace(FLAGS, global_kill_switch=True))
    assert (
        said(replace(healthy(), flags=flags))[1] == "set in feature flags; the engine says that it is clear"
    )
