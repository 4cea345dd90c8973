"""The registry of actions: each has a method where it says, and no key means two things in one place."""

from collections import Counter

import pytest

from console.tui.actions import Action, Place, actions
from console.tui.app import OpsConsole
from console.tui.screens.alerts import Alerts
from console.tui.screens.help import Help
from console.tui.widgets.reader import Reader
from console.tui.widgets.table import Table

OWNERS: dict[Place, type] = {
    "anywhere": OpsConsole,
    "app": OpsConsole,
    "table": Table,
    "reader": Reader,
    "alerts": Alerts,
    "help": Help,
}


@pytest.mark.parametrize("action", actions(owns_engine=False), ids=lambda action: action.id)
def test_an_action_can_be_done_wherever_it_is_offered(action: Action) -> None:
    for place in action.places:
        assert callable(getattr(OWNERS[place], f"action_{action.id}", None)), place


@pytest.mark.parametrize("place", OWNERS)
def test_a_key_has_one_meaning_in_a_place(place: Place) -> None:
    here = [action for action in actions(owns_engine=False) if place in action.places]
    keys = Counter(key for action in here for key in action.keys)
    assert not [key for key, times in keys.items() if times > 1]
