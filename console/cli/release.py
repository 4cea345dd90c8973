"""The command `release`: recorded copies of the engine's code, and the ways back to one. Thin.

Exit codes: 0 done, or as it should be, 1 something differs, 2 bad usage, 3 it could not be done.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from console.cli.command_line import (
    Given,
    fail,
    settings_of,
    tell,
    tell_all,
    warn,
    with_json,
    with_settings,
    with_yes,
)
from console.cli.deed import operator_here
from console.cli.release_change import back, remove_coin
from console.cli.release_told import document_of, listed_line, shown_lines

if TYPE_CHECKING:
    from console.actions.releases.folder import Kept
    from console.actions.releases.recorded import Standing
    from console.settings import Settings


@click.group()
def release() -> None:
    """Releases of the engine's code: recorded, listed, verified, put back."""


release.add_command(back)
release.add_command(remove_coin)


@release.command()
@with_settings
@click.option("--tag", metavar="TAG", help="What this tag of git has, whatever stands in the tree.")
@click.option(
    "--version", "called", default="", metavar="NAME", help="What it is called; refused where it isn't that."
)
@click.option("--note", default="", help="What there is to say of it.")
@click.option("--deployed", is_flag=True, help="It is what is deployed from now on.")
@click.option("--run", default="", metavar="RUN", help="The deployment that it is part of.")
@click.option("--take-over", default=None, metavar="REASON", help="Why another console's releases are yours.")
@click.pass_context
def record(
    ctx: click.Context,
    /,
    *,
    tag: str | None,
    called: str,
    note: str,
    deployed: bool,
    run: str,
    take_over: str | None,
    **given: Any,
) -> None:
    """Record the files that stand in the tree now; the same files are the same release."""
    if tag and called:
        fail("--tag and --version: a tag is its release's name already; give one of them")
    settings = settings_of(ctx, Given(**given))
    from console.actions.releases.recorded import releases_of  # noqa: PLC0415
    from console.wiring.releases import version_now  # noqa: PLC0415

    with told_errors():
        require_operator(settings)
        releases = releases_of(settings)
        if take_over is not None:
            releases.take_over(take_over)
            tell(f"the releases in {releases.folder} are this console's now")
        if tag:
            kept = releases.record_tag(tag, note)
        else:
            kept = releases.record(version_now(settings, releases), note, name=called, run=run)
        if deployed:
            releases.deployed(kept, run)
    tell(f"{kept.release.called}  {len(kept.release.files)} files{', deployed' if deployed else ''}")
    tell(str(kept.file))


@release.command()
@with_settings
@click.argument("name", metavar="[ID|NAME]", default="")
@click.option("--run", default="", metavar="RUN", help="The deployment that has to have brought it.")
@click.pass_context
def healthy(ctx: click.Context, /, *, name: str, run: str, **given: Any) -> None:
    """Say that the release which is deployed, and stands there, is healthy: one to go back to."""
    settings = settings_of(ctx, Given(**given))
    from console.actions.releases.recorded import releases_of  # noqa: PLC0415

    with told_errors():
        require_operator(settings)
        kept = releases_of(settings).healthy(name, run)
    tell(f"{kept.release.called} is healthy")


@release.command("list")
@with_settings
@with_json
@click.pass_context
def list_(ctx: click.Context, /, *, as_json: bool, **given: Any) -> None:
    """Say which releases there are, which one stands there, and which one is the previous."""
    _told_list(settings_of(ctx, Given(**given)), as_json=as_json, saved=False)


@release.command()
@with_settings
@with_json
@click.pass_context
def saved(ctx: click.Context, /, *, as_json: bool, **given: Any) -> None:
    """Say what was saved before files were exchanged; `release back --to ID` brings one back."""
    _told_list(settings_of(ctx, Given(**given)), as_json=as_json, saved=True)


@release.command()
@with_settings
@with_json
@click.argument("name", metavar="ID|NAME")
@click.pass_context
def show(ctx: click.Context, /, *, name: str, as_json: bool, **given: Any) -> None:
    """Say everything of a release: each file with its hash."""
    settings = settings_of(ctx, Given(**given))
    with told_errors():
        standing = _standing(settings)
        kept = _named(settings, name)
    if as_json:
        files = {key: [each.digest, each.mode, each.size] for key, each in kept.release.files.items()}
        tell(json.dumps({**document_of(kept, standing), "manifest": kept.digest, "hashes": files}))
    else:
        tell_all(shown_lines(kept, standing))


