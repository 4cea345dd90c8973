"""The table: order, columns, and that only what changes is drawn."""

import itertools
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.geometry import Region

from console.domain.severity import Severity
from console.tui.text import fit
from console.tui.theme import UNICODE, Tone
from console.tui.widgets.table.across import place
from console.tui.widgets.table.columns import Cell, Column
from console.tui.widgets.table.lines import counting_title
from console.tui.widgets.table.rows import Rows
from console.tui.widgets.table.table import Table


@dataclass(frozen=True, slots=True)
class Item:
    name: str
    number: float | None = 0.0
    severity: Severity = Severity.OK


COLUMNS: list[Column[Item]] = [
    Column("name", "NAME", 8, lambda i: Cell(i.name), lambda i: (i.name,), "left", grow=8),
    Column(
        "number",
        "NUMBER",
        6,
        lambda i: Cell(f"{i.number}", mark="!"),
        lambda i: None if i.number is None else (i.number,),
        marked=True,
    ),
    *(Column(f"c{n}", f"C{n}", 8, lambda _item: Cell("x"), lambda item: (item.name,)) for n in range(8)),
]


class Recorded(Table[Item]):
    """A table that notes which regions it has drawn again."""

    regions: list[Region]

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> "Recorded":
        self.__dict__.setdefault("regions", []).extend(regions)
        super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        return self


class Host(App[None]):
    CSS = "Table { width: 1fr; height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.table = Recorded("items", lambda item: item.name, lambda item: item.severity, UNICODE)

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.set_columns(COLUMNS, "number")
        self.table.focus()


def items(count: int) -> list[Item]:
    return [Item(f"i{n:04}", float(n)) for n in range(count)]


async def test_one_changed_number_draws_one_cell() -> None:
    host = Host()
    async with host.run_test(size=(60, 12)) as pilot:
        rows = items(100)
        host.table.set_rows(rows)
        await pilot.pause()
        host.table.regions.clear()
        host.table.set_rows([*rows[:3], replace(rows[3], number=3.5), *rows[4:]])
        assert [(region.y, region.height, region.width) for region in host.table.regions] == [(4, 1, 8)]


async def test_unchanged_rows_draw_nothing() -> None:
    host = Host()
    async with host.run_test(size=(60, 12)) as pilot:
        host.table.set_rows(items(100))
        await pilot.pause()
        host.table.regions.clear()
        host.table.set_rows(items(100))
        assert host.table.regions == []


async def test_only_visible_rows_are_formatted() -> None:
    formatted: set[str] = set()

    def cell(item: Item) -> Cell:
        formatted.add(item.name)
        return Cell(item.name)

    host = Host()
    async with host.run_test(size=(60, 12)) as pilot:
        host.table.set_columns([replace(COLUMNS[0], cell=cell)], "name")
        host.table.set_rows(items(5000))
        await pilot.pause()
        assert len(formatted) <= 12


async def test_rows_without_a_value_come_last_in_both_directions() -> None:
    host = Host()
    async with host.run_test(size=(60, 12)) as pilot:
        host.table.set_rows([Item("a", None), Item("b", 2.0), Item("c", 1.0)])
        assert host.table.keys == ("c", "b", "a")
        await pilot.press("right", "S")
        assert host.table.keys == ("b", "c", "a")


async def test_equal_rows_keep_the_order_of_their_keys_in_both_directions() -> None:
    host = Host()
    async with host.run_test(size=(60, 12)) as pilot:
        host.table.set_rows([Item("c", 1.0), Item("a", 1.0), Item("b", 1.0)])
        assert host.table.keys == ("a", "b", "c")
        await pilot.press("right", "S")
        assert host.table.keys == ("a", "b", "c")


async def test_a_vanished_row_leaves_the_cursor_where_it_was() -> None:
    host = Host()
    async with host.run_test(size=(60, 12)) as pilot:
        rows = items(20)
        host.table.set_rows(rows)
        await pilot.press("down", "down", "down")
        host.table.set_rows([row for row in rows if row.name != "i0003"])
        assert host.table.cursor_key == "i0004"


async def test_every_row_can_be_reached_and_left_with_keys() -> None:
    host = Host()
    async with host.run_test(size=(60, 12)) as pilot:
        host.table.set_rows(items(100))
        await pilot.pause()
        await pilot.press("end")
        assert host.table.cursor_key == "i0099"
        assert "i0099" in host.table.render_line(11).text
        await pilot.press("pageup", "up")
        assert host.table.cursor_key == "i0087"
        await pilot.press("home", "pagedown", "down")
        assert host.table.cursor_key == "i0012"


