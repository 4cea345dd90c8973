"""The roles of a context as they stand in console.yaml: defaults, mistakes, and what is remembered."""

from pathlib import Path

import pytest

from console.settings_access import Access
from console.settings_file import SettingsError, load_settings
from console.settings_memory import SettingsMemory

FILE = """\
contexts:
  prod:
    environment: production
    colour: red
    access: {}
"""


def load(folder: Path, access: str) -> Access:
    file = folder / "console.yaml"
    file.write_text(FILE.format(access))
    return load_settings(config=file, state=folder, environ={}).chosen.access


def test_users_and_groups_are_named_by_name_or_number(tmp_path: Path) -> None:
    access = load(
        tmp_path,
        "{operators: {users: [alice, 1002], groups: [ops]}, arm_for: 5m, idle: 30s,"
        " two_person: [kill.reset], approvals_expire: 1h}",
    )
    assert access.operators is not None
    assert (access.operators.users, access.operators.groups) == (["alice", 1002], ["ops"])
    assert (access.viewers, access.admins) == (None, None)
    assert (access.arm_for, access.idle, access.approvals_expire) == (300, 30, 3600)
    assert access.two_person == ["kill.reset"]


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    access = load(tmp_path, "{}")
    assert access == Access()
    assert (access.arm_for, access.idle, access.two_person, access.approvals_expire) == (600, 120, [], 900)


@pytest.mark.parametrize(
    ("access", "mistake"),
    [
        ("{operator: {}}", "5:14: contexts.prod.access.operator: unknown field; allowed: viewers, operators"),
        ("{operators: {user: [a]}}", "contexts.prod.access.operators.user: unknown field; allowed: users"),
        ("{operators: {users: alice}}", "operators.users: a list of names or of numbers"),
        ("{operators: {users: [true]}}", "operators.users: a list of names or of numbers"),
        ("{operators: {users: [-1]}}", "operators.users: a list of names or of numbers"),
        ('{operators: {users: [""]}}', "operators.users: a list of names or of numbers"),
        ("{two_person: [kill.rest]}", "5:27: contexts.prod.access.two_person.0: allowed: 'kill.reset'"),
        ("{arm_for: 0}", "access.arm_for: Input should be greater than or equal to 5"),
        ("{arm_for: soon}", "access.arm_for: a duration is a number of seconds"),
        ("{approvals_expire: 2h, idle: 9h}", "access.idle: Input should be less than or equal to 3600"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_what_is_allowed(
    tmp_path: Path, access: str, mistake: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, access)
    assert mistake in str(caught.value)


def test_roles_are_remembered_for_the_next_start(tmp_path: Path) -> None:
    load(tmp_path, "{admins: {users: [1001]}, two_person: [kill.reset]}")
    environ = {"HOME": str(tmp_path)}
    file = tmp_path / "console.yaml"
    memory = SettingsMemory(file, None, tmp_path, environ)
    memory.keep(load_settings(config=file, state=tmp_path, environ=environ))
    recalled = SettingsMemory(file, None, tmp_path, environ).recall()
    assert recalled is not None
    access = recalled.chosen.access
    assert access.admins is not None
    assert (access.admins.users, access.viewers, access.two_person) == ([1001], None, ["kill.reset"])
