"""Servers from the distribution's packages, unpacked beside the checkout: no root, nothing installed."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from random import SystemRandom

from filelock import FileLock

_CACHE = Path(__file__).resolve().parent.parent / ".cache"
_GIVEN_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")
_OURS_FROM = 12_000
_TRIES = 100


class NoServerError(Exception):
    """A server that the tests need can't be had here; the message names the command that brings it."""


def find(program: str, package: str, inside: str, to_install: str) -> Path:
    """The installed `program`, else `inside` of the unpacked `package`, unpacking it first.

    Unpacked beside it are the libraries that this machine lacks. Raises NoServerError.
    """
    installed = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if installed:
        return Path(installed)
    into = _CACHE / program
    unpacked = into / inside
    _CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(into.with_suffix(".lock")):
        if not (unpacked.exists() and not _missing_libraries(unpacked)):
            _unpack_with_libraries(package, unpacked, into, to_install)
    return unpacked


def find_library(name: str, package: str, to_install: str) -> Path:
    """The library `name` out of the unpacked `package`. Raises NoServerError."""
    into = _CACHE / package
    _CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(into.with_suffix(".lock")):
        if not next(into.rglob(name), None):
            unpack(package, into, to_install)
    found = next(into.rglob(name), None)
    if found is None:
        raise NoServerError(f"{package} holds no {name}: {to_install}")
    return found


def environment_of(binary: Path) -> dict[str, str]:
    """The environment in which `binary` finds the libraries that were unpacked beside it."""
    if not binary.is_relative_to(_CACHE):
        return dict(os.environ)
    into = _CACHE / binary.relative_to(_CACHE).parts[0]
    folders = {str(path.parent) for path in into.rglob("*.so*")}
    return os.environ | {"LD_LIBRARY_PATH": ":".join(sorted(folders))}


def _unpack_with_libraries(package: str, binary: Path, into: Path, to_install: str) -> None:
    known = unpack(package, into, to_install)
    missing = _missing_libraries(binary)
    while missing:
        stem = missing[0].partition(".so")[0]
        package = next((name for name in known if name.startswith(stem)), "")
        if not package:
            raise NoServerError(f"{binary.name} lacks {', '.join(missing)}: {to_install}")
        known = [name for name in known if name != package] + unpack(package, into, to_install)
        missing = _missing_libraries(binary)


def _missing_libraries(binary: Path) -> list[str]:
    listed = subprocess.run(
        ["ldd", str(binary)], capture_output=True, text=True, check=False, env=environment_of(binary)
    )
    return [line.split()[0] for line in listed.stdout.splitlines() if "not found" in line]


def unpack(package: str, into: Path, to_install: str) -> list[str]:
    """Download `package` and unpack it below `into`; answers the names of the packages that it needs.

    Where the machine's own package lists are missing or too old, lists are fetched into `into`. Raises
    NoServerError, which names `to_install`, the command that helps where this fails.
    """
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise NoServerError(f"no {package} here: {to_install}")
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into) as folder:
        try:
            run("apt-get", "-q", "download", package, cwd=folder, to_install=to_install)
        except NoServerError:
            own = _own_lists(into / "apt")
            run("apt-get", "-q", *own, "update", to_install=to_install)
            run("apt-get", "-q", *own, "download", package, cwd=folder, to_install=to_install)
        archive = next(str(path) for path in Path(folder).glob("*.deb"))
        run("dpkg", "-x", archive, str(into), to_install=to_install)
        depends = run("dpkg-deb", "--field", archive, "Depends", to_install=to_install)
    return [alternative.split()[0] for alternative in depends.split(",") if alternative.split()]


def run(*command: str, cwd: str | None = None, to_install: str) -> str:
    """What the command prints; NoServerError when it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoServerError(f"{' '.join(command)}: {done.stderr.strip()[-500:]}; {to_install}")
    return done.stdout


def free_port() -> int:
    """A port on loopback that nobody listens on now.

    It is one of those that the system doesn't give to whoever asks for any, as all the other tests do: it is
    still free when a server comes to it.
    """
    ours = range(_OURS_FROM, int(_GIVEN_PORTS.read_text().split()[0]))
    tried = SystemRandom().sample(ours, min(_TRIES, len(ours)))
    for port in (*tried, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found: int = probe.getsockname()[1]
            return found
    raise NoServerError("no port is free")


def _own_lists(folder: Path) -> list[str]:
    """Options with which apt keeps its lists in `folder`, as any user may."""
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return [
        f"-oDir::State={folder / 'state'}",
        f"-oDir::Cache={folder / 'cache'}",
        "-oDir::State::status=/var/lib/dpkg/status",
    ]
