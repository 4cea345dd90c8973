"""A release of an engine's code as values: its files, what became of it, and which one is the previous.

Instants are wall-clock seconds since 1970.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from console.domain.backup import Copy

FORMAT = 1
"""The version of the manifest that this console writes, and the only one that it reads."""
SAVED = "saved-"
"""How the id of a copy begins that was saved before files were exchanged, and was never a release."""
_EXECUTABLE = 0o111
_V = re.compile(r"^[vV](?=\d)")
_ID = re.compile(rf"(?:r-|{SAVED})[0-9a-f]{{12}}")


@dataclass(frozen=True, slots=True)
class FileSum:
    """What a file holds: its SHA-256 in hexadecimal, its bytes, and its permissions (0o644)."""

    digest: str
    size: int
    mode: int

    @property
    def executable(self) -> bool:
        """Whether anybody may run it: the part of the permissions that makes it another file, as in git."""
        return bool(self.mode & _EXECUTABLE)

    def same(self, other: "FileSum | None") -> bool:
        """Whether the other holds the same, and may be run as this one may."""
        return other is not None and (self.digest, self.executable) == (other.digest, other.executable)


Files = Mapping[str, FileSum]
"""Files by their path seen from the tree."""


@dataclass(frozen=True, slots=True)
class Release:
    """The manifest of a recorded copy. `tree` stands for all its files, and `id` is made of it.

    `commit` is git's where the files are exactly those of one, `tag` names it; `version` is the engine's.
    """

    id: str
    context: str
    made: float
    by: str
    tree: str
    files: Files
    copy: Copy
    tag: str | None = None
    commit: str | None = None
    version: str | None = None
    note: str = ""
    format: int = FORMAT

    @property
    def saved(self) -> bool:
        """Whether it was saved before files were exchanged, and is no release."""
        return self.id.startswith(SAVED)

    @property
    def names(self) -> tuple[str, ...]:
        """What people call it: git's tag and the version, where that says something else."""
        tag, version = self.tag or "", self.version or ""
        told = (tag, "" if same_name(tag, version) else version)
        return tuple(name for name in told if name)

    @property
    def called(self) -> str:
        """Its id, with the names that people have for it."""
        return f"{self.id} ({', '.join(self.names)})" if self.names else self.id

    def is_called(self, name: str) -> bool:
        """Whether that is its tag or its version."""
        return any(same_name(name, own) for own in (self.tag, self.version) if own)


def same_name(one: str, other: str) -> bool:
    """Whether the names are the same but for the v that some write before a version."""
    return _V.sub("", one) == _V.sub("", other)


def tree_of(files: Files) -> str:
    """What stands for all the files: the same for the same names, contents and executable bits."""
    digest = hashlib.sha256()
    for name, each in sorted(files.items()):
        digest.update(f"{each.digest} {'x' if each.executable else '-'} {name}\0".encode())
    return digest.hexdigest()


def id_of(tree: str, *, saved: bool = False) -> str:
    """The id of what has this `tree`: the same files always have the same."""
    return f"{SAVED if saved else 'r-'}{tree[:12]}"


def is_id(name: str) -> bool:
    """Whether a release may have that as its id."""
    return _ID.fullmatch(name) is not None


def differences(wanted: Files, found: Files) -> tuple[str, ...]:
    """What is there otherwise than in `wanted`, a line for each file; nothing where they are the same."""
    return tuple(_differences(wanted, found))


def _differences(wanted: Files, found: Files) -> Iterator[str]:
    for name in sorted({*wanted, *found}):
        there, due = found.get(name), wanted.get(name)
        if due is None:
            yield f"{name}: isn't part of it"
        elif there is None:
            yield f"{name}: is missing"
        elif there.digest != due.digest:
            yield f"{name}: differs"
        elif not due.same(there):
            yield f"{name}: {'may' if there.executable else 'may not'} be run"


class Deed(Enum):
    """What the journal tells of releases."""

    RECORDED = "release.record"
    DEPLOYED = "release.deployed"
    HEALTHY = "release.healthy"
    BACK = "release.back"
    REMOVE_COIN = "release.remove_coin"
    REMOVED = "release.remove"
    TAKE_OVER = "release.take_over"


