"""What the operator does with a table: filter, marks, sorting by the chosen column, copying, opening."""

from dataclasses import replace

import pytest

from console.domain.severity import Severity
from console.tui.widgets.table.columns import Cell
from console.tui.widgets.table.filter import Filter
from console.tui.widgets.table.table import NO_MATCH
from tests.tui.screen import text_of
from tests.tui.tables import COLUMNS, Pair, TableApp, margin_cell, pairs
from tests.waiting import until


def app_of(*rows: Pair) -> TableApp:
    return TableApp(rows)


async def ask(app: TableApp, text: str) -> None:
    """Type a filter, and wait until the rows have followed."""
    await app.type("slash")
    await until(lambda: not app.table.has_focus)
    await app.type("ctrl+u", *text)
    await until(lambda: app.table._wanted is None)


async def test_a_filter_is_applied_as_it_is_typed_and_its_header_counts() -> None:
    app = TableApp(pairs(60))
    async with app.run_test(size=(80, 24)) as pilot:
        await ask(app, "margin<1.1")
        assert app.table.keys == tuple(f"P{n:03}" for n in range(10))
        assert app.line(0).startswith(" /margin<1.1  10 of 60")
        await pilot.press("enter")
        await pilot.pause()
        assert app.table.has_focus
        assert len(app.table.keys) == 10


async def test_a_term_in_error_changes_nothing_and_the_others_go_on() -> None:
    app = TableApp(pairs(60))
    async with app.run_test(size=(80, 24)):
        await ask(app, "p00 margin<")
        await until(lambda: "a number is needed, as in margin<1.2 " in text_of(app))
        assert len(app.table.keys) == 10
        await ask(app, "p01 foo<3")
        assert app.line(0).startswith(" /p01  10 of 60")


async def test_what_matches_nothing_says_so_beside_itself_while_it_is_typed() -> None:
    app = TableApp(pairs(60))
    async with app.run_test(size=(80, 24)):
        await ask(app, "p00")
        assert NO_MATCH not in text_of(app)
        await ask(app, "p00x")
        await until(lambda: f"p00x   {NO_MATCH} " in text_of(app).splitlines()[-1])
        await app.type("backspace")
        await until(lambda: NO_MATCH not in text_of(app))


async def test_what_was_typed_before_an_error_is_no_filter() -> None:
    app = TableApp([Pair("FAR"), Pair("NEAR"), Pair("OFF")])
    async with app.run_test(size=(80, 24)):
        await ask(app, "f")
        assert len(app.table.keys) == 2
        await ask(app, "f<3")
        assert len(app.table.keys) == 3


async def test_enter_on_a_term_in_error_stays_in_the_prompt_and_esc_restores_the_filter_before() -> None:
    app = TableApp(pairs(60))
    async with app.run_test(size=(80, 24)) as pilot:
        await ask(app, "p00")
        await pilot.press("enter")
        await ask(app, "foo<3")
        await pilot.press("enter")
        await pilot.pause()
        assert not app.table.has_focus
        assert "no such column; try" in text_of(app).splitlines()[-1]
        await pilot.press("escape")
        await pilot.pause()
        assert app.table.has_focus
        assert app.line(0).startswith(" /p00  10 of 60")


async def test_many_keys_at_once_cost_few_looks_at_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    app = TableApp(pairs(60))
    async with app.run_test(size=(80, 24)):
        looked: list[str] = []
        rows = app.table._rows
        any_match = rows.any_match

        def counted(wanted: Filter[Pair]) -> bool:
            looked.append(wanted.text)
            return any_match(wanted)

        monkeypatch.setattr(rows, "any_match", counted)
        await ask(app, "p00 margin<1.05")
        assert len(app.table.keys) == 5
        assert len(looked) <= 3


async def test_esc_in_the_prompt_takes_back_what_was_typed_and_where_the_cursor_went() -> None:
    app = TableApp(pairs(60))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*["down"] * 25)
        assert app.table.cursor_key == "P025"
        await ask(app, "p00")
        assert app.table.cursor_key == "P009"
        await pilot.press("escape")
        await pilot.pause()
        assert app.table.cursor_key == "P025"
        assert len(app.table.keys) == 60


async def test_esc_takes_the_filter_off_before_it_goes_back() -> None:
    app = TableApp(pairs(60))
    async with app.run_test(size=(120, 24)) as pilot:
        assert not app.table.check_action("all_rows", ())
        await ask(app, "p00")
        await pilot.press("enter")
        await until(lambda: "all rows" in text_of(app).splitlines()[-1])
        await pilot.press("escape")
        await until(lambda: "all rows" not in text_of(app))
        assert len(app.table.keys) == 60
        assert not app.table.check_action("all_rows", ())


