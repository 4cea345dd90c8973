"""The flags file's own kill switch, `global_kill_switch`, set and put back by the span editor."""

from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from console.actions.durable import ChangedError, DurableError, digest, replace_file
from console.actions.faults import points_of
from console.actions.kill.actuator import WHOLE, Act, Answer, Order, Scope
from console.domain.clock import Clock
from console.host_lock import LockError, host_lock

KEY = "global_kill_switch"
_TRIES = 8
"""How often a file that others change meanwhile is read and edited anew: each time it is their newest."""


@dataclass(frozen=True, slots=True)
class FeatureFlags:
    """Switches every feature off in `file`. `lock` is the one that all consoles on this host share.

    `lock_deadline` is how many seconds to wait for it; then it goes on without, comparing contents only.
    """

    file: Path
    lock: Path
    clock: Clock
    lock_deadline: float = 0.5
    deadline: float = 3.0
    name: str = "feature flags"
    scopes: frozenset[Scope] = WHOLE

    def fire(self, order: Order) -> Answer:
        """Set the switch in whatever the file holds; a file that can't be edited is left, and says where."""
        with ExitStack() as stack:
            with suppress(OSError):
                self.lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # the first deed of all
            try:
                stack.enter_context(host_lock(self.lock, deadline=self.lock_deadline, clock=self.clock))
            except LockError as error:
                return self._put(f"; without the lock: {error}", on=True)
            return self._put("", on=True)

    def clear(self) -> Answer:
        """Put it to false; unlike a trip it needs the lock."""
        try:
            with host_lock(self.lock, deadline=self.lock_deadline, clock=self.clock):
                return self._put("", on=False)
        except LockError as error:
            return Answer(Act.FAILED, str(error))

    def said(self) -> str:
        """What the switch says now: `true`, another value in words, `missing`, or `unreadable`."""
        import yaml  # noqa: PLC0415 (the flag is written before)

        try:
            return _switch(self.file.read_bytes())
        except (OSError, ValueError, RecursionError, yaml.YAMLError):
            return "unreadable"

    def _put(self, remark: str, *, on: bool) -> Answer:
        from console.yaml_span import SpanError  # noqa: PLC0415 (yaml: the flag is written before)

        said = ""
        for _ in range(_TRIES):
            try:
                return self._put_once(remark, on=on)
            except SpanError as error:
                return Answer(Act.REFUSED, f"{error}{remark}")
            except ChangedError as error:
                said = str(error)
            except DurableError as error:
                return Answer(Act.FAILED, f"{error}{remark}")
            except OSError as error:
                return Answer(Act.FAILED, f"{self.file}: {(error.strerror or str(error)).lower()}")
        return Answer(Act.FAILED, f"{said}, {_TRIES} times{remark}")

    def _put_once(self, remark: str, *, on: bool) -> Answer:
        from console.yaml_span import put  # noqa: PLC0415

        content = self.file.read_bytes()
        changed = put(content, (KEY,), on, str(self.file))
        before, after = _switch(content), str(on).lower()
        if changed == content or (before == "missing" and not on):
            return Answer(Act.DONE, f"was {before} already{remark}", before, before)
        words = "set" if on else f"set to {after}"
        points = points_of("feature flags" if on else "reset feature flags")
        try:
            replace_file(self.file, changed, expected=digest(content), point=points, keep_owner=False)
        except ChangedError:
            raise
        except DurableError as error:
            if not error.written:
                raise
            words = str(error)
        found: dict[str, str | None] = {KEY: before} if on else {}
        return Answer(Act.DONE, f"{words}{remark}", before, after, found)


def _switch(content: bytes) -> str:
    """What the switch of a file that can be edited says, in words."""
    import yaml  # noqa: PLC0415

    document = yaml.safe_load(content.decode("utf-8-sig"))
    value = document.get(KEY) if isinstance(document, dict) else None
    return "missing" if value is None else str(value).lower()
