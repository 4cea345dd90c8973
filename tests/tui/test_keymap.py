"""The operator's own keys: taken where they can be, refused with the reason where they can't."""

import os
import sys
from pathlib import Path

import pexpect
import pytest

from console.tui.actions import Action, actions
from console.tui.keymap import TAKEN, KeymapError, rebound, textual_keymap
from tests.waiting import DEADLINE

TABLE = actions(owns_engine=False)


def action(name: str, table: tuple[Action, ...]) -> Action:
    return next(action for action in table if action.id == name)


@pytest.mark.parametrize(
    ("written", "key", "shown"),
    [
        ("x", "x", "x"),
        ("%", "percent_sign", "%"),
        ("f5", "f5", "f5"),
        ("ctrl+x", "ctrl+x", "ctrl+x"),
        ("alt+x", "alt+x", "alt+x"),
        ("shift+up", "shift+up", "shift+↑"),
        ("percent_sign", "percent_sign", "%"),
    ],
)
def test_a_key_is_taken_by_its_sign_or_name_and_shown_as_its_sign(written: str, key: str, shown: str) -> None:
    sort = action("sort", rebound(TABLE, {"sort": [written]}))
    assert sort.keys == (key,)
    assert sort.shown == shown


def test_what_is_not_named_keeps_its_keys() -> None:
    changed = rebound(TABLE, {"sort": ["x"], "quit": ["q", "ctrl+q"]})
    assert action("filter", changed) == action("filter", TABLE)
    assert textual_keymap(changed, {"sort": ["x"]}) == {"sort": "x"}


def test_two_actions_can_exchange_their_keys() -> None:
    changed = rebound(TABLE, {"sort": ["c"], "choose_columns": ["s"]})
    assert action("sort", changed).keys == ("c",)
    assert action("choose_columns", changed).keys == ("s",)


def test_an_unknown_action_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(KeymapError, match=r"no such action; allowed: .*sort"):
        rebound(TABLE, {"sorting": ["x"]})


@pytest.mark.parametrize(
    ("name", "key", "owner"),
    [
        ("sort", "slash", "filter"),
        ("sort", "p", "pause"),
        ("pause", "K", "kill_switch"),
        ("close", "q", "quit"),
    ],
)
def test_a_key_of_another_action_of_the_same_place_is_refused(name: str, key: str, owner: str) -> None:
    with pytest.raises(KeymapError, match=f"is the key of {owner} already, in the same place"):
        rebound(TABLE, {name: [key]})


def test_a_key_can_mean_different_things_in_places_that_are_never_active_together() -> None:
    assert action("sort", rebound(TABLE, {"sort": ["f"]})).keys == ("f",)  # which searches, in logs


@pytest.mark.parametrize("key", sorted(TAKEN))
def test_keys_that_tmux_screen_or_a_terminal_take_are_refused(key: str) -> None:
    with pytest.raises(KeymapError, match=r"can't be used: .* (takes|stops|ends|sends)"):
        rebound(TABLE, {"sort": [key]})


def test_ctrl_c_always_quits() -> None:
    with pytest.raises(KeymapError, match="it always quits"):
        rebound(TABLE, {"sort": ["ctrl+c"]})


@pytest.mark.parametrize("key", ["", "xx", "ctrl+", "hyper+x", "f99"])
def test_what_is_no_key_is_refused_with_what_is_one(key: str) -> None:
    with pytest.raises(KeymapError, match=r"there is no key .*; allowed: a letter, a sign, or a name"):
        rebound(TABLE, {"sort": [key]})


def test_a_letter_can_not_be_a_key_where_lines_are_typed() -> None:
    with pytest.raises(KeymapError, match="is text where a line is typed"):
        rebound(TABLE, {"answer": ["x"]})


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("sort: slash", "7:3: keys.sort: / is the key of filter already, in the same place"),
        pytest.param("sorted: x", "7:3: keys.sorted: no such action; allowed: ", marks=pytest.mark.campaign),
        pytest.param(
            "sort: ctrl+b",
            "7:3: keys.sort: ctrl+b can't be used: tmux takes it for its own commands",
            marks=pytest.mark.campaign,
        ),
    ],
)
def test_a_mistake_in_the_settings_is_said_with_its_place_before_the_screen_opens(
    keys: str, said: str, tmp_path: Path
) -> None:
    config = tmp_path / "console.yaml"
    config.write_text(
        "context: paper\ncontexts:\n  paper:\n    environment: paper\n    colour: cyan\nkeys:\n"
        f"  {keys}\nstate: {tmp_path}\n",
        encoding="utf-8",
    )
    command = ["-m", "console", "--config", str(config)]
    environ = {**os.environ, "TERM": "xterm", "LANG": "C.UTF-8"}
    child = pexpect.spawn(
        sys.executable, command, env=environ, encoding="utf-8", dimensions=(24, 400), timeout=DEADLINE
    )
    child.expect(pexpect.EOF)
    child.wait()
    assert f"{config}:{said}" in str(child.before)
    assert child.exitstatus == 2
    assert "\x1b[?1049h" not in str(child.before)
