"""A deployment ends with two people: one drives the run and asks, the other verifies."""

import os
from collections.abc import Iterator

import pytest

from console.audit.files import records
from tests.integration.test_two_people import ANA, BEN, IN_CI, PHRASE, SETTINGS, Desks
from tests.unit.actions.people import give_to_group, shared_office

RUNBOOK = """\
title: A tiny deployment
use: to be signed off
risk: none
steps:
  - {name: install, text: Install it., manual: what?}
  - name: sign-off
    text: Another person verifies it.
    preconditions: [{signed_off: {run: "{run}"}}]
    check: {signed_off: {run: "{run}"}}
"""
pytestmark = pytest.mark.skipif(os.geteuid() != 0 and not IN_CI, reason="only root can be two people")


@pytest.fixture
def desks() -> Iterator[Desks]:
    with shared_office({}) as office:
        (office.state / "console.yaml").write_text(SETTINGS)
        (office.state / "tiny.yaml").write_text(RUNBOOK)
        for name in ("engine", "runs", "deployments"):
            give_to_group(office.state / name)
        yield Desks(office.state)


def test_a_run_is_over_once_another_user_has_verified_it(desks: Desks) -> None:
    begun = desks.run(ANA, "runbook", "run", str(desks.state / "tiny.yaml"))
    run = begun.stdout.split()[1]
    waits = desks.run(ANA, "runbook", "resume", run, "--note", "version 1.2")
    assert waits.returncode == 3
    assert f"not yet: opsconsole deployment sign-off {run}" in waits.stdout

    asked = desks.run(ANA, "deployment", "sign-off", run)
    assert asked.returncode == 1
    id_ = asked.stdout.split()[1].rstrip(":")
    phrase = f"{PHRASE.split()[0]} {run}"
    approved = desks.run(BEN, "approve", id_, "--confirm", phrase)
    assert approved.returncode == 0, approved.stderr
    assert "deployed by: uid 54311 (uid 54311), with tiny" in approved.stdout
    signed = desks.run(ANA, "deployment", "sign-off", run, "--approval", id_)
    assert signed.stdout.rstrip().endswith(f"by uid {ANA} (uid {ANA}), verified by uid {BEN} (uid {BEN})")
    done = desks.run(ANA, "runbook", "resume", run)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "PASSED")

    told = [(each.uid, each.action) for each in records(desks.state / "audit") if each.done]
    assert (ANA, "deployment.sign_off") in told
