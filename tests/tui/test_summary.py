"""The texts around the table."""

from dataclasses import replace
from decimal import Decimal

import pytest
from textual.geometry import Size

from console.domain.assessment import Rules, assess
from console.domain.last_trip import LastTrip
from console.domain.severity import Severity
from console.domain.snapshot import with_own_trip
from console.domain.surfaces import Books
from console.domain.thresholds import KEY_METRICS
from console.domain.trails import Trails
from console.tui.screens.overview.summary import (
    account_lines,
    alert_lines,
    engine_lines,
    headline_lines,
    key_metric_lines,
    source_age,
    source_lines,
)
from console.tui.text import Line
from console.tui.theme import UNICODE
from console.tui.view import View
from tests.tui.fake import (
    KEY_VALUES,
    PANELS,
    PAPER,
    RULES,
    START,
    Row,
    books,
    metrics_of,
    nothing_yet,
    snapshot,
)


def view(*rows: Row, taken: Books | None = None, figures: tuple[float, ...] = KEY_VALUES) -> View:
    whole = snapshot(START, metrics_of(list(rows or [Row("A")]), key_values=figures), account_books=taken)
    return View(PAPER, UNICODE).next(assess(whole, Rules(PANELS, KEY_METRICS)))


def texts(lines: tuple[Line, ...]) -> list[str]:
    return ["".join(span.text for span in line).rstrip() for line in lines]


def with_profit(profit: str) -> Books:
    whole = books()
    assert whole.accounts is not None
    first, second = whole.accounts
    return replace(whole, accounts=(replace(first, unrealized_pnl=Decimal(profit)), second))


@pytest.mark.parametrize("size", [Size(50, 2), Size(66, 4), Size(72, 7)])
def test_nothing_in_the_accounts_moves_when_a_profit_changes_its_width(size: Size) -> None:
    one, other = (texts(account_lines(view(taken=with_profit(p)), size)) for p in ("1", "-9876.5"))
    for before, after in zip(one, other, strict=True):
        assert [at for at, sign in enumerate(before) if sign == "."] == [
            at for at, sign in enumerate(after) if sign == "."
        ]


def named(*names: str) -> Books:
    whole = books()
    accounts = zip(whole.accounts or (), names, strict=True)
    return replace(whole, accounts=tuple(replace(account, name=name) for account, name in accounts))


@pytest.mark.parametrize("size", [Size(68, 4), Size(58, 2)], ids=["with titles", "without"])
def test_the_accounts_names_are_whole_where_there_is_room(size: Size) -> None:
    names = "USD-M paper account", "COIN-M paper account"
    lines = texts(account_lines(view(taken=named(*names)), size))[-2:]
    assert [line.partition(" ✓")[0].rstrip() for line in lines] == list(names)


def test_without_room_the_accounts_names_lose_first_the_word_that_all_of_them_end_in() -> None:
    taken = named("USD-M paper account", "COIN-M paper account")
    lines = texts(account_lines(view(taken=taken), Size(50, 2)))
    assert [line.partition(" ✓")[0].rstrip() for line in lines] == ["USD-M paper", "COIN-M paper"]


def test_names_that_end_differently_are_clipped_and_not_shortened() -> None:
    lines = texts(account_lines(view(taken=named("the desk in Geneva", "the desk in Seoul")), Size(50, 2)))
    assert [line.partition(" ✓")[0] for line in lines] == ["the desk in…", "the desk in…"]


def test_an_equity_of_any_length_leaves_the_profit_its_place() -> None:
    taken = books("12345678901234567890.12")
    first, second = texts(account_lines(view(taken=taken), Size(50, 2)))
    assert first.index("uPnL") == second.index("uPnL")


def test_an_account_is_never_left_out_without_a_word() -> None:
    assert texts(account_lines(view(), Size(76, 1)))[0].endswith("+1 more")


def test_an_equity_has_its_trend_beside_it() -> None:
    whole, trails = view(), Trails()
    for minute in range(60):
        trails = trails.with_moment(START + 60 * minute, ["2", "3"], [10_000 + minute, 5_000 - minute])
    assert whole.assessment is not None
    rising, falling = texts(
        account_lines(replace(whole, assessment=replace(whole.assessment, equities=trails)), Size(60, 2))
    )
    assert [sign for sign in "▁▄█" if sign in rising] == sorted("▁▄█", key=rising.index)
    assert [sign for sign in "█▄▁" if sign in falling] == sorted("▁▄█", key=falling.index)


def test_the_engine_says_for_how_long_it_has_been_up() -> None:
    whole = snapshot(START, metrics_of([Row("A")]))
    assert whole.engine.good is not None
    assert whole.engine.value is not None
    value = replace(whole.engine.value, started_at=START - 7500)
    up = replace(whole, engine=replace(whole.engine, good=replace(whole.engine.good, value=value)))
    shown = View(PAPER, UNICODE).next(assess(up, Rules(PANELS, KEY_METRICS)))
    assert "up 2h 05m" in texts(engine_lines(shown, Size(60, 3)))[1]


def engine_words(later: float = 0.0, **said: object) -> str:
    """What the engine's line says of one that began two hours and five minutes ago."""
    whole = snapshot(START, metrics_of([Row("A")]))
    assert whole.engine.good is not None
    assert whole.engine.value is not None
    value = replace(whole.engine.value, started_at=START - 7500, pid=7, **said)  # type: ignore[arg-type]
    reading = replace(whole.engine.good, value=value)
    taken = replace(whole, at=START + later, engine=replace(whole.engine, good=reading, last=reading))
    shown = View(PAPER, UNICODE).next(assess(taken, Rules(PANELS, KEY_METRICS)))
    return " ".join(texts(engine_lines(shown, Size(90, 3))))


