"""Taking the coin engine's files out: it lowers the risk, and waits for nobody, for no journal and no disk.

They are kept first. Where that can't be done within its time, they stay beside their place under a name that
no engine loads: nothing of them is lost either way.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from console.actions.releases.errors import ReleaseError
from console.actions.releases.folder import Kept
from console.actions.releases.git import origin_of
from console.actions.releases.recorded import Releases
from console.actions.releases.tree import files_of, in_words, names_in, patterns_of, sum_of
from console.audit.errors import JournalError
from console.audit.files import sync
from console.audit.open_intents import abandoned_intents, close
from console.audit.record import Act, Record, iso_time
from console.audit.redaction import Json
from console.domain.release import Deed, tree_of
from console.patience import within

TARGET = "coin"
_KEEPING = 20.0
"""Seconds that keeping the files may take."""
_WRITING = 3.0
"""Seconds that the journal may take, each time."""


@dataclass(frozen=True, slots=True)
class Removed:
    """The files that were taken out, none where none was there; `kept` says where they are.

    `left` are those that are there still, each with why; `complaints` what else went wrong.
    """

    names: tuple[str, ...]
    kept: str
    left: tuple[str, ...]
    complaints: tuple[str, ...]


def remove_coin(releases: Releases, reason: str) -> Removed:
    """Take the coin engine's files out of the tree. ReleaseError where the tree itself can't be looked at."""
    names = coin_files(releases)
    if not names:
        within(_WRITING, lambda: _close_abandoned(releases), "journal")
        return Removed((), "", (), ())
    complaints, mark = list[str](), _mark(releases.clock.wall())
    kept = within(_KEEPING, lambda: _kept(releases), "keep coin files") or "keeping them took too long"
    words = kept if isinstance(kept, str) else kept.release.id
    intent = within(_WRITING, lambda: _intent(releases, names, words, reason), "journal")
    left = [problem for name in names if (problem := _take_out(releases.code.tree, name, kept, mark))]
    if isinstance(intent, Record):
        begun = intent
        intent = within(_WRITING, lambda: _outcome(releases, begun, left), "journal")
    if not isinstance(intent, Record):
        complaints.append(f"THE JOURNAL LACKS IT: {intent or 'it does not answer'}")
    if isinstance(kept, str):
        complaints.append(f"no copy was made: {kept}")
        return Removed(names, f"beside their place, as *{mark}", tuple(left), tuple(complaints))
    return Removed(names, f"recorded as {words}", tuple(left), tuple(complaints))


def coin_files(releases: Releases) -> tuple[str, ...]:
    """The coin engine's files that are there, symlinks too. Raises ReleaseError."""
    if not releases.code.coin_files:
        raise ReleaseError("the settings name no coin_files")
    return names_in(releases.code.tree, releases.code.coin_files, links=True)


def _kept(releases: Releases) -> Kept | str:
    """What the files are recorded as; else why they couldn't be."""
    try:
        files, (known, _problems) = files_of(releases.code), releases.all()
        tree = tree_of(files)
        there = next((each for each in known if each.release.tree == tree and each.sound), None)
        if there is not None:
            return there
        origin = origin_of(releases.code.tree, patterns_of(releases.code))
        with releases.locked():
            note = "before the coin engine's files were taken out"
            return releases.keep_tree(origin, None, note, saved=True)
    except (ReleaseError, JournalError, OSError) as error:
        return str(error)


def _intent(releases: Releases, names: Sequence[str], kept: str, reason: str) -> Record | str:
    before = {"kept": kept, "files": list(names)}
    act = Act(releases.context, Deed.REMOVE_COIN.value, TARGET, before=before, reason=reason)
    try:
        return releases.journal.intent(releases.actor, act)
    except JournalError as error:
        return str(error)


def _outcome(releases: Releases, intent: Record, left: Sequence[str]) -> Record | str:
    try:
        words = "; ".join(left) or "they are gone"
        return releases.journal.outcome(releases.actor, intent, not left, after=words)
    except JournalError as error:
        return str(error)


def _close_abandoned(releases: Releases) -> None:
    """Close what was cut off when the files were gone, and before it was told."""
    with suppress(JournalError, OSError):
        for intent in abandoned_intents(releases.journal.folder, releases.actor.host):
            if (intent.context, intent.action) == (releases.context, Deed.REMOVE_COIN.value):
                words: Json = {"read_back": True}
                close(releases.journal, releases.actor, intent, True, after="they are gone", evidence=words)


def _take_out(tree: Path, name: str, kept: Kept | str, mark: str) -> str:
    """Remove the file, or set it aside where it isn't what is kept; what went wrong."""
    place = tree / name
    try:
        if not isinstance(kept, str) and _is_kept(tree, name, kept):
            place.unlink(missing_ok=True)
        else:
            place.rename(Path(f"{place}{mark}"))
        sync(place.parent)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return str(in_words(place, error))
    return ""


def _is_kept(tree: Path, name: str, kept: Kept) -> bool:
    try:
        return sum_of(tree, name).same(kept.release.files.get(name))
    except ReleaseError:
        return False


def _mark(at: float) -> str:
    """What is put behind a name that nothing loads any more; another one each second."""
    return f".removed-{iso_time(at)[:19].replace('-', '').replace(':', '')}Z"
