"""What takes a copy past GNU screen to the terminal around it.

A terminal takes a copy by OSC 52. GNU screen keeps that to itself, and hands on what comes in a device
control string (DCS), which older ones cut at 256 bytes. tmux, which may call itself `screen` too, ignores
such strings.
"""

import base64
from collections.abc import Mapping

_PIECE = 200
"""Bytes of one string, safely below what any screen takes."""


def may_be_in_screen(environ: Mapping[str, str]) -> bool:
    """Whether the terminal calls itself as GNU screen does: over ssh there is nothing else to go by."""
    return environ.get("TERM", "").startswith("screen")


def past_screen(text: str) -> str:
    """OSC 52 with `text`, piece by piece in strings that screen hands on as they are."""
    copy = f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\a"
    pieces = (copy[begin : begin + _PIECE] for begin in range(0, len(copy), _PIECE))
    return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