def test_an_engine_that_is_gone_is_not_said_to_be_up() -> None:
    assert "up " not in engine_words(alive=False)


def test_of_an_engine_that_nothing_is_heard_of_it_is_said_how_long_it_was_up() -> None:
    assert "was up 2h 05m" in engine_words(later=600.0, alive=True)


def test_however_long_an_engine_has_been_up_its_heartbeat_is_told_on_the_smallest_screen() -> None:
    judged = view().live
    assert judged is not None
    for uptime in (50.0, 11 * 3600.0, 20 * 86400.0):
        old = replace(judged, engine=replace(judged.engine, uptime=uptime))
        lines = texts(engine_lines(View(PAPER, UNICODE).next(old), Size(24, 2)))
        assert any("heartbeat" in line for line in lines), uptime


def test_an_engine_whose_mode_is_not_known_has_no_tick() -> None:
    judged = view().live
    assert judged is not None
    silent = replace(judged, engine=replace(judged.engine, mode=None, heartbeat_age=None))
    lines = texts(engine_lines(View(PAPER, UNICODE).next(silent), Size(90, 3)))
    assert lines[1].startswith("? mode unknown")


def test_when_the_last_drill_passed_is_told_where_one_has() -> None:
    whole = snapshot(START, metrics_of([Row("A")]))
    trip = LastTrip(
        START - 9e4, "dana", "drill of the quarter", "all", reset=START - 8e4, drilled=START - 8e4
    )
    drilled = replace(whole, last_trip=with_own_trip(whole.last_trip, trip, START))
    told = [
        " ".join(texts(engine_lines(View(PAPER, UNICODE).next(assess(taken, RULES)), Size(68, 3))))
        for taken in (drilled, whole)
    ]
    assert "last drill passed 22h 13m ago" in told[0]
    assert "drill" not in told[1]


def test_a_database_that_the_engine_writes_nothing_into_is_in_doubt_among_the_sources() -> None:
    judged = view().live
    assert judged is not None
    quiet = replace(judged, books_doubt="the engine has written nothing for 40 s")
    line = texts(source_lines(View(PAPER, UNICODE).next(quiet), Size(90, 7)))[2]
    assert line.startswith("? database")
    assert line.endswith("the engine has written nothing for 40 s")


def test_a_fresh_age_changes_once_a_second_and_a_stale_one_is_exact() -> None:
    fresh = view()
    assert fresh.assessment is not None
    source = fresh.assessment.sources[0]
    assert source_age(fresh, replace(source, age=2.7)) == "2 s"
    assert source_age(fresh, replace(source, age=2.7, severity=Severity.UNKNOWN)) == "2.7 s"


def test_on_a_slow_line_a_fresh_age_is_never_coarser_than_its_limit() -> None:
    slow = replace(view(), slow=True)
    assert slow.assessment is not None
    source = replace(slow.assessment.sources[0], stale_after=1.8)
    assert source_age(slow, replace(source, age=0.7)) == "<1.8 s"
    assert source_age(slow, replace(source, age=0.7, stale_after=12.0)) == "<5 s"


def test_sources_and_engine_are_those_of_the_present_while_a_picture_is_held() -> None:
    taken = snapshot(START, metrics_of([Row("A")]))
    held, now = (assess(replace(taken, at=START + later), Rules(PANELS, KEY_METRICS)) for later in (60, 0.5))
    shown = replace(View(PAPER, UNICODE), paused_for=60.0).next(held, now)
    assert all(line.startswith("✓") for line in texts(source_lines(shown, Size(60, 7)))[1:])
    assert "heartbeat <1 s" in " ".join(texts(engine_lines(shown, Size(60, 3))))


def test_a_latency_keeps_its_unit_at_80_columns() -> None:
    slow = (*KEY_VALUES[:-1], 30e-3)
    assert texts(key_metric_lines(view(figures=slow), Size(76, 2)))[1].endswith("Latency L3 p95 ◆ 30.0 ms")


def test_more_is_only_said_of_what_is_wrong() -> None:
    assert texts(headline_lines(view(Row("A"), Row("B")), Size(76, 1))) == [
        "✓ all 2 symbols inside their limits"
    ]
    bad = view(Row("A", margin=1.0, funding=0.1, liquidations=1, sync_errors=1))
    said = texts(headline_lines(bad, Size(76, 3)))
    assert len(said) == 3
    assert said[-1].endswith("+1 more")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([Row("A", margin=1.1), Row("B", margin=1.1)], "◆ 2 symbols below 1.2, worst A 1.100"),
        (
            [Row("A", sync_errors=0.02), Row("B", sync_errors=0.02)],
            "◆ 2 symbols sync/min > 0, worst A 1.20/min",
        ),
        ([Row("ABCDEFGHI/USD", sync_errors=0.02)], "◆ ABCDEFGHI/USD sync/min 1.20/min, > 0"),
    ],
)
def test_in_few_words_a_statement_still_says_of_which_figure_it_is(rows: list[Row], said: str) -> None:
    assert texts(headline_lines(view(*rows), Size(44, 3)))[0] == said


def test_the_alert_list_has_every_alert_for_itself_and_counts_the_rest() -> None:
    many = view(*(Row(f"S{n:02}", sync_errors=0.02) for n in range(12)))
    title, *lines = texts(alert_lines(many, Size(78, 8)))
    assert title == "ALERTS 12"
    assert [line.split()[1] for line in lines] == [f"S{n:02}" for n in range(7)]
    assert lines[-1].endswith("+5 more")


def test_before_anything_has_answered_the_alert_list_counts_nothing() -> None:
    early = View(PAPER, UNICODE).next(assess(nothing_yet(START), Rules(PANELS, KEY_METRICS)))
    assert texts(alert_lines(early, Size(78, 8))) == ["ALERTS"]
