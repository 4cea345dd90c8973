"""Colours: severities differ on every terminal and for every eye, and every text is readable."""

import itertools
from collections.abc import Sequence

import pytest
from rich.color import Color, ColorSystem
from textual.color import Color as TextualColor
from textual.theme import Theme

from console.tui.theme import (
    ASCII,
    BLUE_YELLOW,
    DARK,
    DARK_16,
    FEW,
    LIGHT,
    LIGHT_16,
    MANY,
    MEANINGS,
    RED_GREEN,
    UNICODE,
    Glyphs,
    glyphs_for,
    name_of,
    themes_for,
)

SEVERITIES = ("ok", "warning", "unknown", "high", "critical")

# Gustavo M. Machado, Manuel M. Oliveira and Leandro A. F. Fernandes, A Physiologically-based Model for
# Simulation of Color Vision Deficiency, 2009: the matrices of severity 1.0, for linear RGB.
PROTANOPIA = (
    (0.152286, 1.052583, -0.204868),
    (0.114503, 0.786281, 0.099216),
    (-0.003882, -0.048116, 1.051998),
)
DEUTERANOPIA = (
    (0.367322, 0.860646, -0.227968),
    (0.280085, 0.672501, 0.047413),
    (-0.01182, 0.04294, 0.968881),
)
TRITANOPIA = ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039))
NORMAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))

Matrix = tuple[tuple[float, ...], ...]

APART = 20.0
"""The least difference of two severities in CIELAB: ten times what an eye just notices side by side."""


def on_terminal(theme: Theme, name: str, system: ColorSystem) -> int | None:
    """The number of the colour that a terminal of this kind shows for a severity, or for the background."""
    value = theme.background if name == "background" else theme.variables[f"severity-{name}"]
    return Color.parse(str(value)).downgrade(system).number


def linear(colour: str) -> list[float]:
    """A colour's linear RGB (IEC 61966-2-1)."""
    parts = (part / 255 for part in TextualColor.parse(colour).rgb)
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def seen(colour: str, eye: Matrix) -> list[float]:
    """The colour as such an eye sees it, in linear RGB."""
    parts = linear(colour)
    return [min(1.0, max(0.0, sum(a * b for a, b in zip(row, parts, strict=True)))) for row in eye]


