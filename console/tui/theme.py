"""How the screen looks: the themes, the tones that text is drawn in, and the signs of severity.

Every colour of the program is in this file; style sheets name them as `$…` variables. Severity is always
glyph, word and colour together, so that it reads without colour.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from textual.color import Color
from textual.theme import Theme

from console.domain.severity import Severity


class Tone(StrEnum):
    """What a piece of text is, for the style sheet to dress: each is a component class `tone--…`."""

    PLAIN = "tone--plain"
    STRONG = "tone--strong"
    DIM = "tone--dim"
    OK = "tone--ok"
    WARNING = "tone--warning"
    UNKNOWN = "tone--unknown"
    HIGH = "tone--high"
    CRITICAL = "tone--critical"
    ALARM = "tone--alarm"
    """A word that must be seen from two metres: critical, in reverse."""
    BLIND = "tone--blind"
    """A sentence that says what can't be seen, in reverse."""
    ENVIRONMENT = "tone--environment"
    KEY = "tone--key"


TONES = {tone.value for tone in Tone}

_TONES = {
    Severity.OK: Tone.OK,
    Severity.WARNING: Tone.WARNING,
    Severity.UNKNOWN: Tone.UNKNOWN,
    Severity.HIGH: Tone.HIGH,
    Severity.CRITICAL: Tone.CRITICAL,
}


def tone_of(severity: Severity) -> Tone:
    return _TONES[severity]


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The signs that aren't letters, each one cell wide. `severity` is indexed by severity."""

    ok: str
    warning: str
    unknown: str
    high: str
    critical: str
    ellipsis: str
    none: str
    down: str
    up: str
    cursor: str
    more: str
    ascii_only: bool = False

    def of(self, severity: Severity) -> str:
        return (self.ok, self.warning, self.unknown, self.high, self.critical)[severity]


# None of these is an emoji, which some terminals draw two cells wide.
UNICODE = Glyphs("✓", "▲", "?", "◆", "✘", "…", "–", "▾", "▴", "▸", "›")
ASCII = Glyphs("+", "!", "?", "#", "X", "~", "-", "v", "^", ">", ">", ascii_only=True)


def glyphs_for(environ: Mapping[str, str]) -> Glyphs:
    """The signs that the terminal can show, by the locale and the terminal's name in `environ`."""
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or "C"
    utf8 = "utf" in locale.lower()
    return UNICODE if utf8 and environ.get("TERM") != "linux" else ASCII


def theme_variables(environment: str) -> dict[str, str]:
    """The style variables of an environment's colour, `environment` being a colour's name or `#rrggbb`.

    Raises textual.color.ColorParseError when it is neither.
    """
    colour = Color.parse(environment)
    return {"environment": colour.hex, "environment-text": colour.get_contrast_text(1.0).hex}


def _theme(name: str, colours: Mapping[str, str], *, dark: bool) -> Theme:
    """A theme of ours from the names that style sheets know, and those that textual itself asks for."""
    textuals = ("foreground", "background", "panel", "accent")
    own = {key: value for key, value in colours.items() if key not in textuals}
    return Theme(
        name=f"{PREFIX}{name}",
        primary=colours["accent"],
        secondary=colours["quiet"],
        accent=colours["accent"],
        foreground=colours["foreground"],
        background=colours["background"],
        surface=colours["background"],
        panel=colours["panel"],
        success=colours["severity-ok"],
        warning=colours["severity-warning"],
        error=colours["severity-critical"],
        dark=dark,
        variables=own,
    )


PREFIX = "opsconsole-"

_ON_DARK = {
    "foreground": "#d7dde5",
    "background": "#0e1116",
    "panel": "#171c24",
    "accent": "#6ea8fe",
    "rule": "#2a323d",
    "quiet": "#929dac",
    "cursor": "#18304a",
    "cursor-blurred": "#18202b",
    "severity-ok": "#56b083",
    "severity-warning": "#e5c454",
    "severity-unknown": "#959da7",
    "severity-high": "#ff9447",
    "severity-critical": "#ff6b6b",
    "alarm": "#d42a2a",
    "alarm-text": "#ffffff",
}

DARK = _theme("dark", _ON_DARK, dark=True)

