"""A real Alertmanager for tests, on loopback and with its data in a folder of the test's.

It is looked for as Prometheus is (`tests.prometheus`). The distribution's build reads its templates below
`/usr/share`; of an unpacked one a copy is run that looks for them where it was unpacked.
"""

import contextlib
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.debian import NoServerError, find, free_port

_START_SECONDS = 60.0
_TEMPLATES, _TEMPLATES_BESIDE = b"/usr/share/prometheus/alertmanager", b"usr/share/prometheus//alertmanager"
"""As long as each other: a path in a binary can be replaced, but not made longer."""
_TO_INSTALL = "apt-get install prometheus-alertmanager"


@contextlib.contextmanager
def server(folder: Path) -> Iterator[str]:
    """The URL of an Alertmanager that tells nobody of anything. Raises NoServerError."""
    url = f"http://127.0.0.1:{free_port()}"
    config, log = folder / "alertmanager.yml", folder / "alertmanager.log"
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    binary = find_binary()
    command = [
        str(binary),
        f"--config.file={config}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={url.removeprefix('http://')}",
        "--cluster.listen-address=",
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=binary.parent, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _is_ready(url):
            if process.poll() is not None or time.monotonic() > deadline:
                raise NoServerError(f"alertmanager did not start: {log.read_text()[-2000:]}")
            time.sleep(0.02)
        yield url
    finally:
        process.kill()
        process.wait()


def find_binary() -> Path:
    """The installed `prometheus-alertmanager`, else the copy of the unpacked one. Raises NoServerError."""
    program = "prometheus-alertmanager"
    found = find(program, program, f"usr/bin/{program}", _TO_INSTALL)
    unpacked = found.parents[2]
    if not unpacked.is_relative_to(Path(__file__).resolve().parent.parent):
        return found
    copy = unpacked / program
    if not copy.exists():
        fresh = unpacked / f"{program}.{os.getpid()}"
        fresh.write_bytes(found.read_bytes().replace(_TEMPLATES, _TEMPLATES_BESIDE))
        fresh.chmod(0o755)
        fresh.replace(copy)
    return copy


def _is_ready(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/-/ready", timeout=1).close()
    except OSError:
        return False
    return True
