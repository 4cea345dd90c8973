"""A real OpenSSH server for tests: on loopback, with keys of its own, for the user who runs the tests.

Looked for is an installed `sshd`, else the one unpacked from the distribution's package. Run by root, sshd
wants a user `sshd` that only an installed package makes; where there is none, nss_wrapper lends it one.
"""

import contextlib
import os
import pwd
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.debian import NoServerError, environment_of, find, find_library, free_port

_START_SECONDS = 60.0
_TO_INSTALL = "apt-get install openssh-server openssh-client"
_EMPTY_FOLDER = Path("/run/sshd")
"""Where root's sshd locks its unprivileged part in; the path is compiled in."""


class Sshd:
    """A running server; `command` is what a terminal has to run to get in."""

    def __init__(self, port: int, folder: Path) -> None:
        self._port = port
        self._folder = folder

    def command(self, remote: list[str]) -> list[str]:
        """The arguments of an `ssh` that runs `remote` in a pty on the other side."""
        return [
            str(find_client()), "-tt", "-F", "none", "-p", str(self._port),
            "-i", str(self._folder / "user_key"),
            "-o", f"UserKnownHostsFile={self._folder / 'known_hosts'}",
            "-o", "StrictHostKeyChecking=accept-new", "-o", "LogLevel=ERROR", "-o", "IdentitiesOnly=yes",
            f"{pwd.getpwuid(os.geteuid()).pw_name}@127.0.0.1",
            shlex.join(remote),
        ]  # fmt: skip


@contextlib.contextmanager
def server(folder: Path) -> Iterator[Sshd]:
    """A server whose keys and settings are in `folder`. Raises NoServerError."""
    binary, port = find_binary(), free_port()
    for name in ("host_key", "user_key"):
        _make_key(folder / name)
    config, log = folder / "sshd_config", folder / "sshd.log"
    config.write_text(_settings(folder, binary, port))
    config.chmod(0o600)
    process = subprocess.Popen(
        [str(binary), "-D", "-f", str(config), "-E", str(log)],
        stdin=subprocess.DEVNULL,
        env=_environment(binary, folder),
    )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while "Server listening" not in (log.read_text() if log.exists() else ""):
            if process.poll() is not None or time.monotonic() > deadline:
                raise NoServerError(f"sshd did not start: {log.read_text()[-2000:] if log.exists() else ''}")
            time.sleep(0.02)
        yield Sshd(port, folder)
    finally:
        process.terminate()
        process.wait()


def find_binary() -> Path:
    """The installed `sshd`, else the unpacked one, unpacking it first. Raises NoServerError."""
    return find("sshd", "openssh-server", "usr/sbin/sshd", _TO_INSTALL)


def find_client() -> Path:
    """The installed `ssh`, else the unpacked one. Raises NoServerError."""
    return find("ssh", "openssh-client", "usr/bin/ssh", _TO_INSTALL)


def find_all() -> None:
    """Everything that a test over ssh needs. Raises NoServerError."""
    find_client()
    if _lacks_its_user(find_binary()):
        _user_lender()


def _settings(folder: Path, binary: Path, port: int) -> str:
    lines = [
        f"Port {port}", "ListenAddress 127.0.0.1", f"HostKey {folder / 'host_key'}",
        f"PidFile {folder / 'sshd.pid'}", f"AuthorizedKeysFile {folder / 'user_key.pub'}",
        "StrictModes no", "UsePAM no", "PasswordAuthentication no", "KbdInteractiveAuthentication no",
        "PermitRootLogin prohibit-password", "PrintMotd no", "PrintLastLog no",
    ]  # fmt: skip
    session = binary.parent.parent / "lib" / "openssh" / "sshd-session"
    if session.exists():  # since OpenSSH 9.8 a program of its own
        lines.append(f"SshdSessionPath {session}")
    return "\n".join(lines) + "\n"


def _make_key(file: Path) -> None:
    keygen = find_client().with_name("ssh-keygen")
    subprocess.run(
        [str(keygen), "-q", "-t", "ed25519", "-N", "", "-f", str(file)],
        check=True,
        stdin=subprocess.DEVNULL,
        env=environment_of(find_client()),
    )


def _environment(binary: Path, folder: Path) -> Mapping[str, str]:
    """The server's environment; root's server gets its user and its empty folder where they are missing."""
    environ = environment_of(binary)
    if os.geteuid() == 0:
        _EMPTY_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
    if _lacks_its_user(binary):
        users = folder / "passwd"
        shutil.copy("/etc/passwd", users)
        with users.open("a") as lines:
            lines.write(f"sshd:x:65533:65534::{_EMPTY_FOLDER}:/usr/sbin/nologin\n")
        environ |= {
            "LD_PRELOAD": str(_user_lender()),
            "NSS_WRAPPER_PASSWD": str(users),
            "NSS_WRAPPER_GROUP": "/etc/group",
        }
    return environ


def _lacks_its_user(binary: Path) -> bool:
    if os.geteuid() != 0:
        return False
    try:
        pwd.getpwnam("sshd")
    except KeyError:
        return True
    return False


def _user_lender() -> Path:
    return find_library("libnss_wrapper.so", "libnss-wrapper", _TO_INSTALL)
