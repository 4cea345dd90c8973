"""What the roles of the settings mean on this machine: by the kernel's uid and groups, never by `$USER`."""

import grp
import os
import pwd
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from console.domain.access import AccessError, Named, Person, Role, Standing, standing_of
from console.domain.foreign import visible

if TYPE_CHECKING:
    from console.settings import Context, Settings
    from console.settings_access import Access, People

_NO_LOGIN = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Roles:
    """The roles of one context; `unknown` are the names that this machine doesn't know."""

    environment: str
    named: dict[Role, Named]
    unknown: tuple[str, ...]

    def standing(self, person: Person) -> Standing:
        """What `person` may do in the context."""
        return standing_of(person, self.named, self.environment)


def roles_in(context: "Context") -> Roles:
    """The roles of `context`. Who is named by a name is whoever has it now: somebody unknown is nobody."""
    named: dict[Role, Named] = {}
    unknown: list[str] = []
    for role, people in _given(context.access).items():
        users, strange_users = _numbers(people.users, _uid)
        groups, strange_groups = _numbers(people.groups, _gid)
        named[role] = Named(users, groups)
        unknown += [f"{role.name.lower()}s: no user {name}" for name in strange_users]
        unknown += [f"{role.name.lower()}s: no group {name}" for name in strange_groups]
    return Roles(context.environment, named, tuple(unknown))


def standings_in(settings: "Settings") -> Callable[[str, int], Standing]:
    """What a uid may do in a context; AccessError where the settings have no such context."""

    def standing(context: str, uid: int) -> Standing:
        chosen = settings.contexts.get(context)
        if chosen is None:
            raise AccessError(f"the settings have no context {visible(context)}")
        return roles_in(chosen).standing(this_person() if uid == os.getuid() else person_of(uid))

    return standing


def this_person() -> Person:
    """Whoever runs this process, with the groups that the kernel has given it."""
    uid = os.getuid()
    return Person(uid, _user(uid), frozenset((*os.getgroups(), os.getgid())))


def login_uid() -> int | None:
    """The uid of this process' login, which no sudo changes; None where the kernel doesn't keep it."""
    try:
        uid = int(Path("/proc/self/loginuid").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return None if uid == _NO_LOGIN else uid


def person_of(uid: int) -> Person:
    """Somebody else, with the groups that the system's databases have for them now."""
    try:
        entry = pwd.getpwuid(uid)
    except (KeyError, OverflowError):
        return Person(uid, _user(uid))
    return Person(uid, entry.pw_name, frozenset(os.getgrouplist(entry.pw_name, entry.pw_gid)))


def _given(access: "Access") -> "dict[Role, People]":
    people = {Role.VIEWER: access.viewers, Role.OPERATOR: access.operators, Role.ADMIN: access.admins}
    return {role: named for role, named in people.items() if named is not None}


def _numbers(names: Iterable[str | int], number_of: Callable[[str], int]) -> tuple[dict[int, str], list[str]]:
    """The numbers with the words they are written as, and the words that stand for nobody."""
    known: dict[int, str] = {}
    unknown = []
    for name in names:
        try:
            known[name if isinstance(name, int) else number_of(name)] = str(name)
        except KeyError:
            unknown.append(str(name))
    return known, unknown


def _uid(name: str) -> int:
    return pwd.getpwnam(name).pw_uid


def _gid(name: str) -> int:
    return grp.getgrnam(name).gr_gid


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return f"uid {uid}"
