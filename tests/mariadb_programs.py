"""The database server's client programs: the installed ones, else unpacked from packages."""

import os
from pathlib import Path

from console.actions.backup.programs import Programs
from tests.debian import environment_of, find

_TO_INSTALL = "apt-get install mariadb-client"


def programs() -> Programs:
    """The programs that dump and load. Raises NoServerError."""
    dump, client = _found()
    return Programs((str(dump),), (str(client),))


def environment() -> dict[str, str]:
    """The environment in which both find the libraries that were unpacked beside them."""
    paths = [environment_of(binary).get("LD_LIBRARY_PATH", "") for binary in _found()]
    return os.environ | {"LD_LIBRARY_PATH": ":".join(path for path in paths if path)}


def _found() -> tuple[Path, Path]:
    return (
        find("mariadb-dump", "mariadb-client", "usr/bin/mariadb-dump", _TO_INSTALL),
        find("mariadb", "mariadb-client-core", "usr/bin/mariadb", _TO_INSTALL),
    )
