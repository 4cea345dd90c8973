"""What a backup is worth: its files against its manifest, and a restore of it into a scratch place.

A rehearsal loads the copy, compares counts and checksums table by table, has the ledger looked through, and
throws all of it away. On a server that takes the right to make databases named `opsconsole_rehearsal_…`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from console.actions.backup.copy_file import COMPLETED, END, found_copy, parts_of
from console.actions.backup.create import Means
from console.actions.backup.errors import BackupError
from console.actions.backup.folder import Backup, Rehearsal, keep_checked
from console.actions.backup.scratch import REHEARSING, Loaded, loaded_wrong, scratch_database, scratch_file
from console.actions.database import Login, UnusableError
from console.sources.connections import checked_url

Check = Callable[[Login, float], tuple[str, ...]]
"""Looks through the book at a login, as of an instant since 1970; a line for each thing that is wrong."""


def verify(backup: Backup, means: Means) -> Backup:
    """Look at a backup's files; `checked.problems` is what is wrong. Raises BackupError."""
    checked = replace(backup.checked, verified=means.clock.wall(), problems=tuple(problems_of(backup)))
    return keep_checked(backup, checked)


def rehearse(backup: Backup, login: Login, means: Means, check: Check) -> tuple[Backup, Rehearsal]:
    """Restore a backup into a scratch place beside `login`'s database: what came of it, which is also kept.

    Raises BackupError where it could not be tried, or what came of it can't be kept; nothing is left there.
    """
    at, began = means.clock.wall(), means.clock.now()
    problems = tuple(problems_of(backup))
    if not problems:
        try:
            with _scratch(backup, login, means) as loaded:
                wrong = loaded_wrong(backup, backup.manifest.tables, loaded, means)
                problems = (*wrong, *check(loaded.login, backup.manifest.made))
        except UnusableError as error:
            raise BackupError(str(error)) from None
    rehearsal = Rehearsal(at, means.clock.now() - began, problems)
    return keep_checked(backup, replace(backup.checked, rehearsal=rehearsal)), rehearsal


def problems_of(backup: Backup) -> Iterator[str]:
    """What is wrong with the copy, as a file."""
    wanted = backup.manifest.copy
    try:
        found = found_copy(backup.file)
        if found.size != wanted.size:
            yield f"{wanted.name} has {found.size:,} bytes, not {wanted.size:,}"
        elif found.digest != wanted.digest:
            yield f"{wanted.name} isn't what was written: its SHA-256 is another"
        elif not backup.manifest.rows:
            yield f"{wanted.name} is of a book without a row"
        else:
            end = b""
            for part in parts_of(backup.file):
                end = (end + part)[-END:]
            if wanted.name.endswith(".sql.gz") and COMPLETED not in end:
                yield f"{wanted.name} is cut: its dump was not completed"
    except BackupError as error:
        yield str(error)


@contextmanager
def _scratch(backup: Backup, login: Login, means: Means) -> Iterator[Loaded]:
    if checked_url(login.url).get_backend_name() == "sqlite":
        with scratch_file(backup, means) as file:
            yield Loaded(replace(login, url=f"sqlite:///{file}", server=None))
    else:
        with scratch_database(backup, login, means, REHEARSING) as loaded:
            yield loaded
