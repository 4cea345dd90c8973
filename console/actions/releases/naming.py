"""What a release may be called: a name stands for one set of files, and never against what those say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from console.actions.releases.errors import ReleaseError
from console.domain.foreign import visible
from console.domain.release import Files, Release, differences, is_id, same_name, tree_of

LONGEST_NAME = 100
"""Characters."""
_MOST = 3
"""Of the files that are told."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a name is judged by: the files in the tree, and how they `say` themselves that they are called.

    `known` are the releases that are recorded, `tagged` the files of git's tag of that name, if there is one.
    `brought`: a deployment is to have brought them, so that what was recorded before isn't they.
    """

    files: Files
    say: Sequence[str]
    known: Iterable[Release]
    tagged: Files | None
    brought: bool


def check_name(name: str, ground: Ground) -> None:
    """Raise ReleaseError unless what stands in the tree may be called so."""
    if not name.isprintable() or not 0 < len(name.strip()) == len(name) <= LONGEST_NAME or is_id(name):
        raise ReleaseError(
            f"{visible(name)!r} is no name of a release: it has 1 to {LONGEST_NAME} characters, and is no id"
        )
    if ground.tagged is not None:
        wrong = differences(ground.tagged, ground.files)
        if wrong:
            raise ReleaseError(f"what stands there isn't git's tag {name}: {_some(wrong)}; {_put(name)}")
        return
    told = any(same_name(name, own) for own in ground.say)
    if ground.say and not told:
        own = " and ".join(ground.say)
        raise ReleaseError(f"what stands there says that it is {own}, not {name}: {_put(name)}, or use {own}")
    _check_known(name, ground, told=told)


def _check_known(name: str, ground: Ground, *, told: bool) -> None:
    """Compare with what is recorded; `told` is whether the files themselves say the name."""
    tree = tree_of(ground.files)
    known = [each for each in ground.known if not each.saved]
    same = next((each for each in known if each.tree == tree), None)
    if same is not None and same.is_called(name):
        return
    if same is not None and same.names:
        raise ReleaseError(f"what stands there is {same.called}, not {name}: {_put(name)}")
    if same is not None and ground.brought and not told:
        raise ReleaseError(
            f"what stands there was there before, recorded as {same.id}: {_put(name)}; "
            f"if they are that: opsconsole release record --version '{name}'"
        )
    others = [each for each in known if each.is_called(name)]
    if others and not told:
        wrong = differences(others[0].files, ground.files)
        raise ReleaseError(
            f"{others[0].called} has other files: {_some(wrong)}; {_put(name)}, or give these another name"
        )


def _put(name: str) -> str:
    return f"put the files of {name} there"


def _some(lines: Sequence[str]) -> str:
    more = f" and {len(lines) - _MOST} more" if len(lines) > _MOST else ""
    return ", ".join(lines[:_MOST]) + more