async def test_the_cursors_row_stays_although_it_matches_no_longer_until_the_cursor_leaves_it() -> None:
    rows = pairs(20)
    app = TableApp(rows)
    async with app.run_test(size=(100, 24)) as pilot:
        await ask(app, "margin<1.1")
        await pilot.press("enter", "down", "down")
        assert app.table.cursor_key == "P002"
        app.table.set_rows([replace(row, margin=9.0) if row.name == "P002" else row for row in rows])
        assert app.table.cursor_key == "P002"
        assert "no longer matches" in app.line(0)
        await pilot.press("down")
        assert app.table.cursor_key == "P003"
        assert "P002" not in app.table.keys
        assert "no longer matches" not in app.line(0)


async def test_rows_that_a_filter_hides_and_that_are_worse_are_announced() -> None:
    rows = [*pairs(5), Pair("X1", severity=Severity.HIGH), Pair("X2", severity=Severity.CRITICAL)]
    app = TableApp(rows)
    async with app.run_test(size=(80, 24)):
        await ask(app, "p00")
        assert "✘ 2 worse hidden" in app.line(0)
        await ask(app, "x2")
        assert "worse hidden" not in app.line(0)
        app.table.set_rows([*rows, Pair("Y", severity=Severity.CRITICAL)])
        await ask(app, "x1")
        assert "✘ 2 worse hidden" in app.line(0)


async def test_a_long_filter_is_cut_with_an_ellipsis_and_the_counts_stay() -> None:
    app = TableApp([*pairs(9), Pair("X", severity=Severity.CRITICAL)])
    async with app.run_test(size=(80, 24)):
        await ask(app, "!" + "long" * 18)
        line = app.line(0)
        assert "…" in line
        assert line.endswith("10 of 10")


async def test_a_filter_that_nothing_matches_waits_for_enter() -> None:
    app = TableApp(pairs(9))
    async with app.run_test(size=(80, 24)) as pilot:
        await ask(app, "zz")
        assert len(app.table.keys) == 9
        await pilot.press("enter")
        await pilot.pause()
        assert app.table.keys == ()
        assert app.line(0).startswith(" /zz  0 of 9")
        app.table.set_rows([*pairs(9), Pair("ZZ")])
        assert app.table.cursor_key == "ZZ"


async def test_marks_stay_on_their_rows_and_can_be_shown_alone() -> None:
    app = TableApp(pairs(30))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("space", "down", "down", "space")
        assert "•2" in app.line(0)
        assert app.line(1).startswith(" •P000")
        assert app.line(3).startswith("▸•P002")
        app.table.set_rows(list(reversed(pairs(30))))
        await pilot.press("s", "m")
        assert app.table.keys == ("P000", "P002")
        assert app.line(0).startswith(" marked only  2 of 30  •2 marked")
        await pilot.press("space")
        assert app.table.keys == ("P000", "P002")
        await pilot.press("up")
        assert len(app.table.keys) == 1
        await pilot.press("M")
        assert len(app.table.keys) == 30
        assert "•" not in app.line(0)


async def test_without_marks_showing_them_alone_says_how_to_mark() -> None:
    app = TableApp(pairs(3))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("m")
        assert app.shown.said == ["no row is marked yet: space marks the one under the cursor"]
        assert len(app.table.keys) == 3


async def test_sorting_by_the_chosen_column_twice_turns_it_round_and_w_goes_back() -> None:
    app = app_of(Pair("A", 3.0), Pair("B", 1.0, severity=Severity.HIGH), Pair("C", 2.0))
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.table.keys == ("B", "A", "C")
        await pilot.press("right", "right", "S")
        assert app.table.keys == ("B", "C", "A")
        await pilot.press("S")
        assert app.table.keys == ("A", "C", "B")
        await pilot.press("w")
        assert app.table.keys == ("B", "A", "C")
        await pilot.press("s")
        assert app.table.keys == ("B", "C", "A")


async def test_the_chosen_cell_is_copied_as_it_is_shown_and_control_characters_are_not() -> None:
    app = app_of(Pair("A\x1b]52;c;eA==\x07", 1.234))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("y")
        assert app.clipboard == "A\\x1b]52;c;eA==\\x07"
        await pilot.press("right", "right", "y")
        assert app.clipboard == "1.23"
        assert app.shown.said[-1] == "sent to your clipboard: 1.23"


