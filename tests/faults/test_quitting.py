"""Quitting the real program in a real terminal, while the database server stands still."""

import sys
import time
from pathlib import Path

import pexpect
from sqlalchemy import make_url

from tests.integration.paper_process import PaperProcess
from tests.mariadb import own_server
from tests.opsconsole import environment
from tests.waiting import DEADLINE

TIMEOUT = 60
"""Seconds that the database has to answer."""
NO_TIMEOUT_FITS_IN = 30
"""Seconds. Waiting for the server would take the database's time-out at least, less what went by of it."""


def test_a_stopped_database_server_does_not_hold_up_quitting(tmp_path: Path) -> None:
    with own_server() as server:
        url = make_url(server.url(server.create_database()))
        password = {"OPSCONSOLE_PAPER_DB_PASSWORD": url.password or ""}
        place = f"mysql://{url.username}@{url.host}:{url.port}/{url.database}"
        with PaperProcess(tmp_path, "--symbols", "2", "--database", place, environment=password):
            console = pexpect.spawn(
                sys.executable,
                ["-m", "console", "--state", str(tmp_path)],
                env={
                    **environment(tmp_path, **password, OPSCONSOLE_POLL__DATABASE__TIMEOUT=f"{TIMEOUT}s"),
                    "TERM": "xterm-256color",
                },
                dimensions=(40, 120),
                timeout=DEADLINE,
            )
            console.expect("inside their limits")
            server.pause()
            try:
                console.expect("stale")
                began = time.monotonic()
                console.send("q")
                console.expect(pexpect.EOF)
                assert time.monotonic() - began < NO_TIMEOUT_FITS_IN
            finally:
                server.resume()
            assert console.wait() == 0