async def test_the_first_column_stays_while_the_others_scroll_under_the_chosen_one() -> None:
    host = Host()
    async with host.run_test(size=(60, 12)) as pilot:
        host.table.set_rows(items(5))
        await pilot.pause()
        await pilot.press(*["right"] * 6)
        header = host.table.render_line(0).text
        assert header.startswith("  NAME")
        assert "NUMBER" not in header
        assert "‹" in header
        assert "C4" in header
        await pilot.press(*["left"] * 5)
        assert "NUMBER" in host.table.render_line(0).text
        assert "‹" not in host.table.render_line(0).text


async def test_columns_that_have_no_room_are_told_of_and_no_title_is_cut() -> None:
    host = Host()
    async with host.run_test(size=(60, 12)) as pilot:
        host.table.set_rows(items(5))
        for _ in COLUMNS:
            header = host.table.render_line(0).text
            titles = {column.title for column in COLUMNS} | {"↓", "1/5", "‹", "›"}
            assert set(header.split()) <= titles
            assert header.endswith("›") or "C7" in header
            await pilot.press("right")


async def test_rows_worse_than_the_page_are_counted_in_the_header() -> None:
    host = Host()
    async with host.run_test(size=(60, 12)) as pilot:
        host.table.set_columns(COLUMNS[:2], "number")
        bad = [Item(f"b{n}", -10.0 + n, Severity.HIGH) for n in range(3)]
        host.table.set_rows([*bad, *items(60)])
        await pilot.pause()
        assert "worse" not in host.table.render_line(0).text
        await pilot.press("end")
        assert "NAME 63/63 ◆3↑" in host.table.render_line(0).text
        await pilot.press("right", "S", "home")
        assert "NAME 1/63 ◆3↓" in host.table.render_line(0).text
        await pilot.press("end")
        assert "worse" not in host.table.render_line(0).text


async def test_worse_rows_on_both_sides_are_told_apart() -> None:
    host = Host()
    async with host.run_test(size=(60, 12)) as pilot:
        host.table.set_columns(COLUMNS[:2], "number")
        ends = [Item("a", -1.0, Severity.WARNING), Item("z", 99.0, Severity.CRITICAL)]
        host.table.set_rows([*ends, *items(60)])
        await pilot.press(*["pagedown"] * 2)
        assert "NAME 23/62 ✘1↑1↓" in host.table.render_line(0).text


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        (40, "NAME 1/5000"),
        (11, "NAME 1/5000"),
        (10, "NA… 1/5000"),
        (9, "N… 1/5000"),
        (8, "NAME"),
        (4, "NAME"),
    ],
)
def test_a_title_is_clipped_for_the_cursors_place_as_long_as_it_says_something(
    cells: int, shown: str
) -> None:
    rows: Rows[Item] = Rows(lambda item: item.name, lambda item: item.severity)
    rows.take(items(5000))
    rows.sort(COLUMNS[0], reverse=False)
    assert counting_title("NAME", rows, 0, 10, cells=cells, glyphs=UNICODE).text == shown


def test_a_clipped_title_keeps_the_arrow_of_its_sorting() -> None:
    rows: Rows[Item] = Rows(lambda item: item.name, lambda item: item.severity)
    rows.take(items(58))
    rows.sort(COLUMNS[0], reverse=False)
    assert counting_title("SYMBOL ↓", rows, 0, 10, cells=12, glyphs=UNICODE).text == "SYMB… ↓ 1/58"


@pytest.mark.parametrize(
    ("cells", "shown", "tone"),
    [
        (23, "NAME 1/23 3 worse above", Tone.CRITICAL),
        (22, "NAME 1/23 ↑3 worse", Tone.CRITICAL),
        (17, "NAME 1/23 ✘3↑", Tone.CRITICAL),
        (12, "NAME 1/23", Tone.PLAIN),
    ],
)
def test_a_warning_of_worse_rows_comes_after_the_place_and_only_where_it_has_room(
    cells: int, shown: str, tone: Tone
) -> None:
    rows: Rows[Item] = Rows(lambda item: item.name, lambda item: item.severity)
    rows.take([*(Item(f"a{n}", severity=Severity.CRITICAL) for n in range(3)), *items(20)])
    rows.sort(COLUMNS[0], reverse=False)
    title = counting_title("NAME", rows, 5, 10, cells=cells, glyphs=UNICODE)
    assert (title.text, title.tone) == (shown, tone)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(12, 40))
