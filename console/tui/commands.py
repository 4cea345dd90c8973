"""What the palette offers: the actions that can be done now, the words that take a name, and the symbols."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from console.tui.actions import MOVES, Action
from console.tui.places import Offer

T = TypeVar("T")

MOST = 50
"""Choices that are offered at once."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the palette. `does` is done on enter; without it, enter goes on typing after `words`."""

    words: str
    key: str
    help: str
    does: "Deed | None"


@dataclass(frozen=True, slots=True)
class Deed:
    """What a choice stands for: an action that is offered, or one of the words with its name."""

    kind: Literal["action", "theme", "fps", "symbol"]
    name: str
    offer: Offer | None = None


@dataclass(frozen=True, slots=True)
class Offered:
    """What can be chosen from: `table` is the whole registry, for what can't be done here."""

    offers: Sequence[Offer]
    table: Sequence[Action]
    themes: Mapping[str, str]
    symbols: Sequence[str]


NAMED = {
    "theme": "Change the colours to those of this name",
    "fps": "Paint this many times a second at most: 0.2 to 30",
    "symbol": "Everything about the symbol of this name",
}
"""The words that take a name."""

LEAST_FPS, MOST_FPS = 0.2, 30.0


def choices(text: str, offered: Offered) -> tuple[Choice, ...]:
    """What `text` can mean, the best match first; nothing where it means nothing."""
    word, space, rest = text.strip(" ").partition(" ")
    if word.lower() in NAMED and (space or text.endswith(" ")):
        found = _with_name(word.lower(), rest.strip(), offered)
    else:
        found = _anything(text.strip().lower(), offered)
    return tuple(found[:MOST])


def complaint(text: str, offered: Offered) -> str:
    """Why `text` means nothing here: few words, as it stands beside the text."""
    word, _, rest = text.strip().partition(" ")
    if word.lower() == "fps" and rest:
        return f"fps is a number from {LEAST_FPS:g} to {MOST_FPS:g}"
    if word.lower() in NAMED and rest:
        known = f"; there are {_some(offered.themes)}" if word.lower() == "theme" else ""
        return f"no such {word.lower()}{known}"
    elsewhere = _ranked(text.strip().lower(), offered.table, _names)
    if elsewhere and _rank(text.strip().lower(), _names(elsewhere[0])) == 0:
        places = [_CALLED.get(place, place) for place in elsewhere[0].places]
        if len(places) > _LISTED:
            return f"not here, but in {', '.join(places)}"
        return f"{_words(elsewhere[0])} works in {' and '.join(places)}, not here"
    return "nothing has this name"


_LISTED = 2
_CALLED = {
    "app": "a screen",
    "beginning": "what a runbook would do",
    "choice": "the choice of columns",
    "confirm": "a confirmation",
    "matrix": "the rollout",
    "reader": "a text in full",
    "wizard": "a run",
}
"""Places by what an operator calls them, where that is something else."""


def _some(names: Iterable[str]) -> str:
    """The first few, and how many more there are."""
    first, more = [*names][:_LISTED], [*names][_LISTED:]
    return ", ".join(first) + (f", {len(more)} more" if more else "")


def fps_of(text: str) -> float | None:
    """The frame rate that `text` says; None where it says none."""
    try:
        fps = float(text)
    except ValueError:
        return None
    return fps if LEAST_FPS <= fps <= MOST_FPS else None


def _with_name(word: str, name: str, offered: Offered) -> list[Choice]:
    if word == "fps":
        return [] if fps_of(name) is None else [Choice(f"fps {name}", "", NAMED["fps"], Deed("fps", name))]
    if word == "theme":
        themes = [Choice(f"theme {n}", "", m, Deed("theme", n)) for n, m in offered.themes.items()]
        return _ranked(name.lower(), themes, lambda choice: (choice.words.removeprefix("theme "),))
    return [choice for _, choice in _symbols(name.lower(), offered.symbols, "symbol ")]


def _anything(text: str, offered: Offered) -> list[Choice]:
    """Actions, words that take a name, and symbols, the best matches first."""
    found: list[tuple[int, Choice]] = []
    for offer in offered.offers:
        action = offer.action
        rank = _rank_of_action(text, action)
        if rank is not None and not text and action.id in MOVES:
            rank = _TOLD  # whoever has typed nothing yet doesn't look for an arrow
        if rank is not None:
            deed = Deed("action", action.id, offer)
            found.append((rank, Choice(_words(action), action.shown, action.help, deed)))
    for word, meaning in NAMED.items():
        rank = _rank(text, (word,))
        if rank is not None:
            found.append((rank, Choice(f"{word} ", "", meaning, None)))
    if text:
        found += _symbols(text, offered.symbols)
    return _best_first(found)


def _best_first(found: Sequence[tuple[int, T]]) -> list[T]:
    """By rank, in the order found within one; scattered letters count only where nothing else is meant."""
    best = min((rank for rank, _ in found), default=_LETTERS)
    meant = [pair for pair in found if pair[0] < _LETTERS or best == _LETTERS]
    return [thing for _, thing in sorted(meant, key=lambda pair: pair[0])]


def _symbols(text: str, symbols: Iterable[str], before: str = "") -> Iterator[tuple[int, Choice]]:
    """The symbols that have `text` in their name, with how well it means them, the best first.

    There can be thousands: no more are made into choices than can be offered.
    """
    by_rank: dict[int, list[str]] = {0: [], 1: [], 3: []}
    for symbol in symbols:
        name = symbol.lower()
        if text in name:
            by_rank[0 if name == text else 1 if name.startswith(text) else 3].append(symbol)
    found = ((rank, symbol) for rank, some in by_rank.items() for symbol in some)
    for rank, symbol in itertools.islice(found, MOST):
        yield rank, Choice(f"{before}{symbol}", "", NAMED["symbol"], Deed("symbol", symbol))


def _rank_of_action(text: str, action: Action) -> int | None:
    """By its names, by its key, and then by what its help says of it."""
    rank = _rank(text, _names(action))
    if text == action.shown.lower():
        return min(1, 1 if rank is None else rank)
    told = len(text) >= _LEAST_OF_A_WORD and f" {text}" in f" {action.help.lower()}"
    return _TOLD if told and (rank is None or rank > _TOLD) else rank


def _names(action: Action) -> tuple[str, ...]:
    return (_words(action), action.label, *action.aliases)


def _words(action: Action) -> str:
    return action.id.replace("_", " ")


def _ranked(text: str, things: Sequence[T], names: Callable[[T], tuple[str, ...]]) -> list[T]:
    """Those of `things` that `text` can mean, the best match first; the order stays where it is as good."""
    ranks = ((_rank(text, names(thing)), thing) for thing in things)
    return _best_first([(rank, thing) for rank, thing in ranks if rank is not None])


_TOLD, _LETTERS = 4, 5
"""How well a text is meant that is a word of the help alone, or letters of a name in their order."""
_LEAST_OF_A_WORD = 3
"""Letters from which on a text is looked for in helps: shorter ones begin too many words."""


def _rank(text: str, names: Iterable[str]) -> int | None:
    """How well one of `names` is meant by `text`: 0 exactly … _LETTERS hardly; None: not at all."""
    ranks = [rank for name in names if name and (rank := _rank_of(text, name.lower())) is not None]
    return min(ranks, default=None)


def _rank_of(text: str, name: str) -> int | None:
    if name == text:
        return 0
    if name.startswith(text):
        return 1
    if f" {text}" in name:
        return 2
    if text in name:
        return 3
    letters = iter(name)
    return _LETTERS if all(letter in letters for letter in text) else None
