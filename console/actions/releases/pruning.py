"""Removing recorded releases beyond those that the settings keep; what somebody needs stays, however old."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from console.actions.discarding import discard
from console.actions.releases.errors import ReleaseError
from console.actions.releases.folder import Kept, left_in, remove, remove_left
from console.actions.releases.past import events_in
from console.actions.releases.recorded import Releases
from console.actions.releases.tree import in_words
from console.audit.errors import JournalError
from console.audit.files import records
from console.audit.record import Act
from console.domain.backup import pruned
from console.domain.release import Deed, Event
from console.domain.release_pruning import needed


@dataclass(frozen=True, slots=True)
class Beyond:
    """What the settings don't keep: releases that go, those that stay all the same by id with why, and files
    that are `left` of some that were half removed.
    """

    goes: tuple[Kept, ...] = ()
    stays: Mapping[str, str] = field(default_factory=dict)
    left: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Others:
    """Who else needs releases: the open runs by id, with when they began, and those a drill puts back."""

    runs: Mapping[str, float]
    drills: Collection[str] = ()


def beyond(releases: Releases, others: Others) -> Beyond:
    """What is beyond those that the settings keep, now. Raises ReleaseError.

    What was saved before files were exchanged is counted for itself: it pushes no release out.
    """
    standing, code = releases.standing(), releases.code
    own = [each for each in standing.kept if each.release.context == releases.context]
    aged: set[str] = set()
    for saved in (False, True):
        made = {each.release.id: each.release.made for each in own if each.release.saved is saved}
        goes = pruned(list(made.values()), releases.clock.wall(), keep=code.keep, days=code.days)
        aged |= {release for release, at in made.items() if at in goes}
    stands = None if standing.stands is None else standing.stands.release.id
    try:
        events = tuple(events_in(releases.journal.folder, releases.context))
        others_know = _of_others(releases)
    except (JournalError, OSError) as error:
        raise ReleaseError(str(error)) from None
    why = dict.fromkeys(others.drills, "a drill puts it back")
    why |= dict.fromkeys(others_know, "another context knows of it")
    why |= needed(events, stands, standing.previous.id, others.runs)
    return Beyond(
        goes=tuple(each for each in own if each.release.id in aged - why.keys()),
        stays={each: words for each, words in why.items() if each in aged},
        left=left_in(releases.folder),
    )


def prune(releases: Releases, others: Callable[[], Others]) -> Beyond:
    """Remove them, each after the journal knows of it: what was removed. Raises ReleaseError.

    `others` is asked while nobody can record, or exchange files.
    """
    with releases.locked():
        found = beyond(releases, others())
        for each in found.goes:
            before = {"manifest": each.digest, "tree": each.release.tree}
            act = Act(releases.context, Deed.REMOVED.value, each.release.id, before=before)
            _discard(releases, act, each.file, partial(remove, each))
        for file in found.left:
            act = Act(releases.context, "release.remove_left", file.name)
            _discard(releases, act, file, partial(remove_left, file))
    return found


def _of_others(releases: Releases) -> Collection[str]:
    """The ids that the journal tells of in other contexts, which may share the folder.

    The same files have the same id everywhere, and the manifest of whoever has recorded them first.
    """
    folder = releases.journal.folder
    contexts = {each.context for each in records(folder)} - {releases.context}
    return {name for context in contexts for name in _known(events_in(folder, context))}


def _known(events: Iterable[Event]) -> Collection[str]:
    """What the events, the oldest first, tell of, but for what was removed since."""
    known: set[str] = set()
    for event in events:
        known |= {event.release, event.kept} - {""}
        if event.deed is Deed.REMOVED:
            known.discard(event.release)
    return known


def _discard(releases: Releases, act: Act, file: Path, work: Callable[[], None]) -> None:
    try:
        discard(releases.journal, releases.actor, act, work)
    except OSError as error:
        raise in_words(file, error) from None
    except JournalError as error:
        raise ReleaseError(str(error)) from None
