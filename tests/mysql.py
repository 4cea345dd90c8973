"""A real MySQL for campaigns, private to the session that starts it, and MySQL's own client programs.

It is an installed `mysqld` that is MySQL's, else the newest that Debian has, unpacked into `.cache/` of the
checkout with all libraries that it needs, down to libc, so that it runs on an older system.
`python -m tests.mysql` does the unpacking alone and prints the path of the binary.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from console.actions.backup.programs import Programs
from tests.debian import NoServerError, run
from tests.mariadb import MariaDB, running

_UNPACKED = Path(__file__).resolve().parent.parent / ".cache" / "mysql"
_TO_INSTALL = "apt-get install mysql-server-core mysql-client-core, where the distribution has them"
_PACKAGES = ("mysql-server-core", "mysql-client-core")
_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True, slots=True)
class Distribution:
    """MySQL's programs: `begins` is what a command of theirs begins with, and the folder that they are in."""

    root: Path
    begins: tuple[str, ...] = ()

    @property
    def server(self) -> Path:
        return self.root / "sbin" / "mysqld"

    @property
    def share(self) -> Path:
        return self.root / "share" / "mysql"

    def program(self, name: str) -> str:
        """The path of a client program; of an unpacked one, of a script that runs it by its own loader."""
        binary = self.root / "bin" / name
        if not self.begins:
            return str(binary)
        script = _UNPACKED / name
        words = " ".join(f"'{word}'" for word in (*self.begins, str(binary)))
        with FileLock(_UNPACKED.with_suffix(".lock")):
            script.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
            script.chmod(0o755)
        return str(script)


class MySQL(MariaDB):
    """A server of our own, as `MariaDB` is, with the logins and the binary log that MySQL has by itself."""

    def __init__(self, distribution: Distribution) -> None:
        super().__init__(distribution.server)
        self._distribution = distribution

    def _prepare(self) -> None:
        self._make_folders()
        done = subprocess.run(
            self._command("--initialize-insecure"), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise NoServerError(f"mysqld --initialize-insecure failed: {done.stderr[-2000:]}")

    def _command(self, *more: str) -> list[str]:
        share = self._distribution.share
        as_nobody = ["--user=nobody"] if os.geteuid() == 0 else []
        return [
            *self._distribution.begins,
            str(self._distribution.server),
            "--no-defaults",
            f"--datadir={self._folder / 'data'}",
            f"--tmpdir={self._folder}",
            f"--socket={self._folder / 's'}",
            f"--pid-file={self._folder / 'pid'}",
            f"--lc-messages-dir={share}",
            f"--character-sets-dir={share / 'charsets'}",
            f"--plugin-dir={self._distribution.root / 'lib' / 'mysql' / 'plugin'}",
            "--secure-file-priv=",
            "--bind-address=127.0.0.1",
            "--mysqlx=OFF",
            "--skip-name-resolve",
            "--performance-schema=OFF",
            "--innodb-buffer-pool-size=32M",
            "--innodb-redo-log-capacity=32M",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-use-native-aio=OFF",
            "--sync-binlog=0",
            *as_nobody,
            *more,
        ]


def own_server() -> AbstractContextManager[MySQL]:
    """A running server that a test may pause and kill. Raises NoServerError."""
    return running(MySQL(find_distribution()))


def programs() -> Programs:
    """MySQL's programs that dump and load. Raises NoServerError."""
    distribution = find_distribution()
    return Programs((distribution.program("mysqldump"),), (distribution.program("mysql"),))


def find_distribution() -> Distribution:
    """The installed one, else the unpacked one, unpacking it first. Raises NoServerError."""
    installed = shutil.which("mysqld", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if installed and "MariaDB" not in run(installed, "--no-defaults", "--version", to_install=_TO_INSTALL):
        return Distribution(Path(installed).parent.parent)
    root = _UNPACKED / "root" / "usr"
    _UNPACKED.mkdir(parents=True, exist_ok=True)
    with FileLock(_UNPACKED.with_suffix(".lock")):
        if not (root / "sbin" / "mysqld").exists():
            _unpack_all(_UNPACKED)
    loader = next((root / "lib").glob("*/ld-linux-*.so.*"), None)
    if loader is None:
        raise NoServerError(f"{root} has no loader: remove it, and try again")
    return Distribution(root, (str(loader), "--library-path", str(loader.parent)))


def _unpack_all(into: Path) -> None:
    """Download both packages and all that they depend on, and unpack them below `into`, all or nothing."""
    if not shutil.which("apt-get") or not _KEYS.exists():
        raise NoServerError(f"no mysqld here, and no Debian to have it from: {_TO_INSTALL}")
    with tempfile.TemporaryDirectory(dir=into) as folder:
        apt = _apt(Path(folder))
        run("apt-get", "-q", *apt, "update", to_install=_TO_INSTALL)
        words = ("install", "--yes", "--download-only", "--no-install-recommends")
        run("apt-get", "-q", *apt, *words, *_PACKAGES, to_install=_TO_INSTALL)
        root = Path(folder) / "root"
        for archive in sorted((Path(folder) / "cache" / "archives").glob("*.deb")):
            run("dpkg-deb", "--extract", str(archive), str(root), to_install=_TO_INSTALL)
        Path(folder).chmod(0o755)
        root.rename(into / "root")


def _apt(folder: Path) -> list[str]:
    """Options with which apt knows this one source, and of nothing that is installed, as any user may."""
    for name in ("state/lists/partial", "cache/archives/partial", "parts"):
        (folder / name).mkdir(parents=True)
    (folder / "sources.list").write_text(f"deb [signed-by={_KEYS}] {_archive()} sid main\n")
    return [
        f"-oDir::State={folder / 'state'}",
        f"-oDir::Cache={folder / 'cache'}",
        f"-oDir::Etc::sourcelist={folder / 'sources.list'}",
        f"-oDir::Etc::sourceparts={folder / 'parts'}",
        "-oDir::State::status=/dev/null",
        "-oAcquire::Languages=none",
        "-oAPT::Sandbox::User=root",
    ]


def _archive() -> str:
    """Where this machine's own packages come from. Raises NoServerError where that isn't Debian."""
    named = run("apt-get", "indextargets", "--format", "$(REPO_URI)", to_install=_TO_INSTALL).split()
    debian = next((uri for uri in named if uri.rstrip("/").endswith("/debian")), "")
    if not debian:
        raise NoServerError(f"this machine's packages aren't Debian's: {_TO_INSTALL}")
    return debian


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{find_distribution().server}\n")
    except NoServerError as error:
        sys.exit(str(error))
