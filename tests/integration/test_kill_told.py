"""`opsconsole kill trip` with people to tell and a syslog: both hear of it before the command ends."""

import json
import os
import socket
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import pytest

from console.audit.files import records
from tests.waiting import DEADLINE

pytestmark = pytest.mark.skipif(not find_spec("apprise"), reason="the extra [notify] isn't installed")

SETTINGS = """\
contexts: {{prod: {{environment: production, colour: red, kill_switch: {{flag: engine/flag}}}}}}
notify: {{urls_env: NOTIFY_URLS, timeout: 60s}}
audit: {{syslog: {folder}/log}}
"""


def test_people_and_syslog_hear_of_a_trip_from_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "engine").mkdir()
    (tmp_path / "console.yaml").write_text(SETTINGS.format(folder=tmp_path))
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog,
        socket.create_server(("127.0.0.1", 0)) as service,
    ):
        syslog.bind(str(tmp_path / "log"))
        syslog.settimeout(DEADLINE)
        heard: list[bytes] = []
        answering = threading.Thread(target=_answer, args=(service, heard), daemon=True)
        answering.start()
        done = _trip(tmp_path, f"json://127.0.0.1:{service.getsockname()[1]}/key-8ef2c1")
        answering.join(DEADLINE)
        said = _all_of(syslog)
    last = list(records(tmp_path / "state" / "audit"))[-1]
    assert (done["exit_code"], done["not_told"]) == (1, "")
    assert b"[production] prod: kill switch tripped" in heard[0]
    assert said[-1].endswith(f"head {last.sequence} {last.hash}")


def _trip(folder: Path, urls: str) -> dict[str, object]:
    words = ["kill", "trip", "--reason", "margin", "--wait", "0", "--json"]
    where = ["--config", str(folder / "console.yaml"), "--state", str(folder / "state")]
    environ = {**os.environ, "HOME": str(folder), "NOTIFY_URLS": urls}
    command = [sys.executable, "-m", "console", *words, *where]
    ran = subprocess.run(command, env=environ, stdout=subprocess.PIPE, timeout=2 * DEADLINE, check=False)
    answer: dict[str, object] = json.loads(ran.stdout)
    return answer


def _answer(service: socket.socket, heard: list[bytes]) -> None:
    connection, _ = service.accept()
    with connection, connection.makefile("rb") as stream:
        head = b"".join(iter(stream.readline, b"\r\n"))
        length = next(line for line in head.splitlines() if line.lower().startswith(b"content-length"))
        heard.append(stream.read(int(length.partition(b":")[2])))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def _all_of(syslog: socket.socket) -> list[str]:
    said = [syslog.recv(4096).decode()]
    syslog.setblocking(False)
    try:
        while True:
            said.append(syslog.recv(4096).decode())
    except BlockingIOError:
        return said
