"""Whether the files that stand in the tree are those of a release, each by its hash."""

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from console.actions.releases.code import code_of
from console.actions.releases.coin import coin_files
from console.actions.releases.errors import ReleaseError
from console.actions.releases.recorded import Releases, Standing, releases_of
from console.domain.release import Deed
from console.runbooks.checks.answers import answer, kept
from console.runbooks.model import Found

if TYPE_CHECKING:
    from console.settings import Settings

ARGUMENTS: Mapping[str, Collection[str]] = {
    "is": ("previous", "without_coin", "kept", "recorded", "healthy"),
}
"""What may be asked of a release."""

_NO_CODE = "the context's settings name no code"


def release(settings: "Settings", environ: Mapping[str, str], told: Mapping[str, str]) -> Found:
    """Whether what stands there is what `is` names; what isn't as it should be is in the details."""
    expected, ask = _ASKS[told["is"]]
    try:
        return ask(releases_of(settings, environ), expected)
    except ReleaseError as error:
        return Found(None, expected, str(error))


def no_code(settings: "Settings") -> Found:
    """Whether the context names no code, so that there are no files to record, and none to go back to."""
    if code_of(settings) is not None:
        return Found(False, _NO_CODE, "it names some")
    return Found(True, _NO_CODE, "no code in the context: no rollback can put this version's files back")


def went_back(settings: "Settings", environ: Mapping[str, str], told: Mapping[str, str]) -> Found:
    """Whether the release stands there that the run `run` went back to, deployed and healthy before."""
    expected = f"the release that run {told['run']} went back to, deployed and healthy before"
    try:
        now = releases_of(settings, environ).standing()
    except ReleaseError as error:
        return Found(None, expected, str(error))
    put = now.past.put
    if put is not None and (put.deed, put.run) == (Deed.BACK, told["run"]):
        return _good(now, expected)
    return Found(False, expected, f"{now.now}; the run has gone back to none")


def _previous(releases: Releases, expected: str) -> Found:
    now = releases.standing()
    put = now.past.put
    if now.as_due and put is not None and put.deed is not Deed.BACK:
        return Found(False, expected, f"{now.now} was deployed last: nothing was put back since")
    return _good(now, expected)


def _good(now: Standing, expected: str) -> Found:
    """Whether what should stand there does, and was deployed and healthy before."""
    if now.due is None or not now.as_due:
        return _otherwise(now, expected)
    if not now.past.is_good(now.due.release.id):
        return Found(False, expected, f"{now.now} was never deployed and healthy")
    return Found(True, expected, f"{now.now}, every file by its hash")


def _without_coin(releases: Releases, expected: str) -> Found:
    there = coin_files(releases)
    return answer(expected, [f"{name} is there" for name in there], [], "none is there")


def _recorded(releases: Releases, expected: str) -> Found:
    now = releases.standing()
    if now.due is None or not now.as_due:
        return _otherwise(now, expected)
    now.due.check()
    return Found(True, expected, f"{now.now}, every file by its hash")


def _healthy(releases: Releases, expected: str) -> Found:
    now = releases.standing()
    if now.due is None or not now.as_due:
        return _otherwise(now, expected)
    good = now.past.is_good(now.due.release.id)
    return Found(good, expected, f"{now.now}{'' if good else ' was never called healthy'}")


def _kept(releases: Releases, expected: str) -> Found:
    now = releases.standing()
    if now.stands is None:
        return _otherwise(now, expected)
    now.stands.check()
    return Found(True, expected, f"{now.stands.release.called}, every file by its hash")


def _otherwise(now: Standing, expected: str) -> Found:
    """What stands there instead; unknown where what should stand there can't be had."""
    if now.due is None and now.past.current is not None:
        words = f"{now.past.current} is deployed, and its manifest can't be had"
        return Found(None, expected, "; ".join((words, *now.problems)))
    return Found(False, expected, now.now, kept(now.wrong))


_ASKS: Mapping[str, tuple[str, Callable[[Releases, str], Found]]] = {
    "previous": ("the release that was put back, deployed and healthy before", _previous),
    "without_coin": ("none of the coin engine's files is there", _without_coin),
    "kept": ("what stands there is recorded, and the copy is sound", _kept),
    "recorded": ("the release that is deployed stands there, and its copy is sound", _recorded),
    "healthy": ("the release that is deployed stands there, and is healthy", _healthy),
}
