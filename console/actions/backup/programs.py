"""The database server's own client programs, and how they learn of a password: never by an argument."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from console.actions.backup.errors import BackupError
from console.actions.database import Login
from console.domain.foreign import visible
from console.domain.loopback import is_loopback_host
from console.sources.connections import checked_url

_DUMPS, _CLIENTS = ("mariadb-dump", "mysqldump"), ("mariadb", "mysql")
_DUMP_OPTIONS = (
    "--single-transaction",
    "--quick",
    "--hex-blob",
    "--no-tablespaces",
    "--skip-triggers",
    "--skip-add-locks",
    "--skip-dump-date",
    "--skip-compact",  # this and the next whatever the settings say: by comments a load finds its tables
    "--comments",
    "--default-character-set=utf8mb4",
)
_CLIENT_OPTIONS = (
    "--batch",
    "--binary-mode",  # what a dump says is SQL, never a command of the client's own such as \!
    "--default-character-set=utf8mb4",
)
_OF_MYSQL = ("loose-set-gtid-purged=OFF", "loose-column-statistics=0")
"""For MySQL's dump, which else keeps a load out of the binary log, and asks MariaDB for what it hasn't."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The argument lists that a dump and a load begin with."""

    dump: tuple[str, ...]
    client: tuple[str, ...]


def programs_of(dump: Sequence[str] | None = None, client: Sequence[str] | None = None) -> Programs:
    """The programs that the settings name, else the installed ones; BackupError where there are none.

    A program and options for it are all that can be named: what runs it elsewhere, as `docker exec` does,
    hands on neither the descriptor with the login nor the host and port as they are there.
    """
    for name, words in (("dump", dump or ()), ("client", client or ())):
        foreign = next((word for word in words[1:] if not word.startswith("-")), None)
        if foreign is not None:
            raise BackupError(
                f"backups.{name} runs {visible(words[0])} with {visible(foreign)}: it may only name the"
                " program, with options as --name=value: in a container or elsewhere it can't read the login"
            )
    return Programs(tuple(dump or (_installed(_DUMPS),)), tuple(client or (_installed(_CLIENTS),)))


def dump_arguments(programs: Programs, options: str, database: str, tables: Sequence[str]) -> list[str]:
    """The argument list that writes `tables` of `database` to the standard output."""
    return [*_begun(programs.dump, options), *_DUMP_OPTIONS, "--", database, *tables]


def client_arguments(programs: Programs, options: str, database: str) -> list[str]:
    """The argument list that does what its standard input says in `database`, up to the first mistake."""
    return [*_begun(programs.client, options), *_CLIENT_OPTIONS, "--", database]


def only_told(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The environment in which MySQL's programs don't read the login file of whoever runs them, which they
    read besides every option file and believe more.
    """
    return {**environ, "MYSQL_TEST_LOGIN_FILE": f"{os.devnull}/none"}


@contextmanager
def option_file(login: Login) -> Iterator[tuple[str, int]]:
    """An option file of mode 600 with the login, in memory only: its path for a child, and its descriptor.

    The child has to inherit the descriptor. Whoever is killed leaves no password on a disk.
    """
    descriptor = os.memfd_create("options")
    try:
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, "\n".join(_options(login)).encode("utf-8", "surrogateescape") + b"\n")
        yield f"/dev/fd/{descriptor}", descriptor
    finally:
        os.close(descriptor)


def _options(login: Login) -> Iterator[str]:
    url = checked_url(login.url)
    host = url.host or "127.0.0.1"
    yield "[client]"
    yield f"host={_quoted('127.0.0.1' if host == 'localhost' else host)}"
    yield f"port={url.port or 3306}"
    yield "protocol=tcp"
    yield f"user={_quoted(login.user or url.username or '')}"
    yield f"password={_quoted(login.password or str(url.password or ''))}"
    yield f"loose-connect-timeout={max(1, round(login.timeout))}"
    remote = not is_loopback_host(url.host)
    if remote:
        yield "loose-ssl-mode=VERIFY_IDENTITY"
        if login.ca_file is not None:
            yield f"ssl-ca={_quoted(str(login.ca_file))}"
    else:
        yield "loose-get-server-public-key"  # MySQL's logins take that or TLS, which a server may lack
    yield "[client-mariadb]"
    yield from ("ssl", "ssl-verify-server-cert") if remote else ("skip-ssl-verify-server-cert",)
    yield "[mysqldump]"
    yield from _OF_MYSQL


def _quoted(text: str) -> str:
    """A value as option files have it: quoted, with backslashes before what would end it."""
    if "\n" in text or "\r" in text:
        raise BackupError("a login with a line break can't be given to the database's programs")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _begun(program: Sequence[str], options: str) -> list[str]:
    """The options come first: only there are they read in place of everybody's."""
    return [*program[:1], f"--defaults-file={options}", *program[1:]]


def _installed(names: Sequence[str]) -> str:
    for name in names:
        found = shutil.which(name)
        if found:
            return str(Path(found))
    raise BackupError(f"neither {' nor '.join(names)} is installed: name one in the settings, under backups")
