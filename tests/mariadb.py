"""A real MariaDB for tests, private to the session that starts it.

It is looked for in this order: the server that OPSCONSOLE_TEST_MYSQL names (a SQLAlchemy URL), an installed
`mariadbd`, and the server unpacked from the distribution's package into `.cache/` of the checkout.
`python -m tests.mariadb` does the unpacking alone and prints the path of the binary.
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

import pymysql
from sqlalchemy import URL, make_url

from tests.debian import NoServerError, environment_of, find, free_port
from tests.memory import roomy_memory

_USER = "opsconsole"
_START_SECONDS = 60.0
_ROOM = 2 << 30
"""Bytes that have to be free there: each of a run's servers takes some hundred million."""
_TO_INSTALL = "apt-get install mariadb-server-core, or set OPSCONSOLE_TEST_MYSQL to the URL of a server"


class Databases:
    """A server that hands out fresh databases; one that OPSCONSOLE_TEST_MYSQL names does no more."""

    def __init__(self, server: URL) -> None:
        self._server = server

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database on this server, password included."""
        return self._server.set(database=database).render_as_string(hide_password=False)

    def create_database(self) -> str:
        """Create a database of a new name with a hyphen; answers the name."""
        name = f"binance-data-{secrets.token_hex(4)}"
        self._execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        return name

    def drop_database(self, name: str) -> None:
        """Drop what `create_database` made."""
        self._execute(f"DROP DATABASE IF EXISTS `{name}`")

    def _execute(self, statement: str) -> None:
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.execute(statement)

    def _connect(self) -> "pymysql.Connection[pymysql.cursors.Cursor]":
        return pymysql.connect(
            host=self._server.host or "127.0.0.1",
            port=self._server.port or 3306,
            user=self._server.username,
            password=self._server.password or "",
            connect_timeout=10,
            read_timeout=30,
        )


class MariaDB(Databases):
    """A server of our own: loopback only, its data in a temporary folder, not run as root.

    `start` after `kill` or `stop` continues on the same data and port; `remove` ends it for good.
    """

    def __init__(self, binary: Path, where: Path | None = None) -> None:
        """`where` is the folder for its folder; by default on disk, as whoever measures it wants it."""
        self._binary = binary
        self._folder = Path(tempfile.mkdtemp(prefix="opsconsole-mariadb-", dir=where))
        self._process: subprocess.Popen[bytes] | None = None
        super().__init__(
            URL.create(
                "mysql+pymysql",
                username=_USER,
                password=secrets.token_hex(12),
                host="127.0.0.1",
                port=free_port(),
            )
        )

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self._process is not None, "the server is not running"
        return self._process.pid

    @property
    def port(self) -> int:
        """The TCP port on loopback."""
        assert self._server.port is not None
        return self._server.port

    def start(self) -> None:
        """Start the server, on its data or a first time, and wait until it answers. Raises NoServerError."""
        if not (self._folder / "data").exists():
            self._prepare()
        log = self._folder / "server.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command(f"--port={self.port}", f"--init-file={self._folder / 'init.sql'}"),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment_of(self._binary),
            )
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self._connect().close()
            except pymysql.err.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise NoServerError(
                        f"{self._binary.name} did not start: {log.read_text()[-2000:]}"
                    ) from None
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Shut the server down in order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the server as a crash would."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Stop the process, its connections staying open (SIGSTOP)."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused server go on."""
        os.kill(self.pid, signal.SIGCONT)

    def remove(self) -> None:
        """End the server and delete its data."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.send_signal(signal.SIGCONT)
        self._process.wait(timeout=_START_SECONDS)
        self._process = None

    def _prepare(self) -> None:
        """Bootstrap the system tables, and write the file that makes the only user, from loopback."""
        self._make_folders()
        tables = _share(self._binary) / "mariadb_system_tables.sql"
        if not tables.exists():
            tables = tables.with_name("mysql_system_tables.sql")
        script = "CREATE DATABASE mysql;\nUSE mysql;\n" + tables.read_text()
        done = subprocess.run(
            self._command("--bootstrap"),
            input=script.encode(),
            capture_output=True,
            check=False,
            env=environment_of(self._binary),
        )
        if done.returncode:
            raise NoServerError(f"mariadbd --bootstrap failed: {done.stderr.decode()[-2000:]}")

    def _make_folders(self) -> None:
        data = self._folder / "data"
        data.mkdir()
        account = f"'{_USER}'@'127.0.0.1'"
        (self._folder / "init.sql").write_text(
            f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{self._server.password}';\n"
            f"GRANT ALL ON *.* TO {account} WITH GRANT OPTION;\n"
        )
        if os.geteuid() == 0:
            for path in (self._folder, data, self._folder / "init.sql"):
                shutil.chown(path, "nobody")

    def _command(self, *more: str) -> list[str]:
        share = _share(self._binary)
        as_nobody = ["--user=nobody"] if os.geteuid() == 0 else []
        return [
            str(self._binary),
            "--no-defaults",
            f"--datadir={self._folder / 'data'}",
            f"--tmpdir={self._folder}",
            f"--socket={self._folder / 's'}",
            f"--pid-file={self._folder / 'pid'}",
            f"--lc-messages-dir={share}",
            f"--character-sets-dir={share / 'charsets'}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--performance-schema=OFF",
            "--innodb-buffer-pool-size=32M",
            "--innodb-log-file-size=16M",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-use-native-aio=OFF",
            "--innodb-fast-shutdown=1",
            "--aria-pagecache-buffer-size=4M",
            "--key-buffer-size=1M",
            *as_nobody,
            *more,
        ]


@contextlib.contextmanager
def server() -> Iterator[Databases]:
    """The server for a session, ended when the session is. Raises NoServerError."""
    named = os.environ.get("OPSCONSOLE_TEST_MYSQL")
    if named:
        yield Databases(make_url(named))
        return
    with own_server(roomy_memory(_ROOM)) as ours:  # making tables waits for a disk again and again
        yield ours


def own_server(where: Path | None = None) -> AbstractContextManager[MariaDB]:
    """A running server that a test may pause and kill, its data in `where`. Raises NoServerError."""
    return running(MariaDB(find_binary(), where))


_Server = TypeVar("_Server", bound=MariaDB)


@contextlib.contextmanager
def running(ours: _Server) -> Iterator[_Server]:
    """Start it, and remove it in the end."""
    try:
        ours.start()
        yield ours
    finally:
        ours.remove()


def find_binary() -> Path:
    """The installed `mariadbd`, else the unpacked one, unpacking it first. Raises NoServerError."""
    return find("mariadbd", "mariadb-server-core", "usr/sbin/mariadbd", _TO_INSTALL)


def _share(binary: Path) -> Path:
    shares = [binary.parent.parent / "share" / name for name in ("mariadb", "mysql")]
    for share in shares:
        if (share / "english").exists():
            return share
    raise NoServerError(f"{binary} has no share folder beside it: {_TO_INSTALL}")


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{find_binary()}\n")
    except NoServerError as error:
        sys.exit(str(error))
