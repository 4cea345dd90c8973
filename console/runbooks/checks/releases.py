"""Whether the files that stand in the tree are those of a release, each by its hash."""

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from console.actions.releases.code import code_of
from console.actions.releases.coin import coin_files
from console.actions.releases.errors import ReleaseError
from console.actions.releases.recorded import DEPLOYED, Releases, Standing, releases_of
from console.domain.release import Deed
from console.runbooks.checks.answers import answer, kept
from console.runbooks.checks.engine_processes import processes_ended, processes_young
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
    if told["is"] == "kept":
        return kept_for_later(settings, environ)
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


def deployed(settings: "Settings", environ: Mapping[str, str], told: Mapping[str, str]) -> Found:
    """Whether the run `run` has deployed what stands there, and `version` is what that is called."""
    version, run = told["version"], told["run"]
    expected = f"run {run} has deployed {version}, which stands there, and its copy is sound"
    try:
        now = releases_of(settings, environ).standing()
        put = now.past.put
        if put is None or (put.deed, put.run) != (Deed.DEPLOYED, run):
            return Found(False, expected, f"{now.now}; the run has deployed nothing")
        if now.due is not None and now.as_due and not now.due.release.is_called(version):
            return Found(False, expected, f"{now.now} isn't called {version}")
        return _sound(now, expected)
    except ReleaseError as error:
        return Found(None, expected, str(error))


def kept_for_later(settings: "Settings", environ: Mapping[str, str]) -> Found:
    """Whether the files of what runs now are recorded: those that are deployed, and those that stand there.

    Where nothing was ever deployed, by the journal, nobody may have begun before the files that stand there.
    """
    expected = "what is deployed is recorded, and what stands there; the copies are sound"
    try:
        now = releases_of(settings, environ).standing()
        if now.stands is None or (now.due is None and now.past.current is not None):
            return _otherwise(now, expected)
        now.stands.check()
        if now.due is not None and not now.as_due:
            now.due.check()
            words = f"WHAT STANDS THERE ISN'T WHAT IS DEPLOYED, {now.due.release.called}: {_some(now.wrong)}"
            both = f"both are recorded, this one as {now.stands.release.called}"
            return Found(True, expected, f"{words}; {both}", kept(now.wrong))
    except ReleaseError as error:
        return Found(None, expected, str(error))
    there = f"{now.stands.release.called}, every file by its hash"
    return Found(True, expected, there) if now.due else _never_deployed(settings, environ, expected, there)


def _never_deployed(settings: "Settings", environ: Mapping[str, str], expected: str, there: str) -> Found:
    """Whether what stands there is what runs, as far as the processes' age tells."""
    young = processes_young(settings, environ)
    none_runs = young.passes is None and processes_ended(settings, environ).passes is True
    if young.passes or none_runs:
        return Found(True, expected, f"{there}; nothing was deployed before, and {young.observed}")
    words = f"{young.observed}: what runs may be on the disk no more; if these are its files: {DEPLOYED}"
    return Found(young.passes, expected, words, young.details)


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
    return _sound(releases.standing(), expected)


def _sound(now: Standing, expected: str) -> Found:
    """Whether what should stand there does, and its copy is sound. Raises ReleaseError."""
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


def _otherwise(now: Standing, expected: str) -> Found:
    """What stands there instead; unknown where what should stand there can't be had."""
    if now.due is None and now.past.current is not None:
        words = f"{now.past.current} is deployed, and its manifest can't be had"
        return Found(None, expected, "; ".join((words, *now.problems)))
    return Found(False, expected, now.now, kept(now.wrong))


def _some(lines: tuple[str, ...]) -> str:
    return f"{lines[0]}{f' and {len(lines) - 1} more' if len(lines) > 1 else ''}"


_ASKS: Mapping[str, tuple[str, Callable[[Releases, str], Found]]] = {
    "previous": ("the release that was put back, deployed and healthy before", _previous),
    "without_coin": ("none of the coin engine's files is there", _without_coin),
    "recorded": ("the release that is deployed stands there, and its copy is sound", _recorded),
    "healthy": ("the release that is deployed stands there, and is healthy", _healthy),
}
