"""Lines that haven't changed aren't worked out again, and those that have are."""

import pytest
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip

from console.tui.widgets.dressed import Dressed


class _Counting(Dressed):
    """Shows its `words` on every line, and keeps which lines it was asked for."""

    words = "before"

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    def render_line(self, y: int) -> Strip:
        self.asked.append(y)
        return Strip([Segment(self.words, self.dress())]).adjust_cell_length(self.size.width, self.dress())


class _Page(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.shown = _Counting()

    def compose(self) -> ComposeResult:
        yield self.shown

    def lines(self) -> list[str]:
        return [strip.text for strip in self.shown.render_lines(self.shown.size.region)]


async def test_what_has_not_changed_is_not_asked_for_again() -> None:
    app = _Page()
    async with app.run_test(size=(20, 3)):
        before = app.lines()
        app.shown.asked.clear()
        assert (app.lines(), app.shown.asked) == (before, [])


async def test_a_refreshed_line_is_worked_out_again_and_no_other() -> None:
    app = _Page()
    async with app.run_test(size=(20, 3)):
        app.lines()
        app.shown.asked.clear()
        app.shown.words = "after"
        app.shown.refresh(Region(0, 1, 20, 1))
        assert [line.strip() for line in app.lines()] == ["before", "after", "before"]
        assert app.shown.asked == [1]


async def test_a_refreshed_widget_is_worked_out_as_a_whole() -> None:
    app = _Page()
    async with app.run_test(size=(20, 3)):
        app.lines()
        app.shown.words = "after"
        app.shown.refresh()
        assert [line.strip() for line in app.lines()] == ["after"] * 3


async def test_lines_have_the_new_width_after_a_resize() -> None:
    app = _Page()
    async with app.run_test(size=(20, 3)) as pilot:
        app.lines()
        await pilot.resize_terminal(30, 2)
        await pilot.pause()
        assert [len(line) for line in app.lines()] == [30, 30]


async def test_part_of_the_widget_is_cut_out_of_its_lines() -> None:
    app = _Page()
    async with app.run_test(size=(20, 3)):
        app.lines()
        cut = app.shown.render_lines(Region(2, 1, 4, 1))
        assert [strip.text for strip in cut] == ["fore"]


async def test_what_is_around_the_lines_is_drawn() -> None:
    app = _Page()
    async with app.run_test(size=(20, 3)) as pilot:
        app.lines()
        app.shown.styles.padding = (0, 0, 0, 3)
        await pilot.pause()
        assert app.shown.render_lines(Region(0, 0, 20, 1))[0].text.startswith("   before")


async def test_without_colours_no_style_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = _Page()
    async with app.run_test(size=(20, 3)):
        app.shown.styles.color = "red"
        colour = app.shown.dress().color
        assert colour is not None and colour.triplet is not None
        assert len(set(colour.triplet)) == 1
