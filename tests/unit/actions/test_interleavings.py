"""Two consoles, an engine and a hand editor on the same files, turn by turn in every order that is drawn.

The consoles trip and reset, with all their threads; the engine rewrites its state from memory. No trip is
lost, of those who replace what they have seen one wins, and the journal's chain holds.
"""

import json
import tempfile
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from unittest import mock

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from console import host_lock
from console.actions import faults
from console.actions.checkpoint import Operator
from console.actions.durable import ChangedError, digest, replace_file
from console.actions.kill import last_trip_file, switch, trip
from console.actions.kill.feature_flags import KEY
from console.actions.kill.flag_file import FLAG
from console.actions.kill.switch import KillSwitch
from console.actions.roles import roles_in, this_person
from console.audit.files import records
from console.audit.open import anchor_in, folder_in
from console.audit.open_intents import open_intents
from console.audit.record import Phase
from console.audit.verify import verify
from console.domain.access import AccessError, Arming
from console.domain.last_trip import LastTrip, last_trip_from
from console.domain.reset_gates import Asked
from console.settings_file import load_settings
from console.yaml_span import put
from tests.unit.actions.resets import FOR_EVER, healthy_after
from tests.unit.actions.turns import Actor, Turns

CONSOLES = (0, 1)
SETTINGS = """\
contexts:
  paper:
    environment: paper
    colour: cyan
    flags_file: engine/flags.yaml
    kill_switch: {flag: engine/flag, state: engine/state.json, cool_down: 50ms}
"""
MOST_TRIPS, MOST_RESETS = 3, 2
"""After that the order in which they go on is more telling than still more of them."""
ASKED = Asked("it is over", "paper paper", cause_acknowledged=True, override="a rehearsal")
ALL = 1000
"""Turns in which whoever has not ended waits for somebody else."""
TURNS = st.sampled_from([1, 2, 4, 8, ALL, ALL])
OTHERS = ["nobody", "nobody", "nobody", "hand", "engine"]
"""Who does something between two turns."""
IN_A_RESET = 90
"""The turns of a reset that nobody disturbs, and some more."""
COOL_DOWN = 0.05


