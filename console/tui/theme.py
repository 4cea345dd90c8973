"""How the screen looks: the themes, the tones that text is drawn in, and the signs of severity.

Every colour of the program is in this file; style sheets name them as `$…` variables. Severity is always
glyph, word and colour together, so that it reads without colour.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

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
    ACCENT = "tone--accent"
    """What stands out and is neither good nor bad."""


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
    """The signs that aren't letters, each one cell wide.

    `stages` are those of a feature's stages, from disabled to production.
    """

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
    stages: str
    ascii_only: bool = False

    def of(self, severity: Severity) -> str:
        return (self.ok, self.warning, self.unknown, self.high, self.critical)[severity]


# None of these is an emoji, which some terminals draw two cells wide. Directions are arrows, not triangles:
# a small triangle beside a number could be taken for a warning.
UNICODE = Glyphs("✓", "▲", "?", "◆", "✘", "…", "–", "↓", "↑", "▸", "›", "·○◐●")
ASCII = Glyphs("+", "!", "?", "#", "X", "~", "-", "v", "^", ">", ">", ".o%#", ascii_only=True)


def glyphs_for(environ: Mapping[str, str]) -> Glyphs:
    """The signs that the terminal can show, by the locale and the terminal's name in `environ`.

    Where LANG says C, Python itself has set LC_CTYPE to C.UTF-8: that is no word of the terminal's.
    """
    language, kind = environ.get("LANG", ""), environ.get("LC_CTYPE", "")
    coerced = language in ("C", "POSIX") and kind in ("C.UTF-8", "C.utf8", "UTF-8")
    locale = environ.get("LC_ALL") or ("C" if coerced else kind) or language or "C"
    utf8 = "utf" in locale.lower()
    return UNICODE if utf8 and environ.get("TERM") != "linux" else ASCII


def theme_variables(environment: str) -> dict[str, str]:
    """The style variables of an environment's colour, `environment` being a colour's name or `#rrggbb`.

    Raises textual.color.ColorParseError when it is neither.
    """
    colour = Color.parse(environment)
    return {"environment": colour.hex, "environment-text": colour.get_contrast_text(1.0).hex}


PREFIX = "opsconsole-"


class Ground(NamedTuple):
    """What a theme draws upon, and all that isn't a severity."""

    foreground: str
    background: str
    panel: str
    accent: str
    rule: str
    quiet: str
    cursor: str
    cursor_blurred: str
    dark: bool


class Scale(NamedTuple):
    """The severities' colours; `alarm` is the ground of a critical word in reverse."""

    ok: str
    warning: str
    unknown: str
    high: str
    critical: str
    alarm: str
    alarm_text: str = "#ffffff"


def _theme(name: str, ground: Ground, scale: Scale) -> Theme:
    """A theme of ours, with the names that style sheets know, and those that textual itself asks for."""
    return Theme(
        name=f"{PREFIX}{name}",
        primary=ground.accent,
        secondary=ground.quiet,
        accent=ground.accent,
        foreground=ground.foreground,
        background=ground.background,
        surface=ground.background,
        panel=ground.panel,
        success=scale.ok,
        warning=scale.warning,
        error=scale.critical,
        dark=ground.dark,
        variables={
            "rule": ground.rule,
            "quiet": ground.quiet,
            "cursor": ground.cursor,
            "cursor-blurred": ground.cursor_blurred,
            "severity-ok": scale.ok,
            "severity-warning": scale.warning,
            "severity-unknown": scale.unknown,
            "severity-high": scale.high,
            "severity-critical": scale.critical,
            "alarm": scale.alarm,
            "alarm-text": scale.alarm_text,
        },
    )


_NIGHT = Ground(
    foreground="#d7dde5",
    background="#0e1116",
    panel="#171c24",
    accent="#6ea8fe",
    rule="#2a323d",
    quiet="#929dac",
    cursor="#18304a",
    cursor_blurred="#18202b",
    dark=True,
)
_DAY = Ground(
    foreground="#1b222b",
    background="#fbfbf9",
    panel="#eef0f2",
    accent="#1f5fbf",
    rule="#ccd2d9",
    quiet="#55616f",
    cursor="#dbe9fd",
    cursor_blurred="#e6eaef",
    dark=False,
)

DARK = _theme("dark", _NIGHT, Scale("#56b083", "#e5c454", "#959da7", "#ff9447", "#ff6b6b", "#d42a2a"))
LIGHT = _theme("light", _DAY, Scale("#146b38", "#725600", "#5c656f", "#a34400", "#b81414", "#c01818"))

# For eyes that tell red from green badly (protanopia, deuteranopia): blue is well, magenta is critical.
RED_GREEN = _theme(
    "red-green", _NIGHT, Scale("#19b9ff", "#f9d79b", "#9098a2", "#f28a50", "#ff4ad7", "#b3008f")
)
# For eyes that tell blue from yellow badly (tritanopia): a warning is pale pink instead of yellow.
BLUE_YELLOW = _theme(
    "blue-yellow", _NIGHT, Scale("#35c48d", "#f5d0f5", "#959da7", "#f7a35c", "#ff6359", "#d42a2a")
)

# The same for terminals of 16 colours. Each value is one of theirs exactly, so that none is turned into its
# nearest neighbour, which two severities may share. On light ground no other background lets all of them be
# read: there the cursor has only its sign.
_NIGHT_16 = Ground(
    foreground="#ffffff",
    background="#000000",
    panel="#000000",
    accent="#55ffff",
    rule="#0000aa",
    quiet="#aaaaaa",
    cursor="#0000aa",
    cursor_blurred="#000000",
    dark=True,
)
_DAY_16 = Ground(
    foreground="#000000",
    background="#ffffff",
    panel="#ffffff",
    accent="#0000aa",
    rule="#aaaaaa",
    quiet="#555555",
    cursor="#ffffff",
    cursor_blurred="#ffffff",
    dark=False,
)

DARK_16 = _theme(
    "dark-16", _NIGHT_16, Scale("#55ff55", "#ffff55", "#aaaaaa", "#ff55ff", "#ff5555", "#aa0000")
)
LIGHT_16 = _theme(
    "light-16", _DAY_16, Scale("#00aa00", "#aa5500", "#555555", "#aa00aa", "#aa0000", "#aa0000")
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
