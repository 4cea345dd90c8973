"""`opsconsole approve` and `opsconsole access check`: what they show, ask for and end with."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from console.actions.approvals import Approvals, approvals_in
from console.cli import cli
from console.domain.approval import Deed, Request
from console.domain.clock import SystemClock
from console.settings_file import load_settings
from tests.opsconsole import COMMAND, environment
from tests.terminal import Terminal
from tests.unit.actions.people import as_user, shared_office

ALICE, BOB, CAROL = 54301, 54302, 54303
DEED = Deed("prod", "kill.reset", "prod", ("remove state/flag", "set allow_long to 1"))
two_people = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two people")

FILE = """\
contexts:
  prod:
    environment: production
    colour: red
    access: {{operators: {{users: [{ALICE}, {BOB}, {me}]}}}}
"""


@dataclass(frozen=True, slots=True)
class Shared:
    """Settings and a state folder that Alice and Bob share, who are operators, with Carol, who isn't."""

    config: Path
    state: Path

    def approvals(self) -> Approvals:
        settings = load_settings(config=self.config, state=self.state, environ={})
        return approvals_in(settings, SystemClock(), {})

    def ask(self) -> Request:
        """Alice asks."""
        id_ = as_user(ALICE, lambda: self.approvals().ask(DEED, "the drill is over", lasting=900).id)
        return self.approvals().find(id_)

    def run(self, *words: str) -> Result:
        named = ["--config", str(self.config), "--state", str(self.state)]
        return CliRunner(env={"HOME": str(self.state)}).invoke(cli, [*words, *named])

    def run_as(self, uid: int, *words: str) -> str:
        """Exit code, output and complaints of the command as that user runs it."""

        def work() -> str:
            result = self.run(*words)
            return f"{result.exit_code}\n{result.output}"

        return as_user(uid, work)


@pytest.fixture
def shared() -> Iterator[Shared]:
    with shared_office({}) as office:
        config = office.state / "console.yaml"
        config.write_text(FILE.format(ALICE=ALICE, BOB=BOB, me=os.getuid()))
        config.chmod(0o644)
        yield Shared(config, office.state)


@two_people
def test_without_an_id_everything_that_waits_is_listed(shared: Shared) -> None:
    assert shared.run("approve").output == "nothing waits for approval\n"
    asked = shared.ask()
    said = shared.run("approve").output
    assert said.startswith(f"{asked.id}  kill.reset prod in prod, asked by uid {ALICE} (uid {ALICE}) until ")
    assert said.endswith(": the drill is over\n")


@two_people
def test_approving_shows_what_exactly_would_be_done(shared: Shared) -> None:
    asked = shared.ask()
    code, *lines = shared.run_as(BOB, "approve", asked.id, "--confirm", "production prod").splitlines()
    assert code == "0"
    assert lines[1:6] == [
        "context   prod (production)",
        "action    kill.reset prod",
        "reason    the drill is over",
        "would     remove state/flag",
        "would     set allow_long to 1",
    ]
    assert lines[6].startswith(f"approved: uid {ALICE} (uid {ALICE}) may do this once, until ")
    assert [each.uid for each in shared.approvals().find(asked.id).approvals] == [BOB]


@two_people
@pytest.mark.parametrize(
    ("uid", "words", "refusal"),
    [
        (ALICE, "production prod", "asked for it, and can't be the second person"),
        (CAROL, "production prod", "an operator or an admin may approve"),
        (BOB, "prod", "not approved: what was typed is not 'production prod'"),
    ],
)
def test_what_does_not_count_is_one(shared: Shared, uid: int, words: str, refusal: str) -> None:
    asked = shared.ask()
    code, *lines = shared.run_as(uid, "approve", asked.id, "--confirm", words).splitlines()
    assert code == "1"
    assert refusal in lines[-1]
    assert shared.approvals().find(asked.id).approvals == ()


@two_people
def test_without_a_terminal_nothing_is_taken_for_typed(shared: Shared) -> None:
    asked = shared.ask()
    code, *lines = shared.run_as(BOB, "approve", asked.id).splitlines()
    assert code == "2"
    assert lines[-1].startswith("opsconsole: approving needs a terminal, or --confirm")


@two_people
def test_at_a_terminal_environment_and_target_are_typed(shared: Shared) -> None:
    asked = shared.ask()
    command = ["approve", asked.id, "--config", str(shared.config), "--state", str(shared.state)]
    with Terminal([*COMMAND, *command], environment(shared.state)) as terminal:
        child = terminal.child
        child.expect("type 'production prod' to approve: ")
        child.sendline("production prod")
        child.expect("approved: ")
        child.wait()
    assert child.exitstatus == 0
    assert [each.uid for each in shared.approvals().find(asked.id).approvals] == [os.getuid()]


@two_people
def test_what_others_wrote_is_shown_inert(shared: Shared) -> None:
    deed = Deed("prod", "kill.reset", "prod", ("remove\x1b[2Jnothing",))
    id_ = as_user(ALICE, lambda: shared.approvals().ask(deed, "the drill is over", lasting=900).id)
    assert r"would     remove\x1b[2Jnothing" in shared.run("approve", id_, "--confirm", "x").output


@two_people
def test_a_request_of_a_context_that_the_settings_do_not_have_is_refused(shared: Shared) -> None:
    asked = shared.ask()
    shared.config.write_text(shared.config.read_text().replace("prod:", "other:"))
    result = shared.run("approve", asked.id, "--confirm", "production prod")
    assert (result.exit_code, result.stderr) == (1, "opsconsole: the settings have no context prod\n")


def run_check(tmp_path: Path, *words: str) -> Result:
    state = tmp_path / "state"
    state.mkdir(mode=0o700, exist_ok=True)
    runner = CliRunner(env={"HOME": str(tmp_path)})
    return runner.invoke(cli, ["access", "check", "--context", "paper", "--state", str(state), *words])


def test_access_check_says_what_holds_and_ends_with_zero(tmp_path: Path) -> None:
    result = run_check(tmp_path)
    assert result.exit_code == 0
    first, second = result.output.splitlines()
    assert first.startswith("OK      you: ")
    assert second == f"OK      folder {tmp_path}/state: is its owner's (mode 700)"


def test_access_check_ends_with_one_where_something_does_not_hold(tmp_path: Path) -> None:
    run_check(tmp_path)
    (tmp_path / "state").chmod(0o755)
    result = run_check(tmp_path)
    assert result.exit_code == 1
    assert "FAILS   folder" in result.output


def test_access_check_ends_with_three_where_something_cannot_be_told(tmp_path: Path) -> None:
    assert run_check(tmp_path, "--state", str(tmp_path / "none")).exit_code == 3


def test_access_check_has_its_findings_as_json(tmp_path: Path) -> None:
    document = json.loads(run_check(tmp_path, "--json").output)
    assert document[1] == {
        "subject": f"folder {tmp_path}/state",
        "holds": True,
        "words": "is its owner's (mode 700)",
    }
