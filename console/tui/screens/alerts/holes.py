"""What the alert rules can never catch, rule by rule, read like a text."""

from collections.abc import Iterator

from console.domain.alert_book import AlertBook, AlertingRule
from console.tui.screens.alerts.words import lasting_text
from console.tui.screens.reading import Reading
from console.tui.text import Line, Span, wrap
from console.tui.theme import Tone
from console.tui.view import View


class Holes(Reading):
    """The rules with what is proven of each from its expression, its `for` and the intervals."""

    def __init__(self, view: View) -> None:
        book = None if view.live is None else view.live.ruled.book
        super().__init__(view, "What the rules can never catch", lambda cells: list(_text(book, cells)))


def hole_lines(rule: AlertingRule, cells: int) -> Iterator[Line]:
    """A rule's holes, a sentence each; that none was found, else."""
    if not rule.holes:
        yield (Span("no hole was found", Tone.DIM),)
    for hole in rule.holes:
        for number, line in enumerate(wrap(hole, max(20, cells - 2))):
            yield Span("- " if number == 0 else "  ", Tone.DIM), Span(line)


def timing(rule: AlertingRule) -> str:
    """When a rule is looked at, and for how long its condition has to hold and is held."""
    said = [f"every {lasting_text(rule.interval)}"]
    said.append(f"fires after {lasting_text(rule.hold)}" if rule.hold else "fires at once")
    if rule.keep_firing_for:
        said.append(f"goes on for {lasting_text(rule.keep_firing_for)} after")
    return ", ".join(said)


def _text(book: AlertBook | None, cells: int) -> Iterator[Line]:
    if book is None or not book.rules:
        yield (Span("no rules are evaluated", Tone.UNKNOWN),)
        return
    rules = [standing.rule for standing in book.rules]
    holed = sum(bool(rule.holes) for rule in rules)
    yield (Span(f"{holed} of {len(rules)} rules have holes", Tone.STRONG),)
    yield ()
    for rule in sorted(rules, key=lambda rule: not rule.holes):
        yield (Span(rule.name, Tone.STRONG),)
        for words in (rule.expression, timing(rule), rule.place):
            yield from ((Span(line, Tone.DIM),) for line in (wrap(words, cells) if words else ()))
        yield from hole_lines(rule, cells)
        yield ()
