"""What a run's screen says, without a screen: what can be done and why not, the steps, one step in full."""

from dataclasses import replace

import pytest
from textual.geometry import Size

from console.domain.access import Arming
from console.domain.severity import Severity
from console.runbooks.reading import runbook_of
from console.runbooks.run import STANDBY, Driver, Standing, State, StepRun, UnreadRun
from console.runbooks.seen import Doing, Hands
from console.tui.screens.recovery.beginning import known_values
from console.tui.screens.recovery.columns import Instant, runbook_columns
from console.tui.screens.recovery.detail import Shown, detail_lines, typed_words
from console.tui.screens.recovery.heading import head_lines, standing_badge, unseen_lines
from console.tui.screens.recovery.keys import Does, Offers, offers_of
from console.tui.screens.recovery.preview import Preview, preview_lines
from console.tui.screens.recovery.rows import Part, rows_of
from console.tui.screens.recovery.steps import step_lines
from console.tui.screens.recovery.told import LINES, LINES_HIGH, chosen_lines, header_lines
from console.tui.screens.recovery.words import part_heads, progress
from console.tui.text import Line, line_width
from console.tui.theme import UNICODE
from console.tui.view import View
from tests.tui.fake import PAPER, START
from tests.tui.runs import (
    BOB,
    DIFFERENCES,
    KNOWN,
    OUTPUT,
    PASSED,
    RECOVERY,
    done,
    evidence,
    listing,
    recovery,
    run_of,
    seen,
    verify,
)

READ_ONLY = View(PAPER, UNICODE)
ARMED = View(PAPER, UNICODE, mode=Arming(START, START + 600, "a recovery", 120, START))
PARTS = ("1 ASSESS", "1 ASSESS", "2 SYNC")
UP_TO_START = (*PASSED, done("sync"), done("ledger"))
ASKS = "type 'paper sync' to go on, because every position agrees doesn't hold; observed: 2 differ"


def offered(
    *steps: StepRun, view: View = ARMED, hands: Hands = Hands.OWN, doing: Doing | None = None
) -> Offers:
    return offers_of(view, seen(run_of(recovery(), *steps), hands, doing))


def only_if_needed(*steps: StepRun, view: View = ARMED) -> Offers:
    """What is offered where the sync is needed only if its check doesn't pass."""
    text = RECOVERY.replace(
        '    confirm: "{context} sync"', '    confirm: "{context} sync"\n    if_needed: true'
    )
    book = runbook_of(text, "recovery.yaml", "recovery", KNOWN)
    return offers_of(view, replace(seen(run_of(book, *PASSED, *steps)), runbook=book))


def text_of(lines: list[Line]) -> list[str]:
    return ["".join(span.text for span in line) for line in lines]


def test_of_a_run_that_another_drives_nothing_is_offered_but_the_key_that_takes_it_over() -> None:
    offers = offered(hands=Hands.OTHERS)
    assert not any(offer.can for offer in offers.each)
    assert "t takes it over" in offers.enter.words


def test_while_it_goes_on_it_can_only_be_aborted() -> None:
    offers = offered(*PASSED, done("sync", State.RUNNING), doing=Doing.GOES_ON)
    assert [offer.action for offer in offers.each if offer.can] == ["abort_run"]
    assert offers.abort.words == "aborts it, and undoes sync"


def test_a_manual_step_asks_for_what_is_to_be_written_down() -> None:
    offers = offered()
    assert (offers.at, offers.does, offers.enter.can) == ("cause", Does.NOTE, True)
    assert offers.asks == "What happened, and since when?"


@pytest.mark.parametrize("step", [None, done("sync", State.WAITING, words=ASKS), done("sync", State.FAILED)])
def test_a_step_with_words_to_be_typed_has_them_typed_whatever_its_state(step: StepRun | None) -> None:
    offers = offered(*PASSED, *([] if step is None else [step]))
    assert (offers.does, offers.asks) == (Does.CONFIRM, "paper sync")


def test_the_words_to_be_typed_are_told_before_they_are_asked_for() -> None:
    assert offered(*PASSED).enter.words.startswith("has you type 'paper sync', then: ")
    run = run_of(recovery(), *PASSED)
    place = {"context": "paper", "environment": "paper"}
    pending = Shown(recovery().step("sync"), run.step("sync"), place, START)
    assert "YOU TYPE  paper sync" in text_of(list(detail_lines(pending, 80, 12, UNICODE)))
    asked = replace(pending, run=done("sync", State.WAITING, words=ASKS))
    assert "YOU TYPE" not in "".join(text_of(list(detail_lines(asked, 80, 12, UNICODE))))
    running = replace(pending, run=done("sync", State.RUNNING))
    assert "YOU TYPE  paper sync" not in text_of(list(detail_lines(running, 80, 12, UNICODE)))
    preview = preview_lines(Preview(recovery(), {}, {}, place), 80, UNICODE)
    assert any(line.split() == ["you", "type", "paper", "sync"] for line in text_of(preview))


