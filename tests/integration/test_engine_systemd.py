"""`engine stop` of a unit of a real systemd: a user's own manager, in a mount namespace of the test's."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.opsconsole import environment

SYSTEMD = Path("/usr/lib/systemd/systemd")
UNIT = """\
[Service]
ExecStart=/bin/sh -c 'trap "" TERM; (while :; do sleep 0.1; done) & while :; do sleep 0.1; done'
Restart=always
RestartSec=0
"""
SETTINGS = """\
contexts:
  prod:
    environment: production
    colour: red
    processes: {unit: engine.service, user: true, grace: 500ms}
"""
STAGE = """\
mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system || exit 77
"$1" --user > "$HOME/systemd.log" 2>&1 &
for _ in $(seq 100); do systemctl --user start engine.service 2> /dev/null && break; sleep 0.1; done
systemctl --user is-active engine.service > /dev/null || { kill %1; exit 77; }
shift
"$@" status; echo "code $?"
"$@" stop; echo "code $?"
"$@" status; echo "code $?"
kill %1
"""
"""Has nothing to say (77) where no systemd can be had."""


@pytest.mark.campaign
@pytest.mark.skipif(
    os.geteuid() != 0 or not SYSTEMD.exists() or shutil.which("unshare") is None,
    reason="needs root, unshare and systemd",
)
def test_a_unit_that_ignores_the_signal_and_starts_again_by_itself_is_stopped(tmp_path: Path) -> None:
    units, runtime = tmp_path / ".config" / "systemd" / "user", tmp_path / "run"
    units.mkdir(parents=True)
    runtime.mkdir(mode=0o700)
    (units / "engine.service").write_text(UNIT)
    (tmp_path / "console.yaml").write_text(SETTINGS)
    opsconsole = [sys.executable, "-m", "console", "--config", str(tmp_path / "console.yaml")]
    program = [*opsconsole, "--state", str(tmp_path / "state"), "engine"]
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "bash", "-c", STAGE, "-", str(SYSTEMD), *program],
        env=environment(tmp_path, XDG_RUNTIME_DIR=str(runtime)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("no systemd can be had here")
    before, stopped, after = done.stdout.split("code 0\n")[:3]
    assert before.count("unit engine.service") >= 2
    assert "main process of unit engine.service" in before
    assert stopped.count("forced, ended after") >= 2
    assert "systemd was told to stop engine.service" in stopped
    assert "STOPPED: every process of the engine has ended" in stopped
    assert after.startswith("over           unit engine.service is failed")
