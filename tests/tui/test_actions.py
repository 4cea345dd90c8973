"""The registry of actions: each has a method where it says, and no key means two things in one place."""

from collections import Counter
from typing import get_args

import pytest

from console.tui.actions import NEAREST, TOGETHER, Action, Place, actions
from console.tui.app import OpsConsole
from console.tui.key_names import key_sign
from console.tui.navigation import MAIN
from console.tui.screens.alerts.detail import AlertDetail
from console.tui.screens.alerts.marking import Marking
from console.tui.screens.alerts.screen import Alerts
from console.tui.screens.alerts.trigger_screen import Triggers
from console.tui.screens.audit.screen import Audit
from console.tui.screens.choose_columns import ChooseColumns
from console.tui.screens.confirm import Confirm
from console.tui.screens.help import Help
from console.tui.screens.kill.reset import Reset
from console.tui.screens.kill.screen import KillSwitch
from console.tui.screens.logs import Logs
from console.tui.screens.palette import Palette
from console.tui.screens.positions.screen import Positions
from console.tui.screens.recovery.beginning import Beginning
from console.tui.screens.recovery.screen import Recovery
from console.tui.screens.recovery.wizard import Wizard
from console.tui.screens.rollback.screen import Rollback
from console.tui.screens.rollout.change import Change
from console.tui.screens.rollout.screen import Rollout
from console.tui.screens.symbol.screen import SymbolDetail
from console.tui.screens.too_small import TooSmall
from console.tui.widgets.log.view import LogView
from console.tui.widgets.matrix.matrix import Matrix
from console.tui.widgets.prompt import Prompt
from console.tui.widgets.reader import Reader
from console.tui.widgets.table.table import Table

OWNERS: dict[Place, tuple[type, ...]] = {
    "anywhere": (OpsConsole,),
    "app": (OpsConsole,),
    "replay": (OpsConsole,),
    "table": (Table,),
    "reader": (Reader,),
    "symbol": (SymbolDetail,),
    "positions": (Positions,),
    "logs": (LogView, Logs),
    "help": (Help,),
    "palette": (Palette,),
    "prompt": (Prompt,),
    "choice": (ChooseColumns,),
    "confirm": (Confirm,),
    "kill": (KillSwitch,),
    "reset": (Reset,),
    "matrix": (Matrix,),
    "rollout": (Rollout,),
    "change": (Change,),
    "audit": (Audit,),
    "alerts": (Alerts,),
    "alert": (AlertDetail,),
    "marking": (Marking,),
    "recovery": (Recovery,),
    "beginning": (Beginning,),
    "wizard": (Wizard,),
    "triggers": (Triggers,),
    "rollback": (Rollback,),
    "too_small": (TooSmall,),
}
EVERY = actions(owns_engine=False)


@pytest.mark.parametrize("action", EVERY, ids=lambda action: action.id)
def test_an_action_can_be_done_wherever_it_is_offered(action: Action) -> None:
    for place in action.places:
        owners = OWNERS[place]
        assert any(callable(getattr(owner, f"action_{action.id}", None)) for owner in owners), place


def test_every_place_has_an_owner_that_names_it() -> None:
    assert set(OWNERS) == set(get_args(Place))
    for place, owners in OWNERS.items():
        if place not in ("anywhere", "app", "replay"):
            assert any(getattr(owner, "PLACE", None) == place for owner in owners), place


@pytest.mark.parametrize("together", TOGETHER, ids=lambda places: "-".join(sorted(places)))
def test_a_key_has_one_meaning_in_places_that_can_be_active_together(together: frozenset[Place]) -> None:
    here = [action for action in EVERY if together & set(action.places)]
    keys = Counter(key for action in here for key in action.keys)
    assert not [key for key, times in keys.items() if times > 1 and key not in NEAREST]


def test_every_place_can_be_active() -> None:
    assert frozenset().union(*TOGETHER) == set(get_args(Place))


@pytest.mark.parametrize("action", EVERY, ids=lambda action: action.id)
def test_every_action_has_a_key_a_line_of_help_and_a_name(action: Action) -> None:
    assert action.keys
    assert action.help
    assert action.help[0].isupper()
    assert not action.help.endswith(".")
    assert action.shown == key_sign(action.keys[0])


def test_every_action_has_its_own_id() -> None:
    assert len({action.id for action in EVERY}) == len(EVERY)


def test_every_main_screen_has_a_digit() -> None:
    digits = {action.id for action in EVERY if "app" in action.places and action.shown.isdigit()}
    assert digits == {"overview", *MAIN}


def test_no_key_is_one_that_a_terminal_multiplexer_takes() -> None:
    keys = {key for action in EVERY for key in action.keys}
    assert not keys & {"ctrl+a", "ctrl+b", "ctrl+s", "ctrl+z", "ctrl+backslash"}
