"""What is one person's stays theirs, in a state folder of their own and in one that several share."""

import os
from pathlib import Path

import pytest

from console.own_folder import own_folder
from tests.unit.actions.people import as_user, shared_office


def test_in_a_folder_of_ones_own_it_is_that_folder(tmp_path: Path) -> None:
    assert own_folder(tmp_path) == tmp_path


def test_in_one_that_is_not_there_yet_it_is_that_folder(tmp_path: Path) -> None:
    assert own_folder(tmp_path / "none") == tmp_path / "none"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two people")
def test_in_one_that_root_made_for_a_group_each_has_their_own() -> None:
    with shared_office({}) as office:
        for uid in (54301, 54302):
            own = as_user(uid, lambda: str(own_folder(office.state)))
            assert own == f"{office.state}/uid-{uid}"