def test_the_cursors_place_follows_the_title_wherever_the_page_is(at: int, top: int, cells: int) -> None:
    rows: Rows[Item] = Rows(lambda item: item.name, lambda item: item.severity)
    rows.take([*(Item(f"a{n}", severity=Severity.CRITICAL) for n in range(3)), *items(28)])
    rows.sort(COLUMNS[0], reverse=False)
    rows.move(at)
    shown = counting_title("NAME", rows, top, 10, cells=cells, glyphs=UNICODE).text
    assert shown.startswith(f"NAME {at + 1}/31")


def lines_of(host: Host) -> list[str]:
    return [host.table.render_line(y).text for y in range(host.table.size.height)]


@pytest.mark.parametrize(
    "keys",
    [
        ("down",),
        ("down", "down", "up"),
        ("end", "up"),
        ("end", "up", "up", "down"),
        (*["down"] * 15, "up", "up"),
        ("pagedown", "up"),
        ("space", "down", "space", "up"),
    ],
)
async def test_a_cursor_key_draws_the_row_left_the_row_reached_and_the_count(keys: tuple[str, ...]) -> None:
    host = Host()
    async with host.run_test(size=(60, 12)) as pilot:
        host.table.set_rows(items(40))
        await pilot.press(*keys[:-1])
        left = host.table._rows.cursor - host.table._top
        host.table.regions.clear()
        await pilot.press(keys[-1])
        reached = host.table._rows.cursor - host.table._top
        assert {region.y for region in host.table.regions} == {0, 1 + left, 1 + reached}
        drawn = lines_of(host)
        assert [y for y, line in enumerate(drawn) if "▸" in line] == [1 + reached]
        host.table._draw_all()
        assert drawn == lines_of(host)


async def test_after_looking_elsewhere_a_cursor_key_leaves_one_cursor() -> None:
    host = Host()
    async with host.run_test(size=(60, 12)) as pilot:
        host.table.set_rows(items(40))
        host.table._wheel(5)
        await pilot.press("down")
        drawn = lines_of(host)
        host.table._draw_all()
        assert drawn == lines_of(host)
        assert sum("▸" in line for line in drawn) == 1


async def test_going_back_to_the_default_order_goes_back_to_the_first_columns_too() -> None:
    host = Host()
    async with host.run_test(size=(60, 12)) as pilot:
        host.table.set_rows(items(5))
        await pilot.pause()
        before = host.table.render_line(0).text
        await pilot.press(*["right"] * 6, "S", "w")
        assert "‹" not in host.table.render_line(0).text
        assert host.table.render_line(0).text == before


async def test_an_empty_table_takes_every_key() -> None:
    host = Host()
    async with host.run_test(size=(60, 12)) as pilot:
        await pilot.press("down", "up", "end", "home", "pagedown", "s", "S", "right", "left")
        assert host.table.cursor_key is None


async def test_a_click_on_a_title_sorts_and_on_a_row_moves_the_cursor() -> None:
    host = Host()
    async with host.run_test(size=(60, 12)) as pilot:
        host.table.set_rows([Item("a", 3.0), Item("b", 2.0), Item("c", 1.0)])
        await pilot.pause()
        await pilot.click(Recorded, offset=(3, 0))
        assert host.table.keys == ("a", "b", "c")
        await pilot.click(Recorded, offset=(3, 2))
        assert host.table.cursor_key == "b"


@given(st.integers(0, 9), st.integers(20, 250))
def test_columns_never_overlap_and_never_leave_the_screen(left: int, cells: int) -> None:
    placed = place(COLUMNS, left, cells)
    for before, after in itertools.pairwise(placed):
        assert after.x >= before.x + before.width + 2
    assert placed[-1].x + placed[-1].width <= max(cells, 2 + 8 + 2 + 8)


@pytest.mark.parametrize("text", ["漢字漢字漢字", "x" * 50, "\x1b[2J"])
def test_a_cell_is_as_wide_as_its_column(text: str) -> None:
    assert len(fit(text, 7, "left", "…")) <= 7
