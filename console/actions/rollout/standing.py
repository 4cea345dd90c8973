"""Since when a feature's entry has stood as it does, as far as that can be proven.

The journal knows it, if nobody else has changed the file since our last change of the feature. Else the
witness counts who knows it for the longest: the journal, as far back as the file was only ours; git, while
the file is what was committed last; the file's own time. None of them goes back behind our own last change.
"""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from console.actions.rollout.history import Change
from console.actions.rollout.look import Look
from console.domain.rollout.gates import InStage
from console.domain.rollout.stages import feature_named
from console.domain.surfaces import Feature
from console.sources.errors import SourceError
from console.sources.flags import parse_flags

GIT_DEADLINE = 3.0
"""Seconds for all of git's answers together."""
_MOST_COMMITS = 100

_MOST_ENTRIES = 4096

Instant = tuple[float, str]
"""Seconds since 1970, and who says so."""
_ENTRIES: dict[tuple[str, str, str], Feature] = {}
"""Entries of commits, which never change, by file, commit and feature."""


def in_stage(look: Look, feature: str, history: Sequence[Change]) -> InStage:
    """Since when `feature` has the entry that the file, as it was looked at, gives it.

    `history` are the changes that the journal has, newest first. Any change of the entry begins anew: of its
    stage, of its lists, of its percentage. Waits for git.
    """
    entry = feature_named(look.flags, feature)
    if entry is None:
        return InStage(None, f"{look.path} has no feature {feature!r}")
    own = _own(look.digest, feature, history)
    if own is not None and own.reaches_the_change:
        return InStage(own.since, "the journal")
    by_journal = [] if own is None else [(own.since, "the journal")]
    known = [*by_journal, *_by_git(look, entry), *_by_time(Path(look.path))]
    if not known:
        return InStage(None, "neither the journal nor git nor the file says since when")
    changed = max(
        (one.at for one in history if one.feature == feature and one.done is not False), default=0.0
    )
    since, witness = min(known)
    return InStage(since, witness) if since >= changed else InStage(changed, "the journal")


@dataclass(frozen=True, slots=True)
class _Own:
    """How far back the file was only changed by us, and whether that is as far as a change of the feature."""

    since: float
    reaches_the_change: bool


def _own(digest: str, feature: str, history: Sequence[Change]) -> _Own | None:
    """Back through our own changes, each of which began with what the one before it had left."""
    left, found = digest, None
    for change in history:
        if change.done is not True or change.left != left:
            break
        found, left = _Own(change.at, change.feature == feature), change.seen
        if found.reaches_the_change:
            break
    return found


def _by_git(look: Look, entry: Feature) -> Iterator[Instant]:
    """The oldest of the newest commits in a row that all have this entry."""
    git, since = _Git(Path(look.path)), None
    for commit, at in git.commits():
        if since is None and git.content(commit) != look.content:
            return
        if git.entry(commit, entry.name) != entry:
            break
        since = at
    if since is not None:
        yield since, "git"


def _by_time(file: Path) -> Iterator[Instant]:
    try:
        yield file.stat().st_mtime, "the file's time"
    except OSError:
        return


class _Git:
    """The versions of one file that are committed, as long as the time for it lasts."""

    def __init__(self, file: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._file = file.resolve()
        self._now = now
        self._until = now() + GIT_DEADLINE

    def commits(self) -> Iterator[tuple[str, float]]:
        """Commits that changed the file, newest first, each with its time; none where there is no git."""
        said = self._said("log", f"--max-count={_MOST_COMMITS}", "--format=%H %ct", "--", self._file.name)
        for line in (said or b"").decode("ascii", "replace").splitlines():
            commit, _, at = line.partition(" ")
            if at.isdigit():
                yield commit, float(at)

    def content(self, commit: str) -> bytes | None:
        return self._said("show", f"{commit}:./{self._file.name}")

    def entry(self, commit: str, feature: str) -> Feature | None:
        """The feature's entry in a commit; None where it has none, or can't be read."""
        known = _ENTRIES.get((str(self._file), commit, feature))
        if known is None and (content := self.content(commit)) is not None:
            try:
                known = feature_named(parse_flags(content, str(self._file)), feature)
            except SourceError:
                return None
            if known is not None:
                _remember((str(self._file), commit, feature), known)
        return known

    def _said(self, *arguments: str) -> bytes | None:
        """What git prints; None where it fails, is missing, or takes too long."""
        left = self._until - self._now()
        if left <= 0:
            return None
        command = ["git", "-C", str(self._file.parent), "--no-pager", *arguments]
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=left, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout if done.returncode == 0 else None


def _remember(place: tuple[str, str, str], entry: Feature) -> None:
    if len(_ENTRIES) >= _MOST_ENTRIES:
        _ENTRIES.clear()
    _ENTRIES[place] = entry
