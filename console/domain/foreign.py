"""Foreign text made inert: whatever a log, a label or a database row holds, it is only shown."""

import unicodedata

_INVISIBLE = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
"""Unicode categories that are drawn as nothing, or elsewhere than where they stand: controls, formats
(bidirectional, zero-width), private use, surrogates, unassigned, line and paragraph ends."""

_BLANK = "\u034f\u115f\u1160\u2800\u3164\uffa0"
"""Letters and signs that are drawn as nothing all the same: fillers, the empty braille cell, a joiner."""


def visible(text: str) -> str:
    """`text` on one line, with every control, format and unassigned character shown as its escape.

    Printable text of any script comes back unchanged. Combining marks beyond two in a row are shown as
    escapes too, so that they can't grow over the neighbouring lines.
    """
    if text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if category in _INVISIBLE or character in _BLANK or marks > 2 or (marks and not shown):
            shown.append(_escape(character))
        else:
            shown.append(" " if category == "Zs" else character)
    return "".join(shown)


def _escape(character: str) -> str:
    code = ord(character)
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    if short is not None:
        return short
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
