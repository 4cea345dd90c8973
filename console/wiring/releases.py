"""From settings to the ways back to a release of the engine's code, and to what is told of releases."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from console.actions.engine.code_age import CodeAgeError, code_changed
from console.actions.open_drills import open_drill
from console.actions.releases import recorded
from console.actions.releases.back import WaysBack
from console.actions.releases.errors import ReleaseError
from console.actions.releases.pruning import Beyond, Others, beyond, prune
from console.actions.releases.recorded import Releases, releases_of
from console.domain.engine_status import engine_status
from console.runbooks.checks.engine_processes import processes_ended
from console.runbooks.store import StoreError, store_of
from console.settings import Settings
from console.wiring import open_monitor
from console.wiring.run_guard import own_sources

VERSION = "VERSION"
"""The file of a release whose first line is its version, where there is one."""
_LONGEST = 100
_MOST_RUNS = 10_000


@dataclass(frozen=True, slots=True)
class Standing:
    """Which release stands there, in words, and which one is the previous, empty where there is none.

    `why` says why it is that one, or why there is none.
    """

    now: str
    previous: str
    why: str


def ways_back_of(settings: Settings, environ: Mapping[str, str] = os.environ) -> WaysBack:
    """Ways back of the chosen context's code. Raises ReleaseError as `releases_of`."""

    def ended() -> tuple[bool | None, str]:
        found = processes_ended(settings, environ)
        return found.passes, found.observed

    return WaysBack(settings, releases_of(settings, environ), own_sources(settings), ended)


def standing_of(settings: Settings, environ: Mapping[str, str] = os.environ) -> Standing:
    """Which release stands there, and which one is the previous. It blocks. Raises ReleaseError."""
    found = releases_of(settings, environ).standing()
    previous = found.previous
    return Standing(found.now, _called(found, previous.id), previous.why)


def version_now(
    settings: Settings, releases: Releases, environ: Mapping[str, str] = os.environ
) -> str | None:
    """The version of what stands in the tree: as the release says it, else the engine, where it began since.

    Asks the engine; None where nobody says.
    """
    if VERSION in releases.code.files and (said := _first_line(releases.code.tree / VERSION)):
        return said
    try:
        changed = code_changed(settings)
    except CodeAgeError:
        return None
    monitor = open_monitor(settings, (), environ=environ, once=True)
    asyncio.run(monitor.look_once())
    engine = engine_status(monitor.snapshot())
    began = engine.alive and engine.started_at is not None and engine.started_at > changed.at
    return engine.version[:_LONGEST] if began and engine.version else None


def beyond_here(settings: Settings, environ: Mapping[str, str] = os.environ) -> Beyond:
    """The releases that the settings don't keep, and which of them stay all the same. Raises ReleaseError."""
    return beyond(releases_of(settings, environ), _others(settings, environ))


def prune_here(settings: Settings, environ: Mapping[str, str] = os.environ) -> Beyond:
    """Remove them; what was removed. Raises ReleaseError."""
    return prune(releases_of(settings, environ), partial(_others, settings, environ))


def _others(settings: Settings, environ: Mapping[str, str]) -> Others:
    """Who else needs releases. ReleaseError where nobody can tell: then none may go."""
    try:
        runs = store_of(settings, environ).latest(settings.context, most=_MOST_RUNS)
        drill = open_drill(settings.state, settings.context)
    except (StoreError, OSError, ValueError) as error:
        raise ReleaseError(f"whether somebody needs a release can't be told: {error}") from None
    began = {run.id: run.began for run in runs if not run.standing.over}
    return Others(began, () if drill is None else {drill.before.release} - {""})


def _first_line(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").partition("\n")[0].strip()[:_LONGEST]
    except (OSError, UnicodeDecodeError):
        return ""


def _called(found: recorded.Standing, release: str | None) -> str:
    named = next((each.release for each in found.kept if each.release.id == release), None)
    return named.called if named is not None else release or ""