class Host(RuleBasedStateMachine):
    """The files of one engine, and everybody who writes them."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = Turns()
        self.patches = ExitStack()
        self.folder = Path(self.patches.enter_context(tempfile.TemporaryDirectory()))
        self.flag, self.state, self.flags = (
            self.folder / "engine" / name for name in ("flag", "state.json", "flags.yaml")
        )
        self.flag.parent.mkdir()
        self.notes = self.folder / "notes"
        self.saved = b"global_kill_switch: false\nfeatures: {}\n"
        self.flags.write_bytes(self.saved)
        self.notes.write_bytes(b"")
        self.engine_tripped = False
        self.opened = self.saved
        self.lines = 0
        self.winners: list[bytes] = []
        self.tripping = self.resetting = 0
        self.flagged = False
        self.begun: list[float] = []
        self.seen: list[float] = []
        self._write_state()
        self._take_turns()
        (self.folder / "console.yaml").write_text(SETTINGS)
        settings = load_settings(
            config=self.folder / "console.yaml",
            state=self.folder / "state",
            environ={"HOME": str(self.folder)},
        )
        self.standing = roles_in(settings.chosen).standing(this_person())
        self.consoles = [KillSwitch(settings, self.turns.clock, {}) for _ in CONSOLES]
        for console in self.consoles:
            console.prepare()
            assert console.complaint == ""

    @initialize()
    def somebody_has_tripped_before(self) -> None:
        self.consoles[0].trip("margin call")
        self.turns.finish()

    @precondition(lambda self: self.tripping < MOST_TRIPS)
    @rule(number=st.sampled_from(CONSOLES))
    def console_trips(self, number: int) -> None:
        self.tripping += 1
        self.begin_trip(number)

    @precondition(lambda self: self.last is not None and self.last.stands and self.resetting < MOST_RESETS)
    @rule(number=st.sampled_from(CONSOLES))
    def console_resets_what_it_sees(self, number: int) -> None:
        self.begin_reset(number)

    @rule(number=st.sampled_from(CONSOLES))
    def console_replaces_what_it_sees(self, number: int) -> None:
        self.lines += 1
        line = b"console %d: %d\n" % (number, self.lines)
        self.turns.begin(partial(self._replace, self.notes.read_bytes(), line))

    @precondition(lambda self: self.turns.waiting)
    @rule(moves=st.lists(st.tuples(st.integers(0, 50), TURNS, st.sampled_from(OTHERS)), min_size=1))
    def some_go_on(self, moves: list[tuple[int, int, str]]) -> None:
        for which, turns, other in moves:
            if self.turns.waiting:
                self.turns.take(which % self.turns.waiting, turns)
            if other == "hand":
                self.hand_saves_the_flags_file()
            elif other == "engine":
                self.engine_looks_and_rewrites_its_state(starts=False)
            self.all_that_was_saved_by_hand_is_in_the_flags_file()

    @rule(starts=st.booleans())
    def engine_looks_and_rewrites_its_state(self, starts: bool) -> None:
        self._engine_looks(starts=starts)
        self._write_state()

    @rule()
    def hand_opens_the_flags_file(self) -> None:
        self.opened = self.flags.read_bytes()

    @rule()
    def hand_saves_the_flags_file(self) -> None:
        self.lines += 1
        self.saved = self.opened = self.opened + b"# edit %d\n" % self.lines
        fresh = self.flags.with_name("by hand")
        fresh.write_bytes(self.saved)
        fresh.replace(self.flags)

    @invariant()
    def every_file_is_whole(self) -> None:
        assert not self.flag.exists() or self.flag.read_bytes() == FLAG
        assert isinstance(json.loads(self.state.read_bytes())["tripped"], bool)
        assert self.last is None or self.last.scope == "all"

    @invariant()
    def the_flag_stays_where_nobody_resets(self) -> None:
        assert self.flag.exists() or not self.flagged or self.resetting

    @invariant()
    def all_that_was_saved_by_hand_is_in_the_flags_file(self) -> None:
        switched = {put(self.saved, (KEY,), value, "flags.yaml") for value in (True, False)}
        assert self.flags.read_bytes() in {self.saved, *switched}

    def teardown(self) -> None:
        try:
            self.turns.finish()
            self._assert_no_trip_is_lost()
            self._assert_everything_is_recorded()
            assert len(self.winners) == len(set(self.winners)) == len(self.notes.read_bytes().splitlines())
        finally:
            self.patches.close()

    def begin_trip(self, number: int) -> Actor:
        return self.turns.begin(partial(self._trip, self.consoles[number]))

    def begin_reset(self, number: int) -> Actor:
        last = self.last
        assert last is not None
        self.resetting += 1
        return self.turns.begin(partial(self._reset, self.consoles[number], last))

    @property
    def last(self) -> LastTrip | None:
        file = self.folder / "state" / "kill" / "paper.json"
        return last_trip_from(json.loads(file.read_bytes())) if file.exists() else None

    def _assert_no_trip_is_lost(self) -> None:
        """What is newer than all that was seen before a reset stands, and an engine that starts finds it."""
        if max(self.begun, default=0.0) > max(self.seen, default=0.0):
            assert self.flag.exists()
            assert self.last is not None
            assert self.last.stands
            self._engine_looks(starts=True)
            assert self.engine_tripped

    def _assert_everything_is_recorded(self) -> None:
        journal = folder_in(self.folder / "state")
        assert verify(journal, [anchor_in(self.folder / "state")]).sound
        assert open_intents(journal) == ()
        tripped = [each for each in records(journal) if each.action == "kill.trip"]
        assert sum(1 for each in tripped if each.phase is Phase.INTENT) >= len(self.begun)

    def _trip(self, console: KillSwitch) -> None:
        self.begun.append(self.turns.clock.wall())
        console.trip("margin call")
        self.flagged = True

    def _reset(self, console: KillSwitch, last: LastTrip) -> None:
        while self.turns.clock.wall() < last.newest + COOL_DOWN:
            pass  # asking is what moves this clock on
        live = healthy_after(last)
        who = Operator(self.standing, Arming(0.0, FOR_EVER, "it is over", FOR_EVER, live.at))
        with suppress(AccessError):  # it was overtaken before anything was done
            console.reset(ASKED, who, live)
            self.seen.append(last.newest)

    def _replace(self, seen: bytes, line: bytes) -> None:
        try:
            replace_file(self.notes, seen + line, expected=digest(seen), point=self.turns.end_turn)
        except ChangedError as error:
            if not error.written:
                return  # somebody was faster; else he has seen ours
        self.winners.append(seen)

    def _engine_looks(self, *, starts: bool) -> None:
        """It never lets go by itself, but knows nothing of before its start."""
        says = json.loads(self.state.read_bytes())["tripped"] is True
        self.engine_tripped = (self.engine_tripped and not starts) or self.flag.exists() or says

    def _write_state(self) -> None:
        fresh = self.state.with_suffix(".tmp")
        fresh.write_text(json.dumps({"counters": {}, "last_ts": {}, "tripped": self.engine_tripped}))
        fresh.replace(self.state)

    def _take_turns(self) -> None:
        for module in (trip, switch, last_trip_file):
            self.patches.enter_context(mock.patch.object(module, "threading", self.turns.threading))
        launched = mock.patch.object(trip, "start_new_thread", lambda launch, _: self.turns.begin(launch))
        self.patches.enter_context(launched)
        shot = trip._Shot
        made = mock.patch.object(trip, "_Shot", lambda actuator: shot(actuator, self.turns.event()))
        self.patches.enter_context(made)
        self.patches.enter_context(mock.patch.object(faults, "os", self.turns.faults_os))
        self.patches.enter_context(mock.patch.object(host_lock, "PAUSE", 0))


def test_no_order_of_some_steps_loses_a_trip_or_a_write() -> None:
    _run(15, steps=6)


@pytest.mark.campaign
def test_no_order_of_a_thousand_loses_a_trip_or_a_write() -> None:
    _run(1000, steps=20)


@pytest.mark.parametrize("first", range(0, IN_A_RESET, 15))
def test_a_trip_that_comes_during_a_reset_wins(first: int) -> None:
    _trip_during_a_reset(first)


@pytest.mark.campaign
@pytest.mark.parametrize("first", range(IN_A_RESET))
def test_a_trip_that_comes_at_any_turn_of_a_reset_wins(first: int) -> None:
    _trip_during_a_reset(first)


def _trip_during_a_reset(first: int) -> None:
    """The reset goes on for `first` turns, the trip until its flag is durable, the reset to its end."""
    host = Host()
    host.somebody_has_tripped_before()
    reset = host.begin_reset(0)
    host.turns.go_on(reset, first)
    host.turns.go_on(host.begin_trip(1), ALL)
    host.turns.go_on(reset, ALL)
    host.teardown()


def _run(examples: int, steps: int) -> None:
    drawn = hypothesis.settings(max_examples=examples, stateful_step_count=steps)
    run_state_machine_as_test(Host, settings=drawn)
