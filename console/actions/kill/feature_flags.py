"""The flags file's own kill switch: `global_kill_switch: true`, set by the span editor."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from console.actions.durable import ChangedError, DurableError, digest, replace_file
from console.actions.faults import points_of
from console.actions.host_lock import LockError, host_lock
from console.actions.kill.actuator import WHOLE, Act, Answer, Order, Scope
from console.domain.clock import Clock

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
            try:
                stack.enter_context(host_lock(self.lock, deadline=self.lock_deadline, clock=self.clock))
            except LockError as error:
                return self._set(f"; without the lock: {error}")
            return self._set("")

    def _set(self, remark: str) -> Answer:
        from console.yaml_span import SpanError  # noqa: PLC0415 (yaml: the flag is written before)

        said = ""
        for _ in range(_TRIES):
            try:
                return self._set_once(remark)
            except SpanError as error:
                return Answer(Act.REFUSED, f"{error}{remark}")
            except ChangedError as error:
                said = str(error)
            except DurableError as error:
                return Answer(Act.DONE if error.written else Act.FAILED, f"{error}{remark}")
            except OSError as error:
                return Answer(Act.FAILED, f"{self.file}: {(error.strerror or str(error)).lower()}")
        return Answer(Act.FAILED, f"{said}, {_TRIES} times{remark}")

    def _set_once(self, remark: str) -> Answer:
        from console.yaml_span import put  # noqa: PLC0415

        content = self.file.read_bytes()
        changed = put(content, (KEY,), True, str(self.file))
        before = _switch(content)
        if changed == content:
            return Answer(Act.DONE, f"was true already{remark}", before, before)
        points = points_of("feature flags")
        replace_file(self.file, changed, expected=digest(content), point=points, keep_owner=False)
        return Answer(Act.DONE, f"set{remark}", before, "true")


def _switch(content: bytes) -> str:
    """What the switch of a file that can be edited says, in words."""
    import yaml  # noqa: PLC0415

    document = yaml.safe_load(content.decode("utf-8-sig"))
    value = document.get(KEY) if isinstance(document, dict) else None
    return "missing" if value is None else str(value).lower()
