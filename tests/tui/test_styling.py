"""Styles that are worked out once, and again where something has changed."""

from textual.css.styles import RenderStyles
from textual.dom import DOMNode

from console.tui.theme import TONES
from tests.tui.plain import PlainConsole, plain_console
from tests.tui.screen import painted


def parts(app: PlainConsole) -> dict[tuple[int, str], RenderStyles]:
    """The styles of every part of every widget that is shown."""
    return {
        (id(widget), name): styles
        for widget in app.screen.walk_children(with_self=True)
        for name, styles in widget._component_styles.items()
    }


async def test_a_screen_that_is_shown_again_has_the_styles_that_it_had() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        await pilot.press("2", "1", "2")
        before = parts(app)
        await pilot.press("1", "2")
        assert before
        assert all(styles is before[part] for part, styles in parts(app).items())


async def test_another_theme_gives_parts_other_styles() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        before = {part: styles.color for part, styles in parts(app).items()}
        app.theme = "opsconsole-light"
        await pilot.pause()
        assert {part: styles.color for part, styles in parts(app).items()} != before


async def test_parts_that_rules_tie_to_a_place_are_styled_anew_there() -> None:
    app = plain_console()
    app.stylesheet.add_source(".-other .tone--ok { color: red; }")
    async with app.run_test(size=(80, 24)) as pilot:
        await painted(app)
        before = parts(app)
        app.screen.add_class("-other")
        await pilot.pause()
        other = {name for (widget, name), styles in parts(app).items() if styles is not before[widget, name]}
        assert other & TONES == {"tone--ok"}


async def test_each_part_looks_as_textual_would_have_it() -> None:
    app = plain_console()
    async with app.run_test(size=(80, 24)):
        await painted(app)
        for widget in app.screen.walk_children(with_self=True):
            for name, styles in widget._component_styles.items():
                part = DOMNode(classes=name)
                part._attach(widget)
                app.stylesheet.apply(part)
                assert styles.base.get_rules() == part.styles.base.get_rules()
