"""The two lines above a log: which one it is and how alive it is, and what of it is shown."""

from collections.abc import Sequence

from rich.cells import cell_len

from console.domain.figures import seconds
from console.sources.logs.lines import LogLine
from console.sources.logs.pattern import ERRORS, MARGIN, SYNC
from console.sources.logs.reader import Page, Progress
from console.tui.actions import Action
from console.tui.text import Line, Span, clip, joined, line_width, spread, visible
from console.tui.theme import Glyphs, Tone
from console.tui.widgets.hints import hints_within
from console.tui.widgets.log.rows import clock_time

QUIET = 60.0
"""Seconds without a new line from which on the newest one's age is grey."""

_KNOWN = {ERRORS: "errors", SYNC: "position_sync", MARGIN: "margin_status"}


def which_log(name: str, page: Page, now: float, cells: int, glyphs: Glyphs) -> Line:
    """Name and path, size, speed, and how old its newest line is; `now` is the time of day."""
    facts = (*joined(_facts(page, now), "   "), Span(" "))
    room = cells - line_width(facts) - cell_len(name) - 6
    path = clip_left(page.path, max(0, room), glyphs.ellipsis)
    return spread((Span(f" {name}  ", Tone.STRONG), Span(path, Tone.DIM)), facts, cells, glyphs.ellipsis)


def what_is_shown(
    page: Page,
    standing: LogLine | None,
    now: float,
    cells: int,
    glyphs: Glyphs,
    *,
    keys: Sequence[Action] = (),
) -> Line:
    """Whether the end is followed, filter and search in words, and what is going on.

    `standing` is the line under the cursor where the end isn't followed. Where nothing is going on, as many
    of `keys` are told as have room; not of a log that can't be read.
    """
    left = (_state(page, standing), Span("  "), *joined(_shown(page, glyphs.ellipsis), "   "))
    told = keys if page.path and not page.unread else ()
    right = _doing(page, now) or hints_within(told, cells - line_width(left) - 2)
    return spread(left, right, cells, glyphs.ellipsis)


def clip_left(text: str, cells: int, ellipsis: str) -> str:
    """The end of `text`, made visible, in at most `cells` cells: of a path, that says most."""
    shown = visible(text)
    while cell_len(shown) > cells and shown:
        shown = shown[max(1, cell_len(shown) - cells) :]
        if cell_len(ellipsis + shown[1:]) <= cells:
            return ellipsis + shown[1:] if cells else ""
    return shown


def size_words(size: int) -> str:
    """Bytes in three or four digits: `812 B`, `41.2 MB`, `1.95 GB`."""
    for unit, bytes_each in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= bytes_each:
            number = size / bytes_each
            return f"{number:.{2 if number < 10 else 1 if number < 100 else 0}f} {unit}"
    return f"{size} B"


def _facts(page: Page, now: float) -> list[Line]:
    facts: list[Line] = []
    if page.newest_at is None and (page.unread or not page.path):
        return facts
    if page.behind:
        facts.append((Span(f"{size_words(page.behind)} behind", Tone.HIGH),))
    facts.append((Span(f"{page.rate:,} lines/s" if page.rate else "no new lines", Tone.DIM),))
    facts.append((Span(size_words(page.size)),))
    if page.newest_at is not None:
        age = max(0.0, now - page.newest_at)
        tone = Tone.UNKNOWN if age >= QUIET else Tone.PLAIN
        facts.append((Span(f"newest {seconds(age):>5} ago", tone),))
    return facts


def _state(page: Page, standing: LogLine | None) -> Span:
    if page.unread:
        return Span(" NOT READ ", Tone.BLIND)
    if not page.path:
        return Span(" OPENING ", Tone.BLIND)
    if standing is None:
        return Span(" FOLLOWING ", Tone.KEY)
    at = clock_time(standing.at)
    return Span(f" PAUSED at {at} " if at else " PAUSED ", Tone.BLIND)


def _shown(page: Page, ellipsis: str) -> list[Line]:
    """What is filtered and what is sought, in words."""
    shown: list[Line] = []
    if page.pattern is None:
        shown.append((Span("all lines", Tone.DIM),))
    else:
        known = _KNOWN.get(page.pattern.text)
        words = f"only {known}" if known else f"only lines with {page.pattern.text}"
        shown.append((Span(words, Tone.STRONG),))
    if page.sought is not None:
        shown.append((Span(f"search {clip(page.sought.text, 30, ellipsis)}", Tone.STRONG),))
    return shown


def _doing(page: Page, now: float) -> Line:
    """What is going on, or what is wrong."""
    if page.progress is not None and (page.pattern is not None or page.sought is not None):
        return (Span(f"{_progress(page.progress)} ", Tone.WARNING),)
    if page.unread:
        if page.gone_since is None:
            return ()
        lasted = f"for {seconds(max(0.0, now - page.gone_since))}"
        return (Span(f"{lasted if page.note else f'the file has been gone {lasted}'} ", Tone.UNKNOWN),)
    if page.pattern is not None and not page.lines and not page.note:
        return (Span("no line matches ", Tone.DIM),)
    return (Span(f"{page.note} ", Tone.WARNING),) if page.note else ()


def _progress(progress: Progress) -> str:
    when = (
        f" {'back' if progress.older else 'on'} to {clock_time(progress.at, '%H:%M')}" if progress.at else ""
    )
    return f"searched{when}, {size_words(progress.left)} left"
