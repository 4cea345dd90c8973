"""Requests that the tests of approvals ask for, and what they leave behind."""

import os
from pathlib import Path

from console.audit.files import records
from console.audit.record import Phase
from console.domain.approval import Deed, Request
from tests.unit.actions.people import Office

DEED = Deed("prod", "kill.reset", "prod", ("remove state/flag", "set allow_long to 1"))
ME = os.getuid()


def ask(office: Office, uid: int | None = None, deed: Deed = DEED) -> Request:
    return office.approvals(uid).ask(deed, "the drill is over", lasting=900)


def file_of(office: Office, asked: Request, part: str = "request") -> Path:
    return office.state / "approvals" / f"{asked.id}.{part}.json"


def journalled(office: Office) -> list[tuple[str, Phase, bool | None]]:
    return [(record.action, record.phase, record.done) for record in records(office.state / "audit")]
