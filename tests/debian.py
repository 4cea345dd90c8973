"""Servers from the distribution's packages, unpacked beside the checkout: no root, nothing installed."""

import shutil
import socket
import subprocess
import tempfile
from pathlib import Path


class NoServerError(Exception):
    """A server that the tests need can't be had here; the message names the command that brings it."""


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
    """A port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _own_lists(folder: Path) -> list[str]:
    """Options with which apt keeps its lists in `folder`, as any user may."""
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return [
        f"-oDir::State={folder / 'state'}",
        f"-oDir::Cache={folder / 'cache'}",
        "-oDir::State::status=/var/lib/dpkg/status",
    ]