def test_what_is_typed_only_where_a_check_fails_says_so() -> None:
    text = RECOVERY.replace('"{context} sync"', '{words: "{context} sync", unless: positions}')
    step = runbook_of(text, "recovery.yaml", "recovery", KNOWN).step("sync")
    assert typed_words(step, {"context": "paper"}) == "paper sync; unless this check passes: positions"


def test_words_are_asked_for_only_once_a_step_that_may_be_so_already_is_found_not_to_be() -> None:
    assert only_if_needed().does is Does.GO
    assert only_if_needed(done("sync", State.WAITING, words=ASKS)).does is Does.CONFIRM


def test_what_is_done_only_if_needed_is_asked_read_only_until_it_is_found_to_be_needed() -> None:
    assert only_if_needed(view=READ_ONLY).enter.can
    assert "a arms" in only_if_needed(done("sync", State.WAITING), view=READ_ONLY).enter.words


def test_what_was_begun_before_is_asked_for_as_a_second_time() -> None:
    assert not offered(*PASSED).again
    assert offered(*PASSED, done("sync", State.FAILED)).again
    assert offered(*PASSED, done("sync", State.WAITING, words=ASKS)).again


def test_an_act_that_may_not_be_repeated_is_not_offered_again() -> None:
    offers = offered(*PASSED[:3], done("stop", State.FAILED))
    assert (offers.enter.can, offers.enter.words) == (False, "its act may not be done a second time")


def test_read_only_what_raises_the_risk_is_grey_with_the_key_that_arms() -> None:
    assert offered(*UP_TO_START).enter.can
    offers = offered(*UP_TO_START, view=READ_ONLY)
    assert (offers.enter.can, offers.enter.words) == (
        False,
        "read-only: a arms, as start raises the risk",
    )
    assert offered(*PASSED[:3], view=READ_ONLY).enter.can  # stopping lowers it


def test_what_is_unknown_is_read_back_and_never_done_again() -> None:
    offers = offered(*PASSED, done("sync", State.UNKNOWN))
    assert (offers.does, offers.again) == (Does.LOOK, False)


def test_a_step_that_was_left_running_is_found_out_about_first() -> None:
    left = seen(run_of(recovery(), *PASSED, done("sync", State.RUNNING)), Hands.NOBODY)
    assert standing_badge(left)[0] == "LEFT RUNNING"
    offers = offers_of(ARMED, left)
    assert "finds out what has become of sync" in offers.enter.words
    assert not offers.override.can


def test_a_run_that_what_stood_by_goes_on_with_is_had_for_the_asking() -> None:
    stands_in = Driver(f"alice{STANDBY}", "desk-1", "7-1")
    run = run_of(recovery(), *PASSED, done("sync", State.RUNNING), driver=stands_in)
    shown = seen(run, Hands.STANDBY)
    assert standing_badge(shown)[0] == "RUNNING"
    assert (offers_of(ARMED, shown).enter.can, offers_of(ARMED, shown).abort.can) == (True, True)
    assert offers_of(ARMED, shown).enter.words.startswith("takes the run from what stands by, and goes on")
    (row, *_) = rows_of(listing(run, hands=Hands.STANDBY), None)
    who = next(column for column in runbook_columns(UNICODE, Instant()) if column.key == "who")
    assert who.cell(row).text == "standby"
    assert "alice's standby@desk-1 drives" in "".join(
        span.text for span in head_lines(shown, "", 80, UNICODE)[0]
    )


def test_without_the_right_to_it_nothing_is_overridden() -> None:
    offers = offered(*PASSED, view=READ_ONLY)  # who somebody is, isn't known yet
    assert not offers.override.can


def test_steps_that_undo_are_shown_once_something_is_undone() -> None:
    assert progress(run_of(recovery(), *PASSED)) == "step 5 of 7"
    failed = (*PASSED, done("sync", State.FAILED))
    assert progress(run_of(recovery(), *failed, standing=Standing.ABORTING)) == "step 8 of 8"


def test_many_steps_stay_around_the_one_under_the_cursor() -> None:
    steps = [StepRun(f"step-{number:02}") for number in range(40)]
    shown = text_of(list(step_lines(steps, "step-20", "step-20", Size(29, 16), UNICODE)))
    assert len(shown) == 16
    assert "13 more above" in shown[0]
    assert "13 more below" in shown[-1]
    assert any(line.startswith(f"{UNICODE.cursor} · step-20") for line in shown)