@dataclass(frozen=True, slots=True)
class Event:
    """One deed, as the journal has it; `release` is an id, for a take-over the folder.

    `done` is False where it was left unfinished, None where it was begun and nobody knows how it ended.
    `manifest` is the digest of the manifest as it was recorded, `run` the deployment that it was part of,
    `kept` what stood there before.
    """

    deed: Deed
    at: float
    by: str
    release: str
    done: bool | None = True
    manifest: str = ""
    run: str = ""
    kept: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """What became of the releases, from the journal.

    `manifests` are the digests by id of the manifests that were recorded, or put back without that. `stack`
    are the ids that were put there, the one that should stand there now last: going back takes away those
    above. `put` is when that one came, `unfinished` a going back that was begun since and wasn't done.
    `without_coin` says that the coin engine's files were taken out since. `changed` is what last changed
    files on purpose. `taken` is when another journal's releases were taken over, 0 for never: what was
    deployed before, that one may know.
    """

    manifests: Mapping[str, str] = field(default_factory=dict)
    deployed: Mapping[str, Event] = field(default_factory=dict)
    healthy: Mapping[str, Event] = field(default_factory=dict)
    stack: tuple[str, ...] = ()
    put: Event | None = None
    unfinished: Event | None = None
    without_coin: bool = False
    changed: Event | None = None
    taken: float = 0.0

    @property
    def current(self) -> str | None:
        """The release that should stand there."""
        return self.stack[-1] if self.stack else None

    def is_good(self, release: str) -> bool:
        """Whether it was deployed, and healthy then."""
        return release in self.deployed and release in self.healthy


def past_of(events: Iterable[Event]) -> Past:
    """What the events, the oldest first, come to."""
    past = Past()
    for event in events:
        taken = event.deed is Deed.TAKE_OVER
        past = replace(past, taken=event.at) if taken else _after(past, event)
    return past


def _after(past: Past, event: Event) -> Past:
    if event.deed is Deed.RECORDED:
        return replace(past, manifests={**past.manifests, event.release: event.manifest})
    if event.deed is Deed.REMOVED:  # half removed is gone, too
        manifests = {name: each for name, each in past.manifests.items() if name != event.release}
        stack = tuple(each for each in past.stack if each != event.release)
        return replace(past, manifests=manifests, stack=stack)
    if event.deed is Deed.HEALTHY:
        return replace(past, healthy={**past.healthy, event.release: event})
    if event.deed in (Deed.BACK, Deed.REMOVE_COIN) and event.done is not False:
        past = replace(past, changed=event)
    if event.deed is Deed.REMOVE_COIN:
        return replace(past, without_coin=past.without_coin or event.done is True)
    if event.done is not True:
        return replace(past, unfinished=event)
    below = _below(past.stack, event)
    unrecorded = {event.release: event.manifest} if event.manifest else {}
    return replace(
        past,
        manifests={**unrecorded, **past.manifests},  # what is recorded goes before
        deployed={**past.deployed, event.release: event},
        stack=(*below, event.release),
        put=event,
        unfinished=None,
        without_coin=False,
    )


def _below(stack: tuple[str, ...], event: Event) -> tuple[str, ...]:
    """What lies under a release that is put there: back to one, nothing above it counts any more."""
    if event.release not in stack:
        return stack
    if event.deed is Deed.BACK:
        return stack[: stack.index(event.release)]
    return tuple(each for each in stack if each != event.release)


@dataclass(frozen=True, slots=True)
class Previous:
    """Which release is the previous one, None with `why` where there is none."""

    id: str | None
    why: str


def previous_of(past: Past, stands: str | None) -> Previous:
    """The last release that was deployed and healthy, before the one that is deployed now.

    `stands` is the id of what stands in the tree, None where that is nothing recorded: then the release that
    is deployed was changed, and it is itself what there is to go back to, where it was healthy.
    """
    if past.unfinished is not None and stands in (None, past.unfinished.release):
        return Previous(past.unfinished.release, "going back to it was begun, and isn't finished")
    changed = stands is None or (stands.startswith(SAVED) and stands != past.current)
    there = past.stack if changed else past.stack[:-1]
    good = [each for each in there if past.is_good(each)]
    if good:
        return Previous(good[-1], "deployed, and healthy then")
    if not past.stack:
        return Previous(None, "the journal knows of no release that was deployed")
    before = ", ".join(reversed(there)) or "none"
    return Previous(None, f"no release before {past.current} was healthy; before it, deployed were: {before}")
