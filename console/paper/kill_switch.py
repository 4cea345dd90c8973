"""The paper engine's kill switch: its truth in memory, and the surfaces from which it can be tripped.

ENGINE section 3: the flag file, the state file, the flags file's global switch, the trading switches of
the database, and HTTP. Clearing a surface never untrips; only `reset` does. The state file is rewritten about
once a second from memory, but looked at first, so that a trip written there isn't lost.
"""

import json
import logging
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

_log = logging.getLogger("ops_kill_switch")

FLAG_FILE = "flag file"
STATE_FILE = "state file"
FLAGS_SWITCH = "global_kill_switch of the flags file"
DATABASE_SWITCHES = "trading switches of the database"

_FORGETS_AFTER = 4.0  # seconds between a trip and a forgetful engine's untripping


class KillSwitch:
    """Tripped or not, and which accounts are stopped on their own. Safe to call from any thread."""

    def __init__(self, flag: Path, state: Path, clock: Callable[[], float]) -> None:
        self.flag = flag
        self.state = state
        self.tripped = False
        self.reason = ""
        self.deaf = False
        self.forgetful = False
        self._clock = clock
        self._lock = threading.RLock()
        self._tripped_at = 0.0
        self._seen: frozenset[str] = frozenset()
        self._stopped: frozenset[int] = frozenset()
        self._counters = {"rest": 0, "ws": 0, "duplicates": 0, "stale": 0}

    def trip(self, reason: str) -> bool:
        """Stop everything. Returns whether the engine is now tripped; a deaf one isn't."""
        with self._lock:
            if not self.deaf and not self.tripped:
                self.tripped, self.reason, self._tripped_at = True, reason, self._clock()
                _log.critical("KILL SWITCH tripped: %s", reason)
                self.write_state()
            return self.tripped

    def stop_accounts(self, accounts: Iterable[int], reason: str) -> bool:
        """Stop some accounts only. Returns whether they are stopped now."""
        with self._lock:
            wanted = frozenset(accounts)
            if not self.deaf and not wanted <= self._stopped:
                self._stopped |= wanted
                _log.critical("KILL SWITCH stopped account %s: %s", _listed(wanted), reason)
            return self.stops(wanted)

    def stops(self, accounts: Iterable[int]) -> bool:
        """Whether none of these accounts may trade."""
        return self.tripped or frozenset(accounts) <= self._stopped

    def look(self, asserted: Iterable[str]) -> None:
        """One loop turn: trip for each surface that is newly asserted.

        `asserted` are the surfaces that the caller has found set; the two files are looked at here. A surface
        that stays set counts once, so a forgetful engine, having untripped itself, does not trip again.
        """
        with self._lock:
            if self.deaf:
                return
            now_set = frozenset(asserted) | self._files_asserted()
            for surface in sorted(now_set - self._seen):
                self.trip(f"{surface} is set")
            self._seen = now_set
            if self.forgetful and self.tripped and self._clock() - self._tripped_at >= _FORGETS_AFTER:
                self._untrip("forgotten after the next successful call")

    def reset(self, asserted: Iterable[str]) -> tuple[str, ...]:
        """Untrip, unless a surface is still set. Returns the surfaces that refuse it; empty means done.

        The state file doesn't refuse: while tripped, this engine itself keeps it tripped.
        """
        with self._lock:
            refusing = set(asserted)
            if self.flag.exists():
                refusing.add(FLAG_FILE)
            if not refusing:
                self._stopped = frozenset()
                self._untrip("reset")
            return tuple(sorted(refusing))

    def forget_surfaces(self) -> None:
        """Take surfaces that are still set as new again; for the end of a scenario that ignored them."""
        with self._lock:
            self._seen = frozenset()

    def count_call(self, kind: str) -> None:
        """Count one call to the exchange: rest, ws, duplicates or stale."""
        self._counters[kind] += 1

    def keep_state(self) -> None:
        """Once a second: rewrite the state file from memory, after a look at what is there."""
        with self._lock:
            if not self.deaf and STATE_FILE in self._files_asserted() - self._seen:
                self.trip(f"{STATE_FILE} is set")
            self.write_state()

    def write_state(self) -> None:
        """Write the state file in ENGINE's format; a disk that refuses it is logged and stops nothing."""
        now = round(self._clock(), 3)
        text = json.dumps(
            {"counters": self._counters, "last_ts": {"rest": now, "ws": now}, "tripped": self.tripped},
            separators=(",", ":"),
        )
        fresh = self.state.with_suffix(".tmp")
        try:
            fresh.write_text(text + "\n", encoding="utf-8")
            fresh.replace(self.state)
        except OSError as error:
            _log.error("ops_state.json can't be written: %s", os.strerror(error.errno or 0))

    def _untrip(self, why: str) -> None:
        if self.tripped:
            _log.warning("KILL SWITCH untripped: %s", why)
        self.tripped, self.reason = False, ""
        self.write_state()

    def _files_asserted(self) -> frozenset[str]:
        surfaces = set()
        if self.flag.exists():
            surfaces.add(FLAG_FILE)
        if not self.tripped and _says_tripped(self.state):
            surfaces.add(STATE_FILE)
        return frozenset(surfaces)


def _says_tripped(state: Path) -> bool:
    try:
        document = json.loads(state.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and document.get("tripped") is True


def _listed(accounts: Iterable[int]) -> str:
    return ", ".join(str(account) for account in sorted(accounts))