@pytest.mark.parametrize("room", [3, 8, 12, 16, 40])
def test_a_step_in_full_keeps_to_its_room_whatever_there_is_of_it(room: int) -> None:
    step = done("positions", State.FAILED, words="2 of 8 differ", evidence=evidence(DIFFERENCES))
    shown = Shown(recovery().step("positions"), step, {}, START, "run it: " * 30, OUTPUT)
    lines = list(detail_lines(shown, 51, room, UNICODE))
    assert len(lines) <= room
    assert all(line_width(line) <= 51 for line in lines)
    assert any("more lines" in line for line in text_of(lines)) is (room <= 12)


def test_open_runs_come_first_then_what_can_be_begun_then_what_is_over() -> None:
    over = run_of(verify(), done("ledger"), standing=Standing.PASSED)
    rows = rows_of(listing(over, run_of(recovery(), driver=BOB), hands=Hands.OTHERS), None)
    assert [(row.part, row.name) for row in rows] == [
        (Part.OPEN, "recovery"),
        (Part.OFFERED, "recovery"),
        (Part.OFFERED, "verify_state"),
        (Part.OFFERED, "deploy_live"),  # not for here
        (Part.BROKEN, "own"),
        (Part.OVER, "verify_state"),
    ]


def test_a_run_that_only_a_newer_console_knows_is_a_row_among_the_others() -> None:
    why = "run sync-9 can't be read: 'later' is not a valid Standing; a newer console may have kept it"
    newer = UnreadRun("sync-9", "sync", START - 60, True, why)
    listed = replace(listing(run_of(recovery())), unread=(newer, replace(newer, id="sync-8", is_open=False)))
    rows = rows_of(listed, None)
    opened, over = (next(row for row in rows if row.key == key) for key in ("sync-9", "sync-8"))
    assert [row.key for row in rows].index("sync-9") == 1  # after the open one that is known
    assert (opened.part, opened.severity, opened.why) == (Part.OPEN, Severity.UNKNOWN, (why,))
    assert (over.part, over.severity) == (Part.OVER, Severity.OK)
    cells = {one.key: one.cell(opened).text for one in runbook_columns(UNICODE, Instant(START))}
    assert (cells["state"], cells["what"], cells["why"], cells["since"]) == (
        "? unread",
        "9",
        why,
        "1m 00s",
    )
    told = text_of(list(chosen_lines(opened, listed, Size(60, 5), UNICODE)))
    assert told[0] == "? unread sync-9"
    assert told[1].startswith("run sync-9 can't be read")


@pytest.mark.parametrize(("ago", "first"), [(3500, Part.OVER), (3700, Part.OFFERED)])
def test_a_run_that_was_open_lately_stays_where_it_was(ago: float, first: Part) -> None:
    over = replace(run_of(verify(), done("ledger"), standing=Standing.PASSED), began=START - ago)
    rows = rows_of(listing(over), None)
    assert [row.part for row in rows].count(Part.OVER) == 1
    assert rows[0].part is first


def test_before_an_act_it_is_shown_what_the_check_before_it_has_seen() -> None:
    before = replace(DIFFERENCES, observed=f"2 of 8 differ: {DIFFERENCES.details[0]}")
    shown = Shown(recovery().step("stop"), StepRun("stop"), {}, START, "run stop: " * 30, before=before)
    told = " ".join(line.strip() for line in text_of(list(detail_lines(shown, 60, 30, UNICODE))))
    assert "BEFORE ✘ the books, the engine and the exchange have the" in " ".join(told.split())
    assert told.count("BTC/USD LONG: books 1.250") == 1  # it stands among the details
    assert told.index("2 of 8 differ") < told.index("SOL/USD SHORT: books 40.0") < told.index("run stop")
    aged = replace(shown, before_at=START - 185)
    assert any("3 m ago" in line for line in text_of(list(detail_lines(aged, 90, 30, UNICODE))))
    for room in (8, 10, 12, 14):
        few = text_of(list(detail_lines(shown, 60, room, UNICODE)))
        assert (len(few), any("more lines, e shows them" in line for line in few)) == (room, True)


def test_output_is_a_line_each_while_more_comes_and_in_full_once_it_has_ended() -> None:
    step, refusal = recovery().step("sync"), "refused: 3 m 59 s of 5 m are left of the cool-down"
    running = Shown(step, done("sync", State.RUNNING), {}, START, output=(refusal,))
    assert not any("cool-down" in line for line in text_of(list(detail_lines(running, 40, 20, UNICODE))))
    ended = Shown(step, done("sync", State.FAILED, output=refusal), {}, START)
    assert any("cool-down" in line for line in text_of(list(detail_lines(ended, 40, 20, UNICODE))))


