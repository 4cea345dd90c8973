"""Colours: severities differ on every terminal, whatever it makes of the theme's values."""

import itertools

import pytest
from rich.color import Color, ColorSystem
from textual.theme import Theme

from console.tui.theme import DARK, DARK_16, LIGHT, LIGHT_16, themes_for

SEVERITIES = ("ok", "warning", "unknown", "high", "critical")


def on_terminal(theme: Theme, name: str, system: ColorSystem) -> int | None:
    """The number of the colour that a terminal of this kind shows for a severity, or for the background."""
    value = theme.background if name == "background" else theme.variables[f"severity-{name}"]
    return Color.parse(str(value)).downgrade(system).number


@pytest.mark.parametrize(
    ("theme", "system"),
    [
        (DARK, ColorSystem.EIGHT_BIT),
        (LIGHT, ColorSystem.EIGHT_BIT),
        (DARK_16, ColorSystem.STANDARD),
        (LIGHT_16, ColorSystem.STANDARD),
    ],
    ids=lambda value: value.name,
)
def test_severities_differ_from_one_another_and_from_the_background(
    theme: Theme, system: ColorSystem
) -> None:
    shown = {name: on_terminal(theme, name, system) for name in (*SEVERITIES, "background")}
    for one, other in itertools.combinations(shown, 2):
        assert shown[one] != shown[other], f"{one} looks like {other}"


@pytest.mark.parametrize(
    ("environ", "themes"),
    [
        ({"TERM": "linux"}, (DARK_16, LIGHT_16)),
        ({"TERM": "xterm"}, (DARK_16, LIGHT_16)),
        ({}, (DARK_16, LIGHT_16)),
        ({"TERM": "tmux-256color"}, (DARK, LIGHT)),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, (DARK, LIGHT)),
        ({"TERM": "xterm-kitty"}, (DARK, LIGHT)),
    ],
)
def test_the_themes_are_those_for_the_terminals_colours(
    environ: dict[str, str], themes: tuple[Theme, ...]
) -> None:
    assert themes_for(environ) == themes
