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


DARK = Theme(
    name="opsconsole-dark",
    primary="#6ea8fe",
    secondary="#8b98a9",
    accent="#6ea8fe",
    foreground="#d7dde5",
    background="#0e1116",
    surface="#0e1116",
    panel="#171c24",
    success="#57c785",
    warning="#e5c454",
    error="#ff5d5d",
    dark=True,
    variables={
        "rule": "#2a323d",
        "quiet": "#8793a3",
        "cursor": "#24405f",
        "cursor-blurred": "#1b2735",
        "severity-ok": "#56b083",
        "severity-warning": "#e5c454",
        "severity-unknown": "#8f97a1",
        "severity-high": "#ff9447",
        "severity-critical": "#ff6b6b",
        "alarm": "#d42a2a",
        "alarm-text": "#ffffff",
    },
)

LIGHT = Theme(
    name="opsconsole-light",
    primary="#1f5fbf",
    secondary="#566373",
    accent="#1f5fbf",
    foreground="#1b222b",
    background="#fbfbf9",
    surface="#fbfbf9",
    panel="#eef0f2",
    success="#1c7a43",
    warning="#7d5e00",
    error="#c01818",
    dark=False,
    variables={
        "rule": "#ccd2d9",
        "quiet": "#5b6775",
        "cursor": "#cfe2fb",
        "cursor-blurred": "#e3e8ee",
        "severity-ok": "#1c7a43",
        "severity-warning": "#7d5e00",
        "severity-unknown": "#6a727c",
        "severity-high": "#b04a00",
        "severity-critical": "#c01818",
        "alarm": "#c01818",
        "alarm-text": "#ffffff",
    },
)

# The same for terminals of 16 colours. Each value is one of theirs exactly, so that none is turned into its
# nearest neighbour, which two severities may share. On light ground no other background lets all of them be
# read: there the cursor has only its sign.
DARK_16 = Theme(
    name="opsconsole-dark-16",
    primary="#55ffff",
    secondary="#aaaaaa",
    accent="#55ffff",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    success="#00aa00",
    warning="#ffff55",
    error="#ff5555",
    dark=True,
    variables={
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
)

LIGHT_16 = Theme(
    name="opsconsole-light-16",
    primary="#0000aa",
    secondary="#555555",
    accent="#0000aa",
    foreground="#000000",
    background="#ffffff",
    surface="#ffffff",
    panel="#ffffff",
    success="#00aa00",
    warning="#aa5500",
    error="#aa0000",
    dark=False,
    variables={
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
)


def themes_for(environ: Mapping[str, str]) -> tuple[Theme, ...]:
    """The themes for the terminal's number of colours, told from `environ` as rich tells it."""
    depth, terminal = (environ.get(name, "").strip().lower() for name in ("COLORTERM", "TERM"))
    many = depth in ("truecolor", "24bit") or terminal.endswith(("256color", "kitty"))
    return (DARK, LIGHT) if many else (DARK_16, LIGHT_16)