async def test_enter_and_a_double_click_open_the_row() -> None:
    app = TableApp(pairs(5))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down", "enter")
        await pilot.pause()
        assert app.shown.opened == ["P001"]
        await pilot.double_click(type(app.table), offset=(4, 4))
        await pilot.pause()
        assert app.shown.opened[1:] == ["P003"]


async def test_a_click_on_a_title_chooses_the_column_and_sorts_by_it() -> None:
    app = TableApp(pairs(5))
    async with app.run_test(size=(80, 24)) as pilot:
        x = app.line(0).index("MARGIN")
        await pilot.click(type(app.table), offset=(x, 0))
        await pilot.click(type(app.table), offset=(x, 0))
        await pilot.pause()
        assert app.table.keys == ("P004", "P003", "P002", "P001", "P000")
        await pilot.press("y")
        assert app.clipboard == "1.04"


async def test_the_wheel_looks_elsewhere_and_the_next_key_comes_back_to_the_cursor() -> None:
    app = TableApp(pairs(60))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down")
        app.table._wheel(30)
        assert app.line(1).startswith("  P030")
        app.table.set_rows(pairs(60))
        assert app.line(1).startswith("  P030")
        assert app.table.cursor_key == "P001"
        await pilot.press("down")
        assert app.line(1).startswith("▸ P002")


async def test_which_way_a_number_last_moved_stands_beside_it_until_it_moves_again() -> None:
    app = app_of(Pair("A", 1.0), Pair("B", 2.0))
    async with app.run_test(size=(80, 24)):
        assert "1.00 ↑" not in app.line(1)
        for margin, shown in ((1.5, "1.50 ↑"), (1.5, "1.50 ↑"), (1.501, "1.50 ↑"), (1.2, "1.20 ↓")):
            app.table.set_rows([Pair("A", margin), Pair("B", 2.0)])
            assert shown in app.line(1)
            assert "2.00  " in app.table.render_line(2).text


async def test_a_row_that_comes_back_into_view_still_tells_which_way_it_moved() -> None:
    rows = pairs(60)
    app = TableApp(rows)
    async with app.run_test(size=(80, 24)) as pilot:
        app.table.set_rows([replace(rows[0], margin=0.5), *rows[1:]])
        assert "0.50 ↓" in app.line(1)
        await pilot.press("end", "home")
        assert "0.50 ↓" in app.line(1)
        await pilot.press("end")
        app.table.set_rows([replace(rows[0], margin=0.7), *rows[1:]])
        await pilot.press("home")
        assert "0.70 ↑" in app.line(1)


@pytest.mark.parametrize("key", ["slash", "c", "y", "m", "M", "space", "enter", "S", "s", "w", "escape"])
async def test_a_table_without_rows_takes_every_key(key: str) -> None:
    app = app_of()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(key)
        await pilot.pause()
        assert app.table.keys == ()
        assert app.shown.opened == []


async def test_a_stale_cell_is_grey_whatever_its_severity_and_points_nowhere() -> None:
    app = app_of(Pair("A", 1.0, severity=Severity.CRITICAL))
    async with app.run_test(size=(80, 24)):
        app.table.set_columns([*COLUMNS[:2], replace(COLUMNS[2], cell=stale_cell)], "state")
        app.table.set_rows([Pair("A", 2.0, severity=Severity.CRITICAL)])
        line = app.table.render_line(1)
        grey = app.table.get_component_rich_style("tone--unknown").color
        (segment,) = (segment for segment in line if "2.00" in segment.text)
        assert segment.style is not None
        assert segment.style.color == grey
        assert "↑" not in line.text


def stale_cell(pair: Pair) -> Cell:
    return margin_cell(pair)._replace(stale=True)


async def test_a_plain_terminal_gets_signs_that_it_can_show() -> None:
    app = TableApp([Pair(f"Ü{n:02}", 1.0) for n in range(40)], LANG="C", TERM="linux")
    async with app.run_test(size=(80, 24)) as pilot:
        app.table.set_rows([Pair(f"Ü{n:02}", 2.0) for n in range(40)])
        await pilot.press("space", "right", "right", "right", "S")
        await ask(app, "margin>1")
        lines = [app.line(y) for y in range(22)]
        assert all(line.isascii() for line in lines)
        assert lines[2].startswith(">*?00")
        assert "2.00 ^" in lines[2]