LIGHT = _theme(
    "light",
    {
        "foreground": "#1b222b",
        "background": "#fbfbf9",
        "panel": "#eef0f2",
        "accent": "#1f5fbf",
        "rule": "#ccd2d9",
        "quiet": "#55616f",
        "cursor": "#dbe9fd",
        "cursor-blurred": "#e6eaef",
        "severity-ok": "#146b38",
        "severity-warning": "#725600",
        "severity-unknown": "#5c656f",
        "severity-high": "#a34400",
        "severity-critical": "#b81414",
        "alarm": "#c01818",
        "alarm-text": "#ffffff",
    },
    dark=False,
)

# For eyes that tell red from green badly (protanopia, deuteranopia): blue is well, magenta is critical.
RED_GREEN = _theme(
    "red-green",
    _ON_DARK
    | {
        "severity-ok": "#19b9ff",
        "severity-warning": "#f9d79b",
        "severity-unknown": "#9098a2",
        "severity-high": "#f28a50",
        "severity-critical": "#ff4ad7",
        "alarm": "#b3008f",
    },
    dark=True,
)

# For eyes that tell blue from yellow badly (tritanopia): a warning is pale pink instead of yellow.
BLUE_YELLOW = _theme(
    "blue-yellow",
    _ON_DARK
    | {
        "severity-ok": "#35c48d",
        "severity-warning": "#f5d0f5",
        "severity-unknown": "#959da7",
        "severity-high": "#f7a35c",
        "severity-critical": "#ff6359",
    },
    dark=True,
)

# The same for terminals of 16 colours. Each value is one of theirs exactly, so that none is turned into its
# nearest neighbour, which two severities may share. On light ground no other background lets all of them be
# read: there the cursor has only its sign.
DARK_16 = _theme(
    "dark-16",
    {
        "foreground": "#ffffff",
        "background": "#000000",
        "panel": "#000000",
        "accent": "#55ffff",
        "rule": "#0000aa",
        "quiet": "#aaaaaa",
        "cursor": "#0000aa",
        "cursor-blurred": "#000000",
        "severity-ok": "#55ff55",
        "severity-warning": "#ffff55",
        "severity-unknown": "#aaaaaa",
        "severity-high": "#ff55ff",
        "severity-critical": "#ff5555",
        "alarm": "#aa0000",
        "alarm-text": "#ffffff",
    },
    dark=True,
)

LIGHT_16 = _theme(
    "light-16",
    {
        "foreground": "#000000",
        "background": "#ffffff",
        "panel": "#ffffff",
        "accent": "#0000aa",
        "rule": "#aaaaaa",
        "quiet": "#555555",
        "cursor": "#ffffff",
        "cursor-blurred": "#ffffff",
        "severity-ok": "#00aa00",
        "severity-warning": "#aa5500",
        "severity-unknown": "#555555",
        "severity-high": "#aa00aa",
        "severity-critical": "#aa0000",
        "alarm": "#aa0000",
        "alarm-text": "#ffffff",
    },
    dark=False,
)


MANY: tuple[Theme, ...] = (DARK, LIGHT, RED_GREEN, BLUE_YELLOW)
FEW: tuple[Theme, ...] = (DARK_16, LIGHT_16)

MEANINGS = {
    "dark": "Light on dark",
    "light": "Dark on light",
    "red-green": "For eyes that tell red from green badly",
    "blue-yellow": "For eyes that tell blue from yellow badly",
    "dark-16": "Light on dark, in the terminal's own 16 colours",
    "light-16": "Dark on light, in the terminal's own 16 colours",
}
"""Every theme by the name that the operator knows it by."""


def name_of(theme: Theme) -> str:
    """The name that the operator knows a theme of ours by."""
    return theme.name.removeprefix(PREFIX)


def themes_for(environ: Mapping[str, str]) -> tuple[Theme, ...]:
    """The themes for the terminal's number of colours, told from `environ` as rich tells it."""
    depth, terminal = (environ.get(name, "").strip().lower() for name in ("COLORTERM", "TERM"))
    many = depth in ("truecolor", "24bit") or terminal.endswith(("256color", "kitty"))
    return (*MANY, *FEW) if many else FEW
