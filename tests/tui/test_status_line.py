"""The status line: what it gives up, and what it never does."""

import itertools
import re
from dataclasses import replace

import pytest

from console.domain.assessment import Assessment, Rules, assess
from console.domain.kill_state import KillState, Verdict
from console.domain.last_trip import LastTrip
from console.domain.snapshot import with_own_trip
from console.domain.thresholds import KEY_METRICS
from console.tui.text import line_width
from console.tui.theme import UNICODE
from console.tui.view import View
from console.tui.widgets.status_line import status_line, told
from tests.tui.fake import (
    PANELS,
    PAPER,
    PRODUCTION,
    START,
    Row,
    metrics_of,
    nothing_yet,
    snapshot,
    symbol_rows,
)

RULES = Rules(PANELS, KEY_METRICS)
NARROWEST = 78
"""Cells between the frame's two sides at 80 columns."""


def assessment(later: float, kill: KillState = KillState.CLEAR) -> Assessment:
    taken = replace(snapshot(START, metrics_of(symbol_rows(5))), at=START + later)
    judged = assess(taken, Rules(PANELS, KEY_METRICS))
    return replace(judged, kill=replace(judged.kill, state=kill))


def line(judged: Assessment | None, cells: int) -> str:
    view = View(PRODUCTION, UNICODE) if judged is None else View(PRODUCTION, UNICODE).next(judged)
    spans = status_line(view, cells)
    assert line_width(spans) <= cells
    return "".join(span.text for span in spans)


@pytest.mark.parametrize("kill", KillState)
@pytest.mark.parametrize("later", [0.4, 3.5, 9.5, 75.0, 1e6])
def test_at_80_columns_the_parts_that_must_stay_are_there(kill: KillState, later: float) -> None:
    shown = line(assessment(later, kill), NARROWEST)
    assert shown.startswith(" PRODUCTION ")
    assert "futu" in shown
    assert " dana@db-1 READ-ONLY " in shown
    assert {
        KillState.CLEAR: "kill clear",
        KillState.UNKNOWN: "? kill",
        KillState.TRIPPING: "TRIP 0/0",
        KillState.UNCONFIRMED: "UNCONF.",
    }.get(kill, kill.name) in shown
    marks = shown.split("READ-ONLY ")[1][10:]
    assert [sign for sign in marks if sign in "MDXFEL"][-6:] == list("MDXFEL")
    assert "✓" in marks or "?" in marks


def in_a_drill(kill: KillState, *, reset: float | None = None) -> Assessment:
    """The same after the trip of somebody else's drill."""
    trip, judged = (
        LastTrip(START - 5, "bob", "a drill", "all", drill=True, reset=reset),
        assessment(0.4, kill),
    )
    noted = with_own_trip(judged.snapshot.last_trip, trip, START)
    return replace(judged, snapshot=replace(judged.snapshot, last_trip=noted))


@pytest.mark.parametrize("kill", [k for k in KillState if k not in (KillState.CLEAR, KillState.UNKNOWN)])
@pytest.mark.parametrize("cells", [NARROWEST, 118, 238])
def test_a_drill_is_called_one_on_every_console(kill: KillState, cells: int) -> None:
    shown = line(in_a_drill(kill), cells)
    assert " DRILL " in shown
    assert "DRILL" not in line(assessment(0.4, kill), cells)


def test_once_its_trip_was_reset_a_drill_is_over() -> None:
    assert "DRILL" not in line(in_a_drill(KillState.TRIPPED, reset=START), 118)


def test_a_stale_mark_has_its_age_in_every_form() -> None:
    for cells in range(NARROWEST, 240, 3):
        assert "12" in line(assessment(12.3), cells)


def test_with_room_it_names_database_operator_sources_and_the_worst_alert() -> None:
    shown = line(assessment(3.5), 238)
    for part in ("dana@db-1 ", "metrics 3.5 s", "log   3 s", "alert", "metrics stale"):
        assert part in shown


def test_before_the_monitor_is_there_nothing_is_claimed() -> None:
    shown = line(None, NARROWEST)
    assert "? kill " in shown
    assert "connecting" in shown
    assert "✓" not in shown


def test_the_database_is_named_as_the_server_names_itself() -> None:
    assert "@db-1.internal" in line(None, 120)
    assert "@db-1  " in line(assessment(0.4), 120)


def test_with_every_source_stale_marks_are_apart_and_the_alerts_are_counted() -> None:
    shown = line(assessment(75.0), NARROWEST)
    assert "MDXFEL? 75 s" in shown
    assert "?7 alerts" in shown


def test_one_old_source_keeps_its_own_age_beside_the_letters_of_the_others() -> None:
    assert line(assessment(3.5), 118).endswith("M? 3.5 s D✓ X✓ F✓ E✓ L✓")
    assert line(assessment(3.5), NARROWEST).endswith("M? 3.5 s DXFEL✓")


def test_before_anything_has_answered_no_alerts_are_counted() -> None:
    judged = assess(nothing_yet(START), Rules(PANELS, KEY_METRICS))
    assert judged.alerts
    for cells in (NARROWEST, 238):
        assert "alert" not in line(judged, cells)


