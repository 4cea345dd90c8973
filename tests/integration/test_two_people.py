"""Two people at two terminals who share a state folder: what one asks for, the other approves on screen.

The kernel takes them for two users, so only root can be both. They may read everything, because the
interpreter may lie where only root gets to; who owns and who writes a file is as on a real machine.
"""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.audit.files import records
from console.audit.verify import verify
from tests.opsconsole import COMMAND, environment
from tests.terminal import BETWEEN_KEYS, Terminal
from tests.unit.actions.people import GROUP, give_to_group, shared_office
from tests.waiting import DEADLINE

ANA, BEN = 54311, 54312
SETTINGS = f"""\
contexts:
  p:
    environment: paper
    colour: cyan
    kill_switch: {{flag: engine/flag, cool_down: 50ms}}
    access: {{operators: {{users: [{ANA}, {BEN}]}}, two_person: [kill.reset], idle: 10m}}
"""
PHRASE = "paper p"
REFUSED_FOR = 2.0
"""Seconds for which no key ends what was refused, and some more."""
UMASK = 0o077
"""Of a strict machine: whatever the others have to read is given to the group on purpose."""
IN_CI = os.environ.get("CI", "").lower() in ("1", "true")

pytestmark = pytest.mark.skipif(os.geteuid() != 0 and not IN_CI, reason="only root can be two people")


@dataclass(frozen=True, slots=True)
class Desks:
    """The state folder that both share, with the settings and an engine that has nothing but a flag file."""

    state: Path

    def run(self, uid: int, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run `opsconsole` to its end as that user."""
        return subprocess.run(
            self._command(uid, *words),
            env=environment(self.state),
            umask=UMASK,
            capture_output=True,
            text=True,
            timeout=2 * DEADLINE,
            check=False,
        )

    def sit_down(self, uid: int) -> Terminal:
        """The console of that user."""
        variables = environment(self.state, LANG="C.UTF-8", TERM="xterm-256color")
        return Terminal(["sh", "-c", f'umask {UMASK:o}; exec "$@"', "sh", *self._command(uid)], variables)

    def _command(self, uid: int, *words: str) -> list[str]:
        person = [f"--reuid={uid}", f"--regid={uid}", f"--groups={GROUP}"]
        reads_all = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
        where = ["--config", str(self.state / "console.yaml"), "--state", str(self.state)]
        return ["setpriv", *person, *reads_all, *COMMAND, *words, *where]


@pytest.fixture
def desks() -> Iterator[Desks]:
    with shared_office({}) as office:
        (office.state / "console.yaml").write_text(SETTINGS)
        give_to_group(office.state / "engine")
        yield Desks(office.state)


def arm(terminal: Terminal) -> None:
    """Again and again, for as long as the console has something to make ready for it."""
    while True:
        terminal.press("a")
        terminal.wait_for("why arm?")
        terminal.answer("all is hedged")
        if terminal.wait_for_one_of(" ARMED ", "can't be armed yet") == " ARMED ":
            return
        terminal.read(REFUSED_FOR)  # the next key then ends those words: they are no answer to it


def type_phrase(terminal: Terminal) -> None:
    """As a hand does: what comes faster counts for pasted. The cursor says that each came, a space too."""
    terminal.wait_for(f"type {PHRASE}")
    for typed in range(1, len(PHRASE) + 1):
        terminal.press(PHRASE[typed - 1])
        terminal.wait_for(f"> {PHRASE[:typed]}_")
        terminal.read(BETWEEN_KEYS)
    terminal.press("\r")


def test_a_reset_that_one_asks_for_on_screen_is_approved_by_the_other_on_theirs(desks: Desks) -> None:
    flag = desks.state / "engine" / "flag"
    with desks.sit_down(ANA) as ana, desks.sit_down(BEN) as ben:
        ana.wait_for("overview")
        ana.press("K")
        ana.wait_for("KILL SWITCH of p")
        ana.press("T")
        ana.wait_for("WRITTEN")
        arm(ana)
        ana.press("R")
        ana.wait_for("a second person has to approve it")
        ana.press("0")
        ana.wait_for("why reset?")
        ana.answer("nothing is open")
        ana.press("o")
        ana.wait_for("why no recovery run?")
        ana.answer("there is no position")
        ana.press("cs")
        ana.wait_for("opsconsole approve ")
        id_ = ana.text.partition("opsconsole approve ")[2][:6]

        ben.wait_for("APPROVE?")
        assert "APPROVE?" not in ana.text
        refused = desks.run(ANA, "approve", id_, "--confirm", PHRASE)
        assert "can't be the second person" in refused.stderr

        ben.press("8")
        ben.wait_for("looks at it")
        ben.press("A")
        ben.wait_for(f"Approve {id_}: kill.reset of p")
        type_phrase(ben)
        ben.wait_for("approved: kill.reset of p, once")

        ana.wait_for(f"approved by uid {BEN}")
        ana.wait_for("asks for environment and context to be typed")
        ana.press("R")
        type_phrase(ana)
        ana.wait_for("CLEARED")
        ana.wait_for("removed")
        assert "NO RECORD" not in ana.text + ben.text
    assert not flag.exists()
    done = [(each.uid, each.action) for each in records(desks.state / "audit") if each.done]
    assert [(uid, action) for uid, action in done if action.partition(".")[0] in ("approval", "kill")] == [
        (ANA, "kill.trip"),
        (ANA, "approval.request"),
        (BEN, "approval.approve"),
        (ANA, "approval.use"),
        (ANA, "kill.reset"),
    ]
    assert {(desks.state / f"uid-{uid}" / "history").stat().st_uid for uid in (ANA, BEN)} == {ANA, BEN}
    assert verify(desks.state / "audit", ()).finding is None
    request = (desks.state / "approvals" / f"{id_}.request.json").stat()
    assert (request.st_uid, request.st_gid, request.st_mode & 0o777) == (ANA, GROUP, 0o640)
