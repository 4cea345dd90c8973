"""Names of the settings as this machine knows them, and the kernel's word for who somebody is."""

import grp
import os
import pwd
from pathlib import Path

import pytest

from console.actions.roles import login_uid, person_of, roles_in, standings_in, this_person
from console.domain.access import AccessError, Role
from console.settings import Context, Settings
from console.settings_access import Access, People

ROOT = pwd.getpwuid(0).pw_name
NOBODY_HERE = "no-such-user-or-group"


def context(**people: People) -> Context:
    return Context(environment="production", colour="red", access=Access(**people))  # type: ignore[arg-type]


def test_this_person_is_the_kernels_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "LOGNAME", "SUDO_USER", "SUDO_UID"):
        monkeypatch.setenv(name, "root" if os.getuid() else "nobody")
    person = this_person()
    assert person.uid == os.getuid()
    assert person.user == pwd.getpwuid(os.getuid()).pw_name
    assert person.groups == {*os.getgroups(), os.getgid()}


def test_the_login_is_the_kernels_or_nobodys() -> None:
    kept = Path("/proc/self/loginuid")
    said = int(kept.read_text()) if kept.exists() else 2**32 - 1
    assert login_uid() == (None if said == 2**32 - 1 else said)


def test_a_user_is_found_by_name_and_by_number() -> None:
    for name in (ROOT, 0):
        roles = roles_in(context(operators=People(users=[name])))
        assert roles.standing(person_of(0)).role is Role.OPERATOR
        assert roles.standing(person_of(65534)).role is Role.VIEWER


def test_a_member_of_a_group_is_found_by_its_name() -> None:
    group = grp.getgrgid(0).gr_name
    roles = roles_in(context(admins=People(groups=[group])))
    assert roles.standing(person_of(0)).why == f"in the group {group}"


def test_names_that_nobody_has_are_told_and_mean_nobody() -> None:
    roles = roles_in(context(admins=People(users=[NOBODY_HERE], groups=[NOBODY_HERE])))
    assert roles.unknown == (f"admins: no user {NOBODY_HERE}", f"admins: no group {NOBODY_HERE}")
    assert roles.standing(this_person()).role is Role.VIEWER


@pytest.mark.parametrize("uid", [4_000_000_000, 2**40])
def test_a_number_that_nobody_has_is_a_person_without_groups(uid: int) -> None:
    person = person_of(uid)
    assert (person.user, person.groups) == (f"uid {uid}", frozenset())


def test_the_standing_is_that_of_the_named_context() -> None:
    settings = Settings(
        state=Path("/nowhere"),
        context="a",
        contexts={"a": context(), "b": context(admins=People(users=[0]))},
        panels=Path("/nowhere"),
    )
    standing_of = standings_in(settings)
    assert (standing_of("a", 0).role, standing_of("b", 0).role) == (Role.VIEWER, Role.ADMIN)
    with pytest.raises(AccessError, match="the settings have no context c"):
        standing_of("c", 0)