def lab(rgb: Sequence[float]) -> tuple[float, float, float]:
    """CIELAB of a linear RGB colour, with the white of sRGB (D65)."""
    red, green, blue = rgb
    xyz = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883,
    )
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def difference(one: str, other: str, eye: Matrix) -> float:
    pairs = zip(lab(seen(one, eye)), lab(seen(other, eye)), strict=True)
    return float(sum((a - b) ** 2 for a, b in pairs) ** 0.5)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (WCAG 2.2, 1.4.3)."""
    weights = (0.2126, 0.7152, 0.0722)
    lights = sorted(sum(w * part for w, part in zip(weights, linear(c), strict=True)) for c in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


@pytest.mark.parametrize(
    ("theme", "system"),
    [(theme, ColorSystem.EIGHT_BIT) for theme in MANY] + [(theme, ColorSystem.STANDARD) for theme in FEW],
    ids=lambda value: value.name,
)
def test_severities_differ_from_one_another_and_from_the_background(
    theme: Theme, system: ColorSystem
) -> None:
    shown = {name: on_terminal(theme, name, system) for name in (*SEVERITIES, "background")}
    for one, other in itertools.combinations(shown, 2):
        assert shown[one] != shown[other], f"{one} looks like {other}"


@pytest.mark.parametrize(
    ("theme", "eye"),
    [
        (DARK, NORMAL),
        (LIGHT, NORMAL),
        (RED_GREEN, NORMAL),
        (RED_GREEN, PROTANOPIA),
        (RED_GREEN, DEUTERANOPIA),
        (BLUE_YELLOW, NORMAL),
        (BLUE_YELLOW, TRITANOPIA),
    ],
)
def test_severities_stay_apart_for_the_eyes_that_the_theme_is_for(theme: Theme, eye: Matrix) -> None:
    colours = {name: theme.variables[f"severity-{name}"] for name in SEVERITIES}
    for one, other in itertools.combinations(colours, 2):
        apart = difference(colours[one], colours[other], eye)
        assert apart >= APART, f"{one} and {other} are {apart:.0f} apart"


def grounds(theme: Theme) -> dict[str, str]:
    return {
        "background": str(theme.background),
        "panel": str(theme.panel),
        "cursor": theme.variables["cursor"],
        "cursor-blurred": theme.variables["cursor-blurred"],
    }


def texts(theme: Theme) -> dict[str, str]:
    named = {name: theme.variables[f"severity-{name}"] for name in SEVERITIES}
    return {"foreground": str(theme.foreground), "quiet": theme.variables["quiet"], **named}


@pytest.mark.parametrize("theme", MANY, ids=lambda theme: theme.name)
def test_every_tone_can_be_read_on_every_ground(theme: Theme) -> None:
    for (text, colour), (ground, behind) in itertools.product(texts(theme).items(), grounds(theme).items()):
        ratio = contrast(colour, behind)
        assert ratio >= 4.5, f"{text} on {ground}: {ratio:.2f}"


@pytest.mark.parametrize("theme", FEW, ids=lambda theme: theme.name)
def test_of_16_colours_every_tone_can_be_told_on_every_ground(theme: Theme) -> None:
    for (text, colour), (ground, behind) in itertools.product(texts(theme).items(), grounds(theme).items()):
        ratio = contrast(colour, behind)
        assert ratio >= 3.0, f"{text} on {ground}: {ratio:.2f}"


@pytest.mark.parametrize("theme", (*MANY, *FEW), ids=lambda theme: theme.name)
def test_words_in_reverse_can_be_read(theme: Theme) -> None:
    variables = theme.variables
    assert contrast(variables["alarm"], variables["alarm-text"]) >= 4.5
    assert contrast(variables["severity-unknown"], str(theme.background)) >= 4.5
    assert contrast(variables["rule"], str(theme.foreground)) >= 4.5


def test_every_theme_has_a_meaning() -> None:
    assert [name_of(theme) for theme in (*MANY, *FEW)] == list(MEANINGS)


@pytest.mark.parametrize(
    ("environ", "themes"),
    [
        ({"TERM": "linux"}, FEW),
        ({"TERM": "xterm"}, FEW),
        ({"TERM": "screen"}, FEW),
        ({}, FEW),
        ({"TERM": "tmux-256color"}, (*MANY, *FEW)),
        ({"TERM": "screen-256color"}, (*MANY, *FEW)),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, (*MANY, *FEW)),
        ({"TERM": "xterm-kitty"}, (*MANY, *FEW)),
    ],
)
def test_the_themes_are_those_for_the_terminals_colours(
    environ: dict[str, str], themes: tuple[Theme, ...]
) -> None:
    assert themes_for(environ) == themes
    assert FEW == (DARK_16, LIGHT_16)


@pytest.mark.parametrize(
    ("environ", "glyphs"),
    [
        ({"LANG": "C.UTF-8"}, UNICODE),
        ({"LANG": "C"}, ASCII),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, ASCII),
        ({"LANG": "en_GB", "LC_CTYPE": "C.UTF-8"}, UNICODE),
        ({"LANG": "C.UTF-8", "TERM": "linux"}, ASCII),
        ({"LC_ALL": "C", "LANG": "C.UTF-8"}, ASCII),
        ({}, ASCII),
    ],
)
def test_signs_are_those_that_the_terminal_says_it_can_show(environ: dict[str, str], glyphs: Glyphs) -> None:
    """Python sets LC_CTYPE itself where LANG is C."""
    assert glyphs_for(environ) is glyphs
