"""The flags file's own kill switch, `global_kill_switch`, set and put back by the span editor."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from console.actions.durable import DurableError
from console.actions.flags_file import Draft, FlagsFile, Written
from console.actions.kill.actuator import WHOLE, Act, Answer, Order, Scope
from console.domain.clock import Clock

KEY = "global_kill_switch"


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
        return self._put(on=True)

    def clear(self) -> Answer:
        """Put it to false; unlike a trip it needs the lock."""
        return self._put(on=False)

    def said(self) -> str:
        """What the switch says now: `true`, another value in words, `missing`, or `unreadable`."""
        import yaml  # noqa: PLC0415 (the flag is written before)

        try:
            return FlagsFile(self.file, self.lock, self.clock).understood(_switch)
        except (DurableError, ValueError, RecursionError, yaml.YAMLError):
            return "unreadable"

    def _put(self, *, on: bool) -> Answer:
        from console.yaml_span import SpanError  # noqa: PLC0415 (yaml: the flag is written before)

        subject = "feature flags" if on else "reset feature flags"
        file = FlagsFile(self.file, self.lock, self.clock, self.lock_deadline, subject, keep_owner=False)
        try:
            told = file.follow(partial(self._draft, on=on), urgent=on)
        except SpanError as error:
            return Answer(Act.REFUSED, str(error))
        if not isinstance(told, Written):
            return Answer(Act.FAILED, told.why)
        before, after = _switch(told.before), str(on).lower()
        if told.before == told.after:
            return Answer(Act.DONE, _words(f"was {before} already", told), before, before)
        found: dict[str, str | None] = {KEY: before} if on else {}
        return Answer(Act.DONE, _words("set" if on else f"set to {after}", told), before, after, found)

    def _draft(self, content: bytes, *, on: bool) -> Draft:
        """The file with the switch set; one that is missing says false already."""
        from console.yaml_span import SpanError, put  # noqa: PLC0415 (as above)

        if _is_being_saved(content):
            raise SpanError(f"{self.file}: is empty: set {KEY} by hand, unless an editor is saving it")
        changed = put(content, (KEY,), on, str(self.file))
        return Draft(content, changed if on or _switch(content) != "missing" else content)


def _words(done: str, told: Written) -> str:
    return "; ".join(filter(None, (done, told.remark)))


def _switch(content: bytes) -> str:
    """What the switch says, in words. Raises ValueError or YAMLError of what can't be edited."""
    import yaml  # noqa: PLC0415

    if _is_being_saved(content):
        raise ValueError("is empty")
    document = yaml.safe_load(content.decode("utf-8-sig"))
    value = document.get(KEY) if isinstance(document, dict) else None
    return "missing" if value is None else str(value).lower()


def _is_being_saved(content: bytes) -> bool:
    """Whether an editor may have emptied the file to write it anew: it would write what ours has replaced."""
    return not content.strip()
