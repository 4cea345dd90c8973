"""The plot says against which thresholds a figure went, in the lines that it was given."""

import itertools
import time

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.geometry import Size

from console.domain.severity import Severity
from console.domain.thresholds import Condition, Panel
from console.tui.text import Line
from console.tui.theme import ASCII, UNICODE, Tone
from console.tui.widgets.plot import Limit, Points, Seen, limits_of, plot_lines, title_line
from tests.examples import examples
from tests.tui.fake import PANELS

MARGIN, FUNDING, SYNC = PANELS[:3]
SIZE = Size(70, 14)


def seen(points: Points) -> Seen:
    """The points, at the instant of the newest."""
    return Seen(points, points[-1][0] if points else 0.0)


def texts(lines: tuple[Line, ...]) -> list[str]:
    return ["".join(span.text for span in line) for line in lines]


def falling(begin: float, end: float, number: int = 100) -> list[tuple[float, float]]:
    return [(1000 + 5.0 * n, begin + (end - begin) * n / (number - 1)) for n in range(number)]


def test_the_thresholds_between_and_next_to_the_values_are_named() -> None:
    drawn = "\n".join(texts(plot_lines(MARGIN, seen(falling(1.4, 1.1)), SIZE, UNICODE)))
    assert "1.5 warning" in drawn
    assert "1.2 high" in drawn
    assert "1.05 critical" in drawn


def test_a_fall_from_far_above_leaves_the_thresholds_apart() -> None:
    drawn = "\n".join(texts(plot_lines(MARGIN, seen(falling(40, 1.03)), SIZE, UNICODE)))
    assert all(name in drawn for name in ("1.5 warning", "1.2 high", "1.05 critical"))


def test_a_line_that_leaves_the_picture_has_its_height_told_at_the_edge() -> None:
    for lines, sign in ((8, "↑ 40.000"), (14, "↑ 40.000")):
        drawn = texts(plot_lines(MARGIN, seen(falling(40, 1.03)), Size(45, lines), UNICODE))
        assert sign in "\n".join(drawn[:3])
    assert "^ 40.000" in "\n".join(texts(plot_lines(MARGIN, seen(falling(40, 1.03)), SIZE, ASCII)))
    assert "↑" not in "\n".join(texts(plot_lines(MARGIN, seen(falling(1.4, 1.1)), SIZE, UNICODE)))


def test_a_fall_from_anywhere_is_drawn_at_once() -> None:
    began = time.thread_time()
    plot_lines(MARGIN, seen(falling(1e19, 1.03)), SIZE, UNICODE)
    assert time.thread_time() - began < 2


def test_a_threshold_far_away_is_left_out() -> None:
    assert "critical" not in "\n".join(texts(plot_lines(MARGIN, seen(falling(1.4, 1.3)), SIZE, UNICODE)))


def test_a_rate_has_its_thresholds_on_both_sides_of_zero() -> None:
    assert {limit.value for limit in limits_of(FUNDING)} == {1e-4, 3e-4, 5e-4, -1e-4, -3e-4, -5e-4}
    assert [limit.severity for limit in limits_of(MARGIN)] == [
        Severity.WARNING,
        Severity.HIGH,
        Severity.CRITICAL,
    ]
    assert limits_of(SYNC) == ()


def test_a_threshold_has_the_tone_of_what_lies_past_it() -> None:
    lines = plot_lines(MARGIN, seen(falling(1.3, 1.1)), SIZE, UNICODE)
    high = next(line for line in lines if any("1.2 high" in span.text for span in line))
    assert Tone.HIGH in {span.tone for span in high}


def test_other_limits_stand_in_place_of_the_panels() -> None:
    lines = plot_lines(MARGIN, seen(falling(1.3, 1.1)), SIZE, UNICODE, (Limit(1.15, Severity.CRITICAL),))
    drawn = "\n".join(texts(lines))
    assert "1.15 critical" in drawn
    assert "1.2 high" not in drawn


def test_once_a_bound_is_passed_what_was_far_better_leaves_it_its_room() -> None:
    rule = Panel("Margin Ratio", "futures_margin_ratio", Condition("<", 1.05))
    limits = (Limit(1.05, Severity.CRITICAL),)
    lines = texts(plot_lines(rule, seen(falling(12.0, 1.03)), SIZE, UNICODE, limits))
    assert any("↑ 12.000" in line for line in lines)
    passed = next(number for number, line in enumerate(lines) if "1.05 critical" in line)
    assert passed < len(lines) - 4  # above the axis and its labels, and what has gone below it


def test_over_a_gap_no_line_is_drawn() -> None:
    whole = falling(1.4, 1.3)
    torn = whole[:30] + [(at + 400, value) for at, value in whole[30:]]
    columns = {
        x
        for line in texts(plot_lines(MARGIN, seen(torn), SIZE, UNICODE))
        for x, character in enumerate(line)
        if "\u2800" < character <= "\u28ff"
    }
    assert max(later - x for x, later in itertools.pairwise(sorted(columns))) > 10


def test_a_terminal_of_ascii_gets_nothing_else() -> None:
    assert all(line.isascii() for line in texts(plot_lines(MARGIN, seen(falling(1.4, 1.1)), SIZE, ASCII)))


def test_with_nothing_to_draw_it_says_so() -> None:
    assert texts(plot_lines(MARGIN, seen([]), SIZE, UNICODE)) == ["nothing to draw yet"]
    assert texts((title_line(MARGIN, None, "", 70, UNICODE),)) == ["Margin ratio"]


def test_the_title_has_the_newest_value_with_its_severity() -> None:
    assert texts((title_line(MARGIN, 1.8, "", 70, UNICODE),)) == ["Margin ratio  last 1.800"]
    high = title_line(MARGIN, 1.1, "", 70, UNICODE)
    assert texts((high,)) == ["Margin ratio  last ◆ 1.100"]
    assert Tone.HIGH in {span.tone for span in high}


def test_an_old_value_stands_with_its_age_whatever_it_is() -> None:
    old = title_line(MARGIN, 1.0, "75 s", 70, UNICODE)
    assert texts((old,)) == ["Margin ratio  last ? 1.000, 75 s ago"]
    assert {span.tone for span in old} == {Tone.STRONG, Tone.PLAIN, Tone.UNKNOWN}


def test_the_curve_ends_where_it_was_last_seen_and_is_grey_once_that_is_long_ago() -> None:
    points = falling(1.4, 1.1)
    lines = plot_lines(MARGIN, Seen(points, points[-1][0] + 250, old=True), SIZE, UNICODE)
    curve = [span for line in lines for span in line if set(span.text) & set(map(chr, range(0x2801, 0x2900)))]
    assert {span.tone for span in curve} == {Tone.UNKNOWN}
    drawn = [x for line in texts(lines) for x, sign in enumerate(line) if "\u2800" < sign <= "\u28ff"]
    assert max(drawn) < SIZE.width - 12


@settings(max_examples=examples(15, 30))
@given(
    st.lists(st.floats(-1e9, 1e9, width=32), max_size=20),
    st.integers(10, 120),
    st.integers(1, 30),
    st.booleans(),
)
def test_it_never_takes_more_room_than_it_has(
    values: list[float], cells: int, lines: int, ascii_: bool
) -> None:
    points = [(5.0 * n, value) for n, value in enumerate(values)]
    drawn = texts(plot_lines(MARGIN, seen(points), Size(cells, lines), ASCII if ascii_ else UNICODE))
    assert len(drawn) <= lines
    assert all(cell_len(line) <= cells for line in drawn)
