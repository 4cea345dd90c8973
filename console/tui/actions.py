"""Everything the operator can do on the screen, once: keys, footer, help, palette and keymap come from it.

An action's `id` is the name of the method that does it (`action_<id>`): of the app for `anywhere` and `app`,
else of the widget or screen whose `PLACE` it names.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from textual.binding import Binding, BindingType

Place = Literal[
    "anywhere",
    "app",
    "replay",
    "table",
    "matrix",
    "reader",
    "symbol",
    "positions",
    "logs",
    "help",
    "palette",
    "prompt",
    "choice",
    "confirm",
    "kill",
    "reset",
    "rollout",
    "change",
    "audit",
    "alerts",
    "alert",
    "marking",
    "triggers",
    "recovery",
    "rollback",
    "beginning",
    "wizard",
    "too_small",
]
"""`anywhere` goes past every dialog and whatever has the focus; `replay` is the app's, in a replay only."""


_APP: frozenset[Place] = frozenset({"anywhere", "app", "replay"})
TOGETHER: tuple[frozenset[Place], ...] = (
    _APP | {"table", "symbol"},
    _APP | {"table", "positions"},
    _APP | {"table", "audit"},
    _APP | {"table", "alerts"},
    _APP | {"reader", "alert"},
    _APP | {"reader", "triggers"},
    _APP | {"table", "recovery"},
    _APP | {"table", "rollback"},
    _APP | {"reader", "beginning"},
    _APP | {"wizard"},
    _APP | {"matrix"},
    frozenset({"anywhere", "app", "matrix", "rollout"}),
    _APP | {"reader", "symbol"},
    _APP | {"reader", "positions"},
    _APP | {"reader", "logs"},
    frozenset({"anywhere", "prompt", "palette"}),
    frozenset({"anywhere", "confirm"}),
    frozenset({"anywhere", "reader", "help"}),
    frozenset({"anywhere", "choice"}),
    frozenset({"anywhere", "kill"}),
    frozenset({"anywhere", "reset"}),
    frozenset({"anywhere", "change"}),
    frozenset({"anywhere", "marking"}),
    frozenset({"anywhere", "too_small"}),
)
"""The places that can be active at the same time: in each of these a key has one meaning."""
STEP_BACK = "escape"
"""The key that leads back: the nearest place takes it that has something to go back from."""
NEAREST = frozenset({STEP_BACK, "1", "2", "3", "t", "at"})
"""The keys with several meanings, of which the nearest place has its own: a digit is a stage on a cell of the
rollout, and a screen everywhere else; `t` takes a run over where one is shown, else the next theme; `@` jumps
in a log where one is shown, else in the record of a replay."""


@dataclass(frozen=True, slots=True)
class Action:
    """`keys` are textual's names, the first one being what footer and help show as `shown`.

    `label` is the word of the footer, empty where an action is only in the help; `undo` is that word while
    the same key takes it back. `aliases` are further names that the palette knows it by.
    """

    id: str
    places: tuple[Place, ...]
    keys: tuple[str, ...]
    shown: str
    label: str
    help: str
    aliases: tuple[str, ...] = ()
    undo: str = ""


_ROWS: tuple[Place, ...] = ("table", "matrix", "reader")
_CELLS: tuple[Place, ...] = ("table", "matrix")
_GATED: tuple[Place, ...] = ("reset", "change")
_COVERING: tuple[Place, ...] = ("kill", *_GATED, "marking")
_ALERTS: tuple[Place, ...] = ("alerts", "alert")
_QUIT = Action(
    "quit", ("anywhere",), ("q", "ctrl+c", "ctrl+q"), "q", "quit",
    "Leave the console; the engine is not touched",
    ("exit", "bye"),
)  # fmt: skip
_QUIT_WITH_ENGINE = replace(_QUIT, label="quit demo", help="Leave the console, and stop its paper engine")

IN_A_REPLAY = "This is a replay of the past: nothing can be changed in it"