def test_the_worst_alert_is_told_by_its_short_title() -> None:
    judged = assess(snapshot(START, metrics_of([Row("B/USD", 1.07)])), Rules(PANELS, KEY_METRICS))
    assert "B/USD margin 1.070 below 1.2" in line(judged, 160)


def test_the_worst_alert_is_never_cut_and_its_limit_goes_before_its_figure() -> None:
    judged = assess(snapshot(START, metrics_of([Row("B/USD", 1.07)])), Rules(PANELS, KEY_METRICS))
    forms = ("B/USD margin", "B/USD margin 1.070", "B/USD margin 1.070 below 1.2")
    told = set()
    for cells in range(NARROWEST, 200):
        shown = line(judged, cells)
        assert "…" not in shown.split("READ-ONLY")[1]
        told.add(re.search(r"B/USD.*?(?= +(M|✓ metrics))", shown)[0])  # type: ignore[index]
    assert told == {*forms}
    assert "B/USD margin" in line(judged, 118)


def test_at_80_columns_there_is_a_word_at_least_of_the_worst_alert() -> None:
    for context in (PAPER, PRODUCTION):
        for rows in ([Row("SOL/USD", 1.07)], symbol_rows(3), [Row(f"S{n}", 1.0) for n in range(999)]):
            judged = assess(snapshot(START, metrics_of([*rows, Row("SOL/USD", 1.0)])), RULES)
            shown = "".join(span.text for span in status_line(View(context, UNICODE).next(judged), NARROWEST))
            assert judged.alerts[0].symbol is not None
            assert f" {judged.alerts[0].symbol}" in shown


def test_of_a_long_name_there_is_the_beginning_at_least() -> None:
    judged = assess(snapshot(START, metrics_of([Row("A" * 40, 1.0)])), RULES)
    assert "AAAAAA…" in line(judged, NARROWEST)


def test_nothing_moves_when_alerts_come_and_go_or_the_worst_is_another() -> None:
    worlds = ([Row("SOL/USD", 1.8)], [Row("SOL/USD", 1.07)], [Row("A/USD", 1.0)] * 1, symbol_rows(3))
    many = [Row(f"S{n}/USD", 1.01) for n in range(150)]
    for cells in (NARROWEST, 90, 118, 160, 238):
        lines = [
            line(assess(snapshot(START, metrics_of(list(rows))), RULES), cells) for rows in (*worlds, many)
        ]
        ends = {
            shown[: shown.index("kill clear")] + shown[shown.index("✓", shown.index("clear")) - 1 :]
            for shown in lines
        }
        assert len(ends) == 1
        begun = [shown[shown.index("kill clear") :] for shown in lines[1:3]]
        assert begun[0].index("SOL/USD") == begun[1].index("A/USD")


def test_the_count_of_alerts_does_not_fall_when_the_metrics_grow_stale() -> None:
    taken = snapshot(START, metrics_of([Row(f"S{n}/USD", 1.01) for n in range(9)]))
    fresh, stale = (assess(replace(taken, at=START + later), RULES) for later in (0.5, 3.5))
    assert "✘ 9 alerts" in line(fresh, 118)
    assert "? 11 alerts" in line(stale, 118)


def test_milder_alerts_are_not_counted_by_the_sign_of_the_worst() -> None:
    rows = [Row("A/USD", 1.01), Row("B/USD", 1.01), Row("C/USD", 1.3)]
    judged = assess(snapshot(START, metrics_of(rows)), RULES)
    assert "✘ 2 of 3 " in line(judged, 118)
    assert "✘2/3 " in line(judged, NARROWEST)


def test_a_console_that_records_nothing_says_so_where_there_is_room() -> None:
    silent = replace(View(PRODUCTION, UNICODE), unrecorded="history is not recorded: state/: no space left")
    shown = "".join(span.text for span in status_line(silent.next(assessment(0.4)), 118))
    assert "NO RECORD" in shown


@pytest.mark.parametrize("limit", [1.8, 5.0, 12.5, 60.0])
def test_on_a_slow_line_no_tick_stands_beside_an_age_that_may_be_past_the_limit(limit: float) -> None:
    for age in (tenths / 10 + 0.05 for tenths in range(0, 900, 4)):
        taken = snapshot(START, metrics_of([Row("A")]), limit=limit)
        judged = assess(replace(taken, at=START + age), RULES)
        view = replace(View(PRODUCTION, UNICODE), slow=True).next(judged)
        shown = "".join(span.text for span in status_line(view, 238))
        told = re.search(r"✓ metrics +<([0-9.]+) s", shown)
        assert (told is not None) == (age < limit)
        assert told is None or float(told[1]) <= limit


def test_ages_of_fresh_sources_change_once_a_second_and_others_sooner() -> None:
    assert "✓ database  <1 s" in line(assessment(0.4), 238)
    assert line(assessment(1.2), 238) == line(assessment(1.8), 238)
    assert line(assessment(3.2), 238) != line(assessment(3.3), 238)