def test_parts_of_a_runbook_are_headings_and_no_step_of_their_own() -> None:
    book = recovery()
    told = zip(book.steps[:3], PARTS, strict=True)
    steps = [replace(step, text=f"{part}. {step.text}") for step, part in told]
    heads = part_heads(replace(book, steps=tuple(steps)))
    assert heads == {steps[0].name: "1 ASSESS", steps[2].name: "2 SYNC"}
    runs = [StepRun(step.name) for step in steps]
    shown = text_of(list(step_lines(runs, "", "", Size(29, 16), UNICODE, parts=heads)))
    assert [line.strip() for line in shown][:2] == ["1 ASSESS", f"· {steps[0].name}"]
    assert len(shown) == 5
    few = text_of(list(step_lines(runs, "", "", Size(29, 3), UNICODE, parts=heads)))
    assert "2 more below" in few[-1]
    in_full = text_of(list(detail_lines(Shown(steps[0], runs[0], {}, START), 60, 20, UNICODE)))
    assert not any("ASSESS" in line for line in in_full)


@pytest.mark.parametrize("state", [State.FAILED, State.UNKNOWN, State.WAITING])
def test_what_went_wrong_comes_before_what_would_be_done(state: State) -> None:
    step = recovery().step("sync")
    shown = Shown(step, done("sync", state, words="it was refused"), {}, START, "run it")
    told = "\n".join(text_of(list(detail_lines(shown, 60, 20, UNICODE))))
    assert told.index("it was refused") < told.index("run it")


@pytest.mark.parametrize(
    ("name", "limit"),
    [("positions", "each source has 30 s to answer"), ("sync", "ended after 2 m, then read back")],
)
def test_what_runs_says_for_how_long_it_may(name: str, limit: str) -> None:
    shown = Shown(recovery().step(name), done(name, State.RUNNING), {}, START)
    assert any(limit in line for line in text_of(list(detail_lines(shown, 60, 20, UNICODE))))


def test_why_a_run_waits_is_told_whole_below_the_rows() -> None:
    why = "before it: every position agrees; observed: " + ", ".join(
        f"S{n:02}USDT differs" for n in range(40)
    )
    run = run_of(recovery(), *PASSED, done("sync", State.WAITING, words=why))
    row = rows_of(listing(run), None)[0]
    high = chosen_lines(row, listing(run), Size(118, LINES_HIGH), UNICODE)
    assert why in " ".join(text_of(list(high)))
    low = text_of(list(chosen_lines(row, listing(run), Size(78, LINES), UNICODE)))
    assert len(low) == LINES
    assert low[-1].endswith("…")


def test_where_nothing_is_open_a_run_that_has_failed_last_is_named() -> None:
    for standing, named in ((Standing.FAILED, True), (Standing.PASSED, False)):
        rows = rows_of(listing(run_of(verify(), done("ledger"), standing=standing)), None)
        told = text_of(list(header_lines(rows, "", 100, UNICODE)))
        assert ("the last one failed: verify_state-" in told[0]) is named


def test_why_a_run_can_t_be_seen_and_what_ends_it_is_whole_on_the_smallest_screen() -> None:
    run = "rollback_configuration-1779999820-a1b2c3"
    ends = f"it can't be read any more, only ended: opsconsole runbook abort {run} --reason REASON"
    told = text_of(list(unseen_lines(f"{ends}; run {run}:3:1: {'what it has ' * 9}", 78, UNICODE)))
    assert ends in " ".join(told)
    assert told[1].endswith("…")
    assert [line_width(line) for line in unseen_lines("looking", 78, UNICODE)] == [7, 0]


def test_a_watch_that_proves_nothing_is_not_taken_and_on_paper_marked_with_the_reason() -> None:
    text = RECOVERY.replace("type: choice, choices: [2m, 10m], default: 2m", "type: duration, default: 5m")
    text = text.replace(
        "steps:\n", "steps:\n  - {name: calm, text: It is, check: exchange, holds_for: '{watch}'}\n"
    )
    book, short = runbook_of(text, "recovery.yaml", "recovery", KNOWN), {"watch": "30s"}
    assert (known_values(book, short, "production"), known_values(book, short, "paper")) == ({}, short)
    lines = text_of(preview_lines(Preview(book, short, {}, {}), 80, UNICODE))
    assert any("30s  ▲ at least 5m: an alert may take 5m to fire, so less" in line for line in lines)