@release.command()
@with_settings
@click.argument("name", metavar="[ID|NAME]", default="")
@click.pass_context
def verify(ctx: click.Context, /, *, name: str, **given: Any) -> None:
    """Compare every file's hash with the release that should stand there, or the named one.

    Its recorded copy is checked too. 1 when anything differs.
    """
    settings = settings_of(ctx, Given(**given))
    from console.actions.releases.errors import ReleaseError  # noqa: PLC0415
    from console.actions.releases.recorded import DEPLOYED  # noqa: PLC0415
    from console.domain.release import differences  # noqa: PLC0415

    with told_errors():
        standing = _standing(settings)
        kept = _named(settings, name) if name else standing.due
        if kept is None:
            raise ReleaseError(f"the journal knows of no release that should stand there: {DEPLOYED}")
    wrong = differences(kept.release.files, standing.files) if name else standing.wrong
    try:
        kept.check()
    except ReleaseError as error:
        wrong = (*wrong, str(error))
    well = f"every file is as in {kept.release.called}" if name else f"every file is as in {standing.now}"
    tell_all(f"{kept.release.id}  {line}" for line in wrong or (well,))
    if standing.wrong and not name:
        tell(f"put it back by opsconsole release back --to {kept.release.id}; if it is right: {DEPLOYED}")
    sys.exit(1 if wrong else 0)


@release.command()
@with_settings
@with_yes
@click.pass_context
def prune(ctx: click.Context, /, *, yes: bool, **given: Any) -> None:
    """Remove the recorded copies beyond those that the settings keep, and what is left of unfinished ones.

    What is deployed stays, the previous healthy one, and what an open run or a drill needs.
    """
    settings = settings_of(ctx, Given(**given))
    from console.wiring.releases import beyond_here, prune_here  # noqa: PLC0415

    with told_errors():
        if yes:
            require_operator(settings)
        found = prune_here(settings) if yes else beyond_here(settings)
    names = [each.release.called for each in found.goes]
    left = [f"{file.name}, which has no manifest" for file in found.left]
    told = [f"{'removed' if yes else 'would remove'} {name}" for name in (*names, *left)]
    tell_all(told or ["nothing is beyond what the settings keep"])
    tell_all(f"stays {name}: {why}" for name, why in found.stays.items())


@contextmanager
def told_errors() -> Iterator[None]:
    """What could not be done is one line, and exit code 3."""
    from console.actions.releases.errors import ReleaseError  # noqa: PLC0415
    from console.domain.access import AccessError  # noqa: PLC0415

    try:
        yield
    except (AccessError, ReleaseError) as error:
        fail(str(error), 3)


def require_operator(settings: "Settings") -> None:
    """What a way back goes by takes an operator's word."""
    from console.domain.access import AccessError, Role  # noqa: PLC0415

    standing = operator_here(settings).standing
    if standing.role < Role.OPERATOR:
        raise AccessError(f"{standing}; it takes {Role.OPERATOR.word}")


def _told_list(settings: "Settings", *, as_json: bool, saved: bool) -> None:
    with told_errors():
        standing = _standing(settings)
    found = [each for each in standing.kept if each.release.saved == saved]
    for problem in (*standing.problems, *_not_own(settings)):
        warn(problem)
    if as_json:
        tell(json.dumps([document_of(each, standing) for each in found]))
        return
    nothing = "nothing was saved" if saved else "there is no release: opsconsole release record"
    tell_all([listed_line(each, standing, time.time()) for each in found] or [nothing])
    if not saved:
        previous = standing.previous
        tell(f"stands     {standing.now}")
        tell(f"previous   {previous.id or 'none'}: {previous.why}")


def _standing(settings: "Settings") -> "Standing":
    from console.actions.releases.recorded import releases_of  # noqa: PLC0415

    return releases_of(settings, os.environ).standing()


def _not_own(settings: "Settings") -> Iterator[str]:
    """That they are another console's, or that nobody can tell."""
    from console.actions.releases.errors import ReleaseError  # noqa: PLC0415
    from console.actions.releases.owner import check_own  # noqa: PLC0415
    from console.actions.releases.recorded import releases_of  # noqa: PLC0415

    releases = releases_of(settings, os.environ)
    try:
        check_own(releases.folder, releases.state)
    except ReleaseError as error:
        yield str(error)


def _named(settings: "Settings", name: str) -> "Kept":
    from console.actions.releases.recorded import releases_of  # noqa: PLC0415

    return releases_of(settings, os.environ).named(name)
