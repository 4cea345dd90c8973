import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.foreign import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("BTC/USD", "BTC/USD"),
        ("[red]BTC[/]", "[red]BTC[/]"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x9b2J", "\\x9b2J"),
        ("\u202egnp", "\\u202egnp"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("保证金", "保证金"),
        ("e\u0301", "e\u0301"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_instead(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_nothing_invisible_is_left(text: str) -> None:
    shown = visible(text)
    assert all(unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for c in shown)


@given(st.text())
def test_marks_never_pile_up(text: str) -> None:
    marks = "".join("m" if unicodedata.category(c) in ("Mn", "Me") else "." for c in visible(text))
    assert "mmm" not in marks
