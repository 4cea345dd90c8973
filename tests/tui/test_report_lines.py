"""A run's report on the screen: its Markdown is read, not shown."""

from hypothesis import given
from hypothesis import strategies as st

from console.tui.screens.recovery.report_lines import report_lines
from console.tui.text import width
from console.tui.theme import Tone

REPORT = """\
# Recovery: passed

|  |  |
|---|---|
| run | `recovery-1` |
| driven by | dana\\_1 |

### stop: passed

- observed 2 \\| 3 \\*
```
# not a title | `as it is`
```
"""


def told(text: str, cells: int) -> list[str]:
    return ["".join(span.text for span in line).rstrip() for line in report_lines(text, cells)]


def test_titles_tables_and_signs_are_read() -> None:
    assert told(REPORT, 60) == [
        "Recovery: passed",
        "",
        "run        recovery-1",
        "driven by  dana_1",
        "",
        "stop: passed",
        "",
        "- observed 2 | 3 *",
        "  # not a title | `as it is`",
    ]
    assert report_lines(REPORT, 60)[0][0].tone is Tone.STRONG


@given(st.text(st.sampled_from("#|`\\\n -ab"), max_size=60), st.integers(45, 80))
def test_any_text_fits(text: str, cells: int) -> None:
    assert all(width(line) <= cells for line in told(text, cells))
