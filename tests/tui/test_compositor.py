"""A line ends with the last one who holds it, and not when the garbage collector comes round to it."""

from textual.app import App, ComposeResult
from textual.containers import Container
from textual.widget import Widget
from textual.widgets import Static

from console.tui.screens.sent_soon import SentSoon


class _Page(SentSoon[None]):
    """Contents that hide what contains them."""

    def compose(self) -> ComposeResult:
        yield Container(Static("\n".join("abc")))


async def test_neither_a_line_in_sight_nor_a_hidden_one_holds_itself() -> None:
    app: App[None] = App()
    async with app.run_test(size=(20, 3)):
        page = _Page()
        await app.push_screen(page)
        page._compositor.render_full_update()
        widgets = page.walk_children(Widget, with_self=True)
        lines = [line for widget in widgets for line in widget.render_lines(widget.size.region)]
        held = [part for line in lines for parts in line._divide_cache._cache.values() for part in parts]
        assert len(lines) == 9
        assert not {id(line) for line in lines} & {id(part) for part in held}