def test_a_screen_that_is_drawn_plainly_says_so_where_there_is_room() -> None:
    slow = replace(View(PRODUCTION, UNICODE).next(assessment(0.4)), slow=True)
    assert "LOW" in "".join(span.text for span in status_line(slow, 118))
    assert "READ-ONLY" in "".join(span.text for span in status_line(slow, NARROWEST))


def test_the_status_line_is_of_the_present_whatever_the_body_holds() -> None:
    held, now = assessment(9.5), assessment(0.4)
    view = View(PRODUCTION, UNICODE).next(held, now)
    assert "?" not in "".join(span.text for span in status_line(view, 118))


def test_whatever_changes_the_line_has_it_made_anew() -> None:
    judged = assessment(0.4)
    alerts = assess(snapshot(START, metrics_of([Row("B/USD", 1.07)])), Rules(PANELS, KEY_METRICS)).alerts
    plain = View(PRODUCTION, UNICODE)
    views = [
        plain,
        plain.next(judged),
        *(plain.next(assessment(later)) for later in (1.4, 2.4, 3.1, 3.2, 9.5)),
        *(plain.next(assessment(0.4, kill)) for kill in KillState),
        *(plain.next(replace(judged, alerts=alerts * number)) for number in (1, 2, 30)),
        replace(plain.next(judged), slow=True),
        replace(plain.next(judged), unrecorded="no space left"),
        replace(plain.next(judged), line_is_slow=True),
        replace(plain.next(judged), context=replace(PRODUCTION, operator="erin")),
    ]
    for one, other in itertools.combinations(views, 2):
        if any(status_line(one, cells) != status_line(other, cells) for cells in (NARROWEST, 118, 238)):
            assert told(one) != told(other)


def test_host_and_operator_are_named_at_every_width_and_long_names_end_in_an_ellipsis() -> None:
    for context in (PAPER, PRODUCTION):
        for later in (0.4, 9.5):
            for cells in range(NARROWEST, 240):
                view = View(context, UNICODE).next(assessment(later))
                assert "dana@db-1 " in "".join(span.text for span in status_line(view, cells))
    long = View(replace(PRODUCTION, name="futures-production-eu", operator="bartholomew"), UNICODE)
    shown = "".join(span.text for span in status_line(long.next(assessment(0.4)), NARROWEST))
    assert re.search(r"  futu\S*… bart\S*… READ-ONLY kill clear", shown)


@pytest.mark.parametrize("cells", [NARROWEST, 98, 118, 160, 238])
def test_nothing_before_the_marks_moves_with_the_kill_switch_or_an_age(cells: int) -> None:
    lines = [line(assessment(later, kill), cells) for later in (0.4, 3.5, 9.5, 75.0) for kill in KillState]
    begins = {shown[: shown.index("READ-ONLY")] for shown in lines}
    assert len(begins) == 1
    counts = {found.start() for shown in lines if (found := re.search(r"\? ?[0-9]+ alert", shown))}
    assert len(counts) == 1


@pytest.mark.parametrize(
    ("kill", "narrow", "wide"),
    [
        (Verdict(KillState.TRIPPING, "", 3, 5), "TRIP 3/5 ", "TRIPPING 3/5 "),
        (Verdict(KillState.TRIPPED, "", scope="usdm"), "USDM off ", "USDM TRIPPED "),
        (Verdict(KillState.PARTIAL, "", scope="coin"), "PARTIAL ", "COIN PARTIAL "),
        (Verdict(KillState.LOST, ""), "LOST ", "kill LOST "),
    ],
)
def test_a_trip_says_how_far_it_is_and_of_which_account(kill: Verdict, narrow: str, wide: str) -> None:
    judged = replace(assessment(0.4), kill=kill)
    for cells, form in ((NARROWEST, narrow), (238, wide)):
        assert f" {form}" in line(judged, cells)


def test_the_number_of_alerts_has_its_word_once_at_every_width_where_a_source_is_the_worst() -> None:
    for cells in range(NARROWEST, 240):
        shown = line(assessment(3.5), cells)
        assert re.search(r"\? ?2 alerts", shown)
        assert shown.count("alerts") == 1


def test_a_database_that_the_engine_writes_nothing_into_has_no_tick() -> None:
    judged = replace(assessment(0.4), books_doubt="the engine has written nothing for 40 s")
    assert line(judged, NARROWEST).endswith("M✓ D? XFEL✓")
    assert line(judged, 118).endswith("M✓ D? X✓ F✓ E✓ L✓")
    assert "? database quiet" in line(judged, 238)
    assert told(View(PRODUCTION, UNICODE).next(judged)) != told(
        View(PRODUCTION, UNICODE).next(assessment(0.4))
    )


def test_the_worst_alert_is_that_of_the_worst_value_and_not_of_the_first_name() -> None:
    judged = assess(snapshot(START, metrics_of([Row("A/USD", 1.04), Row("B/USD", 1.0)])), RULES)
    assert "B/USD" in line(judged, NARROWEST)
