"""What is said before an alert is muted, or heard of again, and after it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from console.domain.alert_rows import AlertRow, AlertState
from console.domain.assessment import Assessment
from console.tui.screens.alerts.draft import Deed, Draft, meant, written
from console.tui.screens.alerts.words import clock_text, lasting_text, mark_words, state_words, wall_of
from console.tui.screens.kill.asking import key_of, label
from console.tui.text import Line, Span, fit_line, wrap
from console.tui.theme import Tone, tone_of
from console.tui.view import View

if TYPE_CHECKING:
    from console.tui.watched import Said

_LABEL = 10
_MOST_NAMED = 3
_MEANS = {
    Deed.ACKNOWLEDGE: "it wakes nobody any more, and stays on the screen; the same alert raised anew is news",
    Deed.SILENCE: "no alert that matches wakes anybody, those to come too; all stay on the screen",
    Deed.WITHDRAW: "it counts as nobody's again, and wakes somebody if it pages",
    Deed.UNSILENCE: "all alerts that it mutes are heard again",
}
_DOES = {
    Deed.ACKNOWLEDGE: "acknowledges it",
    Deed.SILENCE: "silences what matches",
    Deed.WITHDRAW: "takes it back",
    Deed.UNSILENCE: "ends it",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """How far it has come: it is under way, was refused, or was done, as is said.

    Before that, `objection` is why it can't be done now; empty where it can.
    """

    under_way: bool = False
    refused: str = ""
    said: "Said | None" = None
    objection: str = ""

    @property
    def is_open(self) -> bool:
        """Whether anything can still be changed."""
        return not self.under_way and self.said is None


def asked_blocks(
    view: View, draft: Draft, row: AlertRow | None, stage: Stage, cells: int
) -> Iterator[tuple[Line, ...]]:
    """All that is said: what is meant, what it takes, what came of it. `row` is the alert as it is now."""
    ellipsis = view.glyphs.ellipsis
    yield tuple(fit_line(line, cells, ellipsis) for line in _head(view, draft, row, cells))
    if view.live is not None:
        yield tuple(fit_line(line, cells, ellipsis) for line in _asked(view, view.live, draft, cells, stage))
    yield tuple(_wrapped("MEANS", _MEANS[draft.deed], cells, Tone.PLAIN))
    yield tuple(_end(view, draft, stage, cells))


def _head(view: View, draft: Draft, row: AlertRow | None, cells: int) -> Iterator[Line]:
    """The deed, and the alert with how it stands now."""
    meant, shown = draft.row, row or draft.row
    every = " EVERY ONE" if draft.every else ""
    yield (
        Span(f"{draft.deed.value.upper()}{every}  ", Tone.STRONG),
        Span(f"in {view.context.name}", Tone.DIM),
    )
    if draft.every:
        yield label("ALERT"), Span(meant.rule.name, Tone.STRONG)
        return
    named = f"{meant.symbol} {meant.rule.name}" if meant.symbol else meant.rule.name
    yield label("ALERT"), Span(named, Tone.STRONG)
    if view.live is not None:
        gone = "gone since" if row is None else state_words(row, view, view.live)
        yield label(""), Span(f"{view.glyphs.of(shown.severity)} {gone}", tone_of(shown.severity))
    if meant.summary:
        yield from _wrapped("", meant.summary, cells, Tone.PLAIN)


def _asked(view: View, live: Assessment, draft: Draft, cells: int, stage: Stage) -> Iterator[Line]:
    """Who, why, for how long, of what; each with the key that changes it, while that can be changed."""
    now, keys = wall_of(live, live.at), partial(_keys, view) if stage.is_open else _no_keys
    if not draft.deed.mutes:
        mark = draft.row.acknowledged if draft.deed is Deed.WITHDRAW else draft.row.silenced
        if mark is not None:
            yield from _wrapped("IS", f"{mark_words(mark, now)}: {mark.reason}", cells, Tone.PLAIN)
        if draft.reason:
            yield from _wrapped("REASON", draft.reason, cells, Tone.STRONG)
        return
    if draft.deed is Deed.ACKNOWLEDGE and stage.is_open:
        yield from _how_many(live, draft, keys)
    yield label("OWNER"), Span(view.context.operator, Tone.STRONG)
    if draft.reason:
        yield from _wrapped("REASON", draft.reason, cells, Tone.STRONG)
    else:
        yield label("REASON"), Span("none yet", Tone.UNKNOWN), *keys(("give_reason", "types it"))
    until = f", until {clock_text(now + draft.lasting, now)}" if stage.is_open else ""
    yield (
        label("FOR"),
        Span(f"{lasting_text(draft.lasting)}{until}", Tone.STRONG),
        *keys(("longer", "longer"), ("shorter", "shorter"), ("type_duration", "types it")),
    )
    if draft.deed is Deed.SILENCE:
        yield from _wrapped("MATCHES", written(draft.matchers), cells, Tone.STRONG)
        yield label(""), *_matched(live, draft), *keys(("type_matchers", "types it"))
        where = "on this host only" if draft.local else "in the Alertmanager, where there is one"
        yield label("HOLDS"), Span(where), *keys(("only_here", "changes that"))


def _how_many(live: Assessment, draft: Draft, keys: "Callable[..., Iterator[Span]]") -> Iterator[Line]:
    """Of how many alerts of the rule it is, and the key that changes that, where there are others."""
    rows, since = meant(draft, live)
    if not draft.every:
        if since > 1:
            yield label("OF"), Span(f"this one of {since}"), *keys(("acknowledge_every", "takes on all"))
        return
    named = [row.symbol or "without a symbol" for row in rows]
    names = ", ".join(named[:_MOST_NAMED]) + (" …" if len(named) > _MOST_NAMED else "")
    told = f"all {len(rows)} that nobody has taken on" if rows else "none that nobody has taken on"
    does = f"{since} more since" if since else "only this one"
    yield label("OF"), Span(told, Tone.STRONG), *keys(("acknowledge_every", does))
    if rows:
        yield label(""), Span(names)


def _matched(live: Assessment, draft: Draft) -> Iterator[Span]:
    """Which of the present alerts match."""
    rows = [row for row in live.alert_rows if row.raised is not None and row.state is not AlertState.RESOLVED]
    found = [row for row in rows if all(one.accepts(dict(row.labels)) for one in draft.matchers)]
    named = dict.fromkeys(row.symbol or row.rule.name for row in found)
    names = ", ".join(list(named)[:_MOST_NAMED]) + (" …" if len(named) > _MOST_NAMED else "")
    counted = f"{len(found)} of {len(rows)} present alerts"
    yield Span(f"{counted}: {names}" if found else f"none of {len(rows)} present alerts", Tone.PLAIN)


def _end(view: View, draft: Draft, stage: Stage, cells: int) -> Iterator[Line]:
    """The key that does it; or why not yet, why not at all, or what was read back."""
    if stage.said is not None:
        yield from _marked(" DONE ", stage.said.words, Tone.KEY, Tone.STRONG, cells)
        if stage.said.unrecorded:
            yield from _marked(
                " NOT IN THE JOURNAL ", stage.said.unrecorded, Tone.ALARM, Tone.CRITICAL, cells
            )
    elif stage.under_way:
        yield Span(" WRITING ", Tone.BLIND), Span(" waiting for the journal and the disk", Tone.UNKNOWN)
    elif stage.refused:
        yield from _marked(" REFUSED ", stage.refused, Tone.ALARM, Tone.CRITICAL, cells)
    elif stage.objection:
        yield from _marked(" NOT YET ", stage.objection, Tone.BLIND, Tone.UNKNOWN, cells)
    else:
        key = Span(f" {key_of(view, 'confirm_marking')} ", Tone.KEY)
        live = view.live
        count = 0 if live is None or not draft.every else len(meant(draft, live)[0])
        does = f"acknowledges all {count}" if draft.every else _DOES[draft.deed]
        line = (key, Span(f" {does}", Tone.STRONG), Span("; esc leaves it as it is", Tone.DIM))
        yield fit_line(line, cells, view.glyphs.ellipsis)


def _marked(word: str, said: str, sign: Tone, tone: Tone, cells: int) -> Iterator[Line]:
    """A sentence after the word that says what kind it is, in as many lines as it takes."""
    for number, line in enumerate(wrap(said, max(20, cells - len(word) - 1))):
        yield (
            Span(word if number == 0 else " " * len(word), sign if number == 0 else tone),
            Span(f" {line}", tone),
        )


def _wrapped(words: str, said: str, cells: int, tone: Tone) -> Iterator[Line]:
    for number, line in enumerate(wrap(said, max(20, cells - _LABEL - 4))):
        yield label("" if number else words), Span(line, tone)


def _keys(view: View, *actions: tuple[str, str]) -> Iterator[Span]:
    """The keys of these actions, each with what it does."""
    for action, does in actions:
        yield from (Span("  "), Span(f" {key_of(view, action)} ", Tone.KEY), Span(f" {does}", Tone.DIM))


def _no_keys(*_actions: tuple[str, str]) -> Iterator[Span]:
    return iter(())