_OTHERS = (
    # Tables.
    Action("open", ("table",), ("enter",), "enter", "open", "Everything about the row"),
    Action("filter", _CELLS, ("slash",), "/", "filter",
        "Show matching rows: text, !not, ~fuzzy, margin<1.2", ("find", "search")),
    Action("sort", ("table",), ("s",), "s", "sort", "Sort by the next column; the default is worst first"),
    Action("sort_here", _CELLS, ("S",), "S", "",
        "Sort by the chosen column; again turns it round", ("reverse",)),
    Action("worst_first", ("table",), ("w",), "w", "",
        "Back to the default order, and to the first columns", ("worst",)),
    Action("all_rows", _CELLS, ("escape",), "esc", "all rows",
        "Take the filter off, and show every row again", ("unfilter",)),
    Action("mark", ("table",), ("space",), "space", "", "Mark the row, or take its mark away"),
    Action("marked_only", ("table",), ("m",), "m", "", "Show only marked rows, or all again", ("marks",)),
    Action("unmark_all", ("table",), ("M",), "M", "", "Take all marks away"),
    Action("choose_columns", ("table",), ("c",), "c", "columns",
        "Choose the columns, and keep the choice", ("cols",)),
    Action("column_left", ("table",), ("left", "h"), "←", "", "Choose the column to the left"),
    Action("column_right", ("table",), ("right", "l"), "→", "", "Choose the column to the right"),
    Action("copy_cell", (*_CELLS, "logs"), ("y",), "y", "",
        "Send the chosen cell, or the line, to your own clipboard", ("yank",)),
    # A table of cells.
    Action("cell_left", ("matrix",), ("left",), "←", "",
        "One cell to the left; the first column is the row as a whole"),
    Action("cell_right", ("matrix",), ("right",), "→", "", "One cell to the right"),
    Action("cells_left", ("matrix",), ("left_square_bracket",), "[", "", "A screenful to the left"),
    Action("cells_right", ("matrix",), ("right_square_bracket",), "]", "", "A screenful to the right"),
    Action("whole_row", ("matrix",), ("f",), "f", "whole row", "From the cell to its whole row, and back"),
    Action("filter_columns", ("matrix",), ("o",), "o", "only columns",
        "Show only columns whose name matches: text, !not, ~fuzzy"),
    Action("mark_cell", ("matrix",), ("space",), "space", "mark",
        "Mark the cell, so that a change is made to all those marked in its row; again: not"),
    Action("extend_left", ("matrix",), ("shift+left",), "shift+←", "", "Mark to the left"),
    Action("extend_right", ("matrix",), ("shift+right",), "shift+→", "", "Mark to the right"),
    Action("unmark_cells", ("matrix",), ("M",), "M", "", "Take all marks away"),
    # Logs.
    Action("line_detail", ("logs",), ("enter",), "enter", "line", "The whole line, wrapped"),
    Action("filter_lines", ("logs",), ("slash",), "/", "filter",
        "Show only lines that match a regular expression"),
    Action("filter_errors", ("logs",), ("e",), "e", "errors",
        "Only ERROR, CRITICAL and LIQUIDATION; again: all lines", ("errors",)),
    Action("filter_sync", ("logs",), ("u",), "u", "sync",
        "Only position_sync; again: all lines", ("position_sync",)),
    Action("filter_margin", ("logs",), ("i",), "i", "margin",
        "Only margin_status; again: all lines", ("margin_status",)),
    Action("search", ("logs",), ("f",), "f", "search", "Search on towards older lines"),
    Action("search_older", ("logs",), ("n",), "n", "", "The next older match"),
    Action("search_newer", ("logs",), ("N",), "N", "", "The next newer match"),
    Action("jump_to_time", ("logs",), ("at",), "@", "time", "Jump to a time: 14:05, 2026-01-02 03:04, -10m"),
    Action("all_lines", ("logs",), ("escape",), "esc", "take off",
        "Take off filter or search, the last set first"),
    Action("next_log", ("logs",), ("o",), "o", "", "The next of the context's log files"),
    # Alerts.
    Action("acknowledge", _ALERTS, ("A",), "A", "ack",
        "Acknowledge: take the alert on, with a reason and an end; it wakes nobody else", ("ack", "own")),
    Action("acknowledge_every", (*_ALERTS, "marking"), ("E",), "E", "",
        "Acknowledge every one of this alert, whatever its symbol, with one reason; again: only this one",
        ("ack all",)),
    Action("silence", _ALERTS, ("z",), "z", "silence",
        "Silence every alert whose labels match, for a while", ("snooze", "mute")),
    Action("unmute", _ALERTS, ("u",), "u", "unmute",
        "Take the acknowledgement back, or end the silence", ("unsilence", "withdraw")),
    Action("rollback_triggers", ("alerts",), ("r",), "r", "triggers",
        "The rollback triggers: their evidence, and the procedure for each", ("procedures",)),
    Action("rule_holes", _ALERTS, ("H",), "H", "holes",
        "What the alert rules can never catch, rule by rule", ("lint",)),
    Action("begin_procedure", ("triggers",), ("enter",), "enter", "procedure",
        "What the procedure of the chosen trigger would do, with what is known filled in"),
    # Muting them.
    Action("confirm_marking", ("marking",), ("W",), "W", "do it", "Do it, once nothing is missing"),
    Action("longer", ("marking",), ("plus",), "+", "", "For longer"),
    Action("shorter", ("marking",), ("minus",), "-", "", "For a shorter time"),
    Action("type_duration", ("marking",), ("f",), "f", "", "Type for how long: 90m, 4h, 2d"),
    Action("type_matchers", ("marking",), ("m",), "m", "",
        "Type what is silenced: symbol=\"BTC/USD\" severity=~\"warning|info\""),
    Action("only_here", ("marking",), ("l",), "l", "",
        "Silence on this host only, and not in the Alertmanager; again: there"),
    # Runbooks.
    Action("begin_run", ("beginning",), ("enter",), "enter", "begin",
        "Begin the run; what it asks for up front is asked for first", ("start", "run")),
    Action("give_values", ("beginning",), ("c",), "c", "change",
        "Type what the runbook asks for up front once more", ("parameters",)),
    Action("ask_again", ("beginning",), ("r",), "r", "ask again", "Ask every check of the preview again"),
    # A run.
    Action("next_thing", ("wizard",), ("enter",), "enter", "",
        "Do the next thing: begin the step, write down what it asks for, or do it again", ("go on", "note")),
    Action("override_step", ("wizard",), ("o",), "o", "",
        "Leave the step out, as an admin, with a reason", ("skip",)),
    Action("wait_for_step", ("wizard",), ("w",), "w", "",
        "Ask again and again until it holds; again: no longer"),
    Action("abort_run", ("wizard",), ("x",), "x", "",
        "End the run, and undo what was done where the runbook says how"),
    Action("take_over", ("wizard",), ("t",), "t", "",
        "Drive the run in place of who does now, with a reason"),
    Action("run_evidence", ("beginning", "wizard", "rollback"), ("e",), "e", "all of it",
        "All of the step, of the procedure, or of every step before a run", ("evidence", "output")),
    Action("run_report", ("wizard",), ("r",), "r", "report", "The run's report, and where it is kept"),
    Action("step_up", ("wizard",), ("up", "k"), "↑", "", "Look at the step above"),
    Action("step_down", ("wizard",), ("down", "j"), "↓", "", "Look at the step below"),
    Action("step_now", ("wizard",), ("home", "g"), "home", "",
        "Back to the step at which the run is, and go with it"),
    # Rows.
    Action("cursor_up", _ROWS, ("up", "k"), "↑", "", "One row up"),
    Action("cursor_down", _ROWS, ("down", "j"), "↓", "", "One row down"),
    Action("page_up", _ROWS, ("pageup",), "pgup", "", "One page up"),
    Action("page_down", _ROWS, ("pagedown",), "pgdn", "", "One page down"),
    Action("first_row", _ROWS, ("home", "g"), "home", "",
        "To the top, and stay there whatever row comes first"),
    Action("last_row", _ROWS, ("end", "G"), "end", "", "To the last row"),
    # The app, wherever no dialog is open.
    Action("help", ("app", *_COVERING), ("question_mark",), "?", "help", "What the keys do here",
        ("keys", "shortcuts")),
    Action("palette", ("app", *_COVERING, "help", "choice"), ("colon",), ":", "",
        "Do anything by its name"),
    Action("overview", ("app",), ("1",), "1", "", "Every symbol against its limits",
        ("symbols", "home", "dashboard", "margin", "funding", "liquidations", "slippage")),
    Action("positions", ("app",), ("2",), "2", "",
        "Both accounts, positions, orders and trades",
        ("pos", "orders", "trades", "fills", "pnl", "equity", "balance")),
    Action("rollout", ("app",), ("3",), "3", "",
        "Every feature's stage for every symbol, and how to change it",
        ("flags", "features", "stages", "canary", "shadow")),
    Action("alerts", ("app",), ("4",), "4", "", "Every alert, the rollback triggers and every source",
        ("sources", "errors", "stale", "database", "metrics", "exchange", "outage", "rules", "firing")),
    Action("recovery", ("app",), ("5",), "5", "", "Runbooks step by step, and their runs",
        ("runbooks", "runs", "resume", "incident", "procedure", "deploy")),
    Action("rollback", ("app",), ("6",), "6", "",
        "The way back: what calls for it now, and what each procedure undoes, loses and needs",
        ("rollbacks", "way back", "previous", "restore", "backup")),
    Action("logs", ("app",), ("7",), "7", "", "Follow the engine's logs", ("log", "tail", "grep")),
    Action("audit", ("app",), ("8",), "8", "", "The journal: who did what, when and why",
        ("journal", "records", "who", "history")),
    Action("back", ("app", *_COVERING, "too_small"), ("escape",), "esc", "back", "Back to the screen before"),
    Action("pause", ("app", "logs"), ("p",), "p", "pause",
        "Hold the picture still; what it shows goes grey with age", ("hold", "freeze"), "go on"),
    Action("record_look", ("app",), ("L",), "L", "",
        "Record that you have looked, as the calendar after a deployment asks", ("looked", "calendar")),
    Action("next_theme", ("app",), ("t",), "t", "",
        "Change to the next theme", ("theme", "colours", "colors", "dark", "light")),
    Action("low_bandwidth", ("app",), ("b",), "b", "", "Draw seldom and plainly, for a slow line", ("slow",)),
    Action("save_screen", ("app",), ("X",), "X", "", "Save the screen as SVG and as text", ("screenshot",)),
    Action("next_pane", ("app",), ("tab",), "tab", "next part", "To the next part of the screen"),
    Action("previous_pane", ("app",), ("shift+tab",), "shift+tab", "", "To the part before"),
    Action("kill_switch", ("anywhere",), ("K", "ctrl+k"), "K", "kill",
        "The kill switch: its state with the proof; there T trips it", ("trip", "stop", "emergency")),
    # The kill switch.
    Action("trip", ("kill", "too_small"), ("T",), "T", "trip",
        "Trip: fire everything that is listed, at once"),
    Action("pick_reason", ("kill",), ("1", "2", "3", "4", "5", "6", "7", "8", "9"), "1", "",
        "Take the reason with this digit"),
    Action("type_reason", ("kill",), ("0",), "0", "", "Type another reason"),
    Action("scope_all", ("kill",), ("e",), "e", "", "Stop everything, the whole context"),
    Action("scope_usdm", ("kill",), ("u",), "u", "", "Stop the USD-M account only"),
    Action("scope_coin", ("kill",), ("c",), "c", "", "Stop the coin account only"),
    Action("arm", ("app", "kill", *_GATED), ("a",), "a", "arm",
        "Arm for a limited time, with a reason; again: back to read-only", ("disarm", "read-only"), "disarm"),
    Action("reset", ("kill",), ("R",), "R", "reset", "Reset a trip: what has to hold before that, and why"),
    # Resetting it.
    Action("confirm_reset", ("reset",), ("R",), "R", "reset", "Reset, once every gate but the last passes"),
    Action("read_deed", _GATED, ("enter",), "enter", "", "Read all that it would do, and every gate"),
    Action("give_reason", (*_GATED, "marking"), ("0",), "0", "", "Type why it is done"),
    Action("acknowledge_cause", ("reset",), ("c",), "c", "",
        "The trip's cause is known, and over; again: it isn't"),
    Action("override_recovery", ("reset",), ("o",), "o", "", "Type why no recovery run is waited for"),
    Action("ask_second_person", _GATED, ("s",), "s", "", "Ask for a second person's approval"),
    Action("break_glass", _GATED, ("g",), "g", "",
        "As an admin, in an emergency, go without the second person"),
    # The rollout.
    Action("promote", ("rollout",), ("plus",), "+", "up",
        "One stage up, of the cell, of those marked, or of the whole row; a dialog shows what it takes"),
    Action("demote", ("rollout",), ("minus",), "-", "down", "One stage down, which waits for nothing"),
    Action("set_stage", ("rollout",), ("0", "1", "2", "3"), "0", "to 3 set",
        "Set the stage: 0 disabled, 1 shadow, 2 canary, 3 production; to screens 1 to 3 lead esc and :"),
    Action("disable", ("rollout",), ("d",), "d", "off",
        "Switch the whole feature off: the quick rollback, which waits for nothing", ("quick rollback",)),
    Action("undo_change", ("rollout",), ("u",), "u", "undo",
        "Take the feature's last change back, by a new one", ("revert",)),
    Action("change_history", ("rollout",), ("h",), "h", "history",
        "Who has changed the feature, when and why"),
    Action("shadow_evidence", ("rollout",), ("e",), "e", "evidence",
        "What the engine logs of the feature in shadow", ("results",)),
    Action("next_drift", ("rollout",), ("n",), "n", "",
        "To the next cell in which the engine has something else loaded", ("drift",)),
    Action("open_cell", ("rollout",), ("enter",), "enter", "open",
        "Everything about the symbol; of a whole row, its history"),
    Action("default_order", ("rollout",), ("w",), "w", "",
        "Back to the default order: what drifts first, and symbols that are held", ("worst",)),
    # A change of it.
    Action("write_change", ("change",), ("W",), "W", "write", "Make the change, once every gate passes"),
    Action("switch_off", ("change",), ("D",), "D", "switch off", "Switch the feature off, now"),
    Action("take_instead", ("change",), ("1", "2", "3", "4", "5", "6", "7", "8", "9"), "1", "",
        "Take the change with this digit instead"),
    Action("override_gates", ("change",), ("o",), "o", "",
        "As an admin, type why neither time, nor what happened in it, nor a step is waited for"),
    # The journal.
    Action("approve", ("kill", "audit"), ("A",), "A", "approve",
        "Look at what waits for your approval, and agree to it"),
    Action("verify", ("audit",), ("v",), "v", "verify", "Check now that every record is as it was written"),
    # Dialogs.
    Action("close", ("help", "choice"), ("escape",), "esc", "back", "Back to the screen before"),
    Action("leave", ("confirm",), ("escape", "enter"), "esc", "", "No: leave everything as it is"),
    Action("toggle_column", ("choice",), ("space", "enter"), "space", "", "Show the column, or hide it"),
    Action("move_up", ("choice",), ("less_than_sign", "shift+up"), "<", "",
        "Move the column to the left"),
    Action("move_down", ("choice",), ("greater_than_sign", "shift+down"), ">", "",
        "Move the column to the right"),
    # A line to type.
    Action("answer", ("prompt",), ("enter",), "enter", "", "Take what has been typed"),
    Action("give_up", ("prompt",), ("escape",), "esc", "", "Leave it as it was"),
    Action("complete", ("prompt",), ("tab",), "tab", "", "Complete the word"),
    Action("erase", ("prompt",), ("backspace", "ctrl+h"), "bksp", "", "Erase the letter before the cursor"),
    Action("erase_next", ("prompt",), ("delete",), "del", "", "Erase the letter under the cursor"),
    Action("erase_word", ("prompt",), ("ctrl+w",), "ctrl+w", "", "Erase the word before the cursor"),
    Action("erase_all", ("prompt",), ("ctrl+u",), "ctrl+u", "", "Erase everything"),
    Action("letter_left", ("prompt",), ("left",), "←", "", "One letter to the left"),
    Action("letter_right", ("prompt",), ("right",), "→", "", "One letter to the right"),
    Action("line_begin", ("prompt",), ("home",), "home", "", "To the beginning"),
    Action("line_end", ("prompt",), ("end",), "end", "", "To the end"),
    Action("match_up", ("palette",), ("up",), "↑", "", "The match above"),
    Action("match_down", ("palette",), ("down",), "↓", "", "The match below"),
    # A replay.
    Action("earlier", ("replay",), ("comma",), ",", "earlier", "Ten seconds back"),
    Action("later", ("replay",), ("full_stop",), ".", "later", "Ten seconds on"),
    Action("much_earlier", ("replay",), ("less_than_sign",), "<", "", "Five minutes back"),
    Action("much_later", ("replay",), ("greater_than_sign",), ">", "", "Five minutes on"),
    Action("jump_in_record", ("replay",), ("at",), "@", "time",
        "Jump to a time of the record, in UTC: 14:05, 2026-01-02T14:05, -10m before its end", ("at", "jump")),
    Action("faster", ("replay",), ("plus",), "+", "", "Twice as fast"),
    Action("slower", ("replay",), ("minus",), "-", "", "Half as fast"),
)  # fmt: skip


def actions(owns_engine: bool) -> tuple[Action, ...]:
    """The whole table; `owns_engine` says that the engine ends with the console."""
    return (_QUIT_WITH_ENGINE if owns_engine else _QUIT, *_OTHERS)


MOVES = frozenset(
    {"cursor_up", "cursor_down", "page_up", "page_down", "first_row", "last_row", "step_up", "step_down"}
    | {"column_left", "column_right", "cell_left", "cell_right", "cells_left", "cells_right"}
)
"""The actions that only move the cursor."""


def keys_of(table: Sequence[Action], *ids: str) -> frozenset[str]:
    """Every key of these actions, as the operator has them in `table`."""
    return frozenset(key for action in table if action.id in ids for key in action.keys)


def bindings(*places: Place) -> list[BindingType]:
    """The key bindings of these places, for textual; binding ids are the actions', for the user's keymap."""
    wanted = set(places)
    return [
        Binding(
            ",".join(action.keys), action.id, show=False, priority="anywhere" in action.places, id=action.id
        )
        for action in actions(owns_engine=False)
        if wanted & set(action.places)
    ]
