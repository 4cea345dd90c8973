"""Whose a folder of releases is: one journal's, which alone knows what is deployed, and what is needed still.

owner       which journal that is; whoever is first to change something there writes it, or takes them over

Another console, with a journal of its own, may look. What it wrote would go past the first one's journal: a
release that this can't go back to any more, a deployment that it never hears of.
"""

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from console.actions.durable import DurableError, replace_file
from console.actions.releases.errors import ReleaseError
from console.audit.actor import Actor
from console.audit.errors import JournalError
from console.audit.files import mode_in, records
from console.audit.open import folder_in
from console.domain.foreign import visible

FILE = "owner"


@dataclass(frozen=True, slots=True)
class Owner:
    """A journal by its first record's `hash`, which it keeps wherever it is moved, and where it was then."""

    hash: str
    state: str
    host: str
    by: str

    def __str__(self) -> str:
        return visible(f"the console of {self.by} on {self.host}, in {self.state}")


_OWNERS = TypeAdapter(Owner)
_OTHERWISE = "opsconsole release record --take-over REASON"


def check_own(folder: Path, state: Path) -> None:
    """Raise ReleaseError where the folder is another journal's than that of `state`, or nobody can tell."""
    owner = _owner_of(folder)
    if owner is not None and owner.hash != _hash_of(state):
        raise ReleaseError(
            f"the releases in {folder} are those of {owner}: its journal knows what is deployed, this one "
            f"doesn't; do it there, or, where that journal is gone: {_OTHERWISE}"
        )


def whose(folder: Path) -> str:
    """Whose the folder is, in words; empty where it is nobody's."""
    try:
        return str(_owner_of(folder) or "")
    except ReleaseError as error:
        return str(error)


def claim(folder: Path, state: Path, actor: Actor) -> None:
    """Make a folder that is nobody's this journal's, once that has a record. Raises as `put`."""
    if _owner_of(folder) is None:
        put(folder, state, actor)


def put(folder: Path, state: Path, actor: Actor) -> None:
    """Make a folder this journal's, whosever it was, once that has a record. The lock has to be held.

    Raises ReleaseError.
    """
    first = _hash_of(state)
    if first is None:
        return
    owner = Owner(first, str(state.absolute()), actor.host, actor.user)
    try:
        data = _OWNERS.dump_json(owner, indent=1)
        replace_file(folder / FILE, data, expected=None, keep_owner=False, mode=mode_in(folder))
    except (DurableError, OSError) as error:
        raise ReleaseError(str(error)) from None


def _owner_of(folder: Path) -> Owner | None:
    file = folder / FILE
    try:
        return _OWNERS.validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        why = error.strerror if isinstance(error, OSError) else "it names no journal"
        raise ReleaseError(
            f"whose releases these are can't be told: {file}: {why}; if they are yours: {_OTHERWISE}"
        ) from None


def _hash_of(state: Path) -> str | None:
    """Of the journal's first record; None before there is one."""
    try:
        first = next(records(folder_in(state)), None)
    except (JournalError, OSError) as error:
        raise ReleaseError(str(error)) from None
    return None if first is None else first.hash
