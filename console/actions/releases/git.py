"""What git knows of a tree, asked by argument lists; no hook of the repository and no monitor of its is run.

A tree that is no work tree, or a machine without git, is no mistake: then nothing is known of it.
"""

import hashlib
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from console.actions.releases.copy import Content
from console.actions.releases.errors import ReleaseError
from console.actions.releases.tree import is_named
from console.domain.release import Files, FileSum, Release, differences

_TIMEOUT = 30.0
"""Seconds that one of git's programs may take."""
_HARMLESS = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+-]{0,199}")
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the files are from: git's commit, and the tag that names it, if one does."""

    commit: str | None = None
    tag: str | None = None


def origin_of(tree: Path, patterns: Sequence[str]) -> Origin:
    """The commit whose files stand there, exactly; nothing where there is none, or one was changed."""
    try:
        commit = _git(tree, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").decode().strip()
        if _changes(tree, patterns, "--ignored=matching"):
            return Origin()
    except ReleaseError:
        return Origin()
    try:
        tag = _git(tree, "describe", "--tags", "--exact-match", commit).decode().strip()
    except ReleaseError:
        return Origin(commit)
    return Origin(commit, tag)


def uncommitted(tree: Path, patterns: Sequence[str]) -> tuple[str, ...]:
    """The files that aren't as git's last commit has them, as `git status` says it."""
    try:
        return _changes(tree, patterns)[:_SHOWN]
    except ReleaseError:
        return ()


def of_tag(tree: Path, tag: str, patterns: Sequence[str]) -> tuple[Origin, tuple[Content, ...]]:
    """The files that a tag has, sorted by name. Raises ReleaseError."""
    if not _TAG.fullmatch(tag) or ".." in tag:
        raise ReleaseError(f"{tag!r} is no name of a tag")
    commit = _git(tree, "rev-parse", "--verify", f"refs/tags/{tag}^{{commit}}").decode().strip()
    return Origin(commit, tag), tuple(_contents(tree, commit, patterns))


def tagged(tree: Path, tag: str, patterns: Sequence[str]) -> tuple[Origin, Files] | None:
    """What a tag names, and its files; None where there is no such tag.

    Raises ReleaseError where there is one, and git doesn't say what it has: nobody may take that for none.
    """
    if not _TAG.fullmatch(tag) or ".." in tag:
        return None
    try:
        _git(tree, "rev-parse", "--verify", "--quiet", f"refs/tags/{tag}^{{commit}}")
    except ReleaseError:
        return None
    origin, contents = of_tag(tree, tag, patterns)
    return origin, sums_of(contents)


def of_commit(tree: Path, release: Release) -> tuple[Content, ...] | None:
    """The release's files as its commit has them; None where git hasn't exactly those."""
    if release.commit is None:
        return None
    try:
        found = tuple(_contents(tree, release.commit, list(release.files)))
    except ReleaseError:
        return None
    return found if not differences(release.files, sums_of(found)) else None


def sums_of(contents: Iterable[Content]) -> Files:
    """What files with these contents are."""
    return {name: FileSum(hashlib.sha256(data).hexdigest(), len(data), mode) for name, mode, data in contents}


def tell_index(tree: Path, commit: str, names: Sequence[str]) -> None:
    """Have git's index say that the named files are those of the commit, as its `checkout` would.

    What the commit hasn't got is left out of the index. Raises ReleaseError.
    """
    listed = "\0".join(names).encode()
    options = ("--pathspec-from-file=-", "--pathspec-file-nul")
    _git(tree, "--literal-pathspecs", "reset", "--quiet", *options, commit, data=listed)


def _contents(tree: Path, commit: str, patterns: Sequence[str]) -> Iterator[Content]:
    """The files of a commit; those of a subfolder where the tree is one."""
    wanted = sorted(_entries(tree, commit, patterns))
    blobs = _git(tree, "cat-file", "--batch", data="".join(f"{blob}\n" for _, _, blob in wanted).encode())
    place = 0
    for name, mode, blob in wanted:
        head = blobs[place : place + 200].partition(b"\n")[0]
        words = head.decode("ascii", "replace").split()
        if len(words) != 3 or words[:2] != [blob, "blob"]:
            raise ReleaseError(f"git doesn't have {name} of {commit}")
        begin, size = place + len(head) + 1, int(words[2])
        yield name, mode, blobs[begin : begin + size]
        place = begin + size + 1


def _entries(tree: Path, commit: str, patterns: Sequence[str]) -> Iterator[tuple[str, int, str]]:
    """Name, permissions and blob of each file of a commit that the patterns name."""
    for line in _git(tree, "ls-tree", "-r", "-z", commit).split(b"\0"):
        if not line:
            continue
        told, _, raw = line.partition(b"\t")
        mode, kind, blob = told.decode("ascii").split()
        name = os.fsdecode(raw)
        if not is_named(name, patterns):
            continue
        if kind != "blob" or not mode.startswith("100"):
            raise ReleaseError(f"{name}: a symlink or a submodule in git; a release keeps files only")
        yield name, 0o755 if mode == "100755" else 0o644, blob


def _changes(tree: Path, patterns: Sequence[str], *options: str) -> tuple[str, ...]:
    specs = [f":(glob){pattern}" for pattern in patterns]
    said = _git(tree, "status", "--porcelain", "--untracked-files=all", *options, "--", *specs)
    return tuple(os.fsdecode(line) for line in said.splitlines())


def _git(tree: Path, *words: str, data: bytes = b"") -> bytes:
    """What git says; ReleaseError, with its words, where it doesn't."""
    environ = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        environ.pop(name, None)
    try:
        done = subprocess.run(
            ("git", *_HARMLESS, "-C", str(tree), *words),
            input=data,
            capture_output=True,
            timeout=_TIMEOUT,
            env=environ,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ReleaseError(f"git can't be asked: {error}") from None
    if done.returncode:
        said = os.fsdecode(done.stderr).strip().splitlines()
        raise ReleaseError(f"git: {said[0] if said else f'exit code {done.returncode}'}")
    return done.stdout
