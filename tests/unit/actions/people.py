"""Several users of one state folder, as processes that the kernel takes for different people."""

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from console.actions.approvals import Approvals
from console.actions.notify import Tell, nobody
from console.domain.access import AccessError, Person, Role, Standing
from tests.unit.audit.journals import ALICE, journal_in

GROUP = 54300
"""The group to which everybody belongs who shares the folder."""


@dataclass
class Wall:
    """A clock that is set by hand."""

    at: float = 1_700_000_000.0

    def now(self) -> float:
        return self.at

    def wall(self) -> float:
        return self.at


@dataclass
class Office:
    """A state folder, and the roles of those who use it, by uid; everybody else is a viewer."""

    state: Path
    roles: dict[int, Role]
    clock: Wall = field(default_factory=Wall)

    def standing(self, context: str, uid: int) -> Standing:
        return Standing(Person(uid, f"user{uid}"), self.roles.get(uid, Role.VIEWER), f"named in {context}")

    def approvals(
        self, uid: int | None = None, login: int | None = None, *, tell: Tell = nobody
    ) -> Approvals:
        """As `uid` sees them, by default whoever runs this process, after a login as `login`."""
        uid = os.getuid() if uid is None else uid
        return Approvals(
            self.state / "approvals",
            journal=journal_in(self.state),
            actor=replace(ALICE, uid=uid, user=f"user{uid}"),
            clock=self.clock,
            standing_of=self.standing,
            login=login,
            chance=random.Random(uid),
            tell=tell,
        )


@contextmanager
def shared_office(roles: dict[int, Role]) -> Iterator[Office]:
    """A folder as an administrator makes it for a group. Only root can."""
    state = Path(tempfile.mkdtemp(prefix="opsconsole-office-"))
    try:
        give_to_group(state, 0o3770)
        give_to_group(state / "approvals", 0o3770)
        for name in ("audit", "anchors", "kill", "vigil"):
            give_to_group(state / name)
        yield Office(state, roles)
    finally:
        shutil.rmtree(state)


def give_to_group(folder: Path, mode: int = 0o2770) -> None:
    """Make `folder` as an administrator does for those who share it. Only root can."""
    folder.mkdir(exist_ok=True)
    os.chown(folder, 0, GROUP)
    folder.chmod(mode)


def as_user(uid: int, work: Callable[[], str], umask: int = 0o022) -> str:
    """Do `work` in a process of that user; what it answers, or what it was refused with. Only root can."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        answer = "broke down"
        try:
            os.setgroups([GROUP])
            os.setgid(uid)
            os.setuid(uid)
            os.umask(umask)
            answer = work()
        except AccessError as error:
            answer = str(error)
        finally:
            os.write(writing, answer.encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        answer = stream.read().decode()
    os.waitpid(child, 0)
    return answer
