"""What the journal tells of a context's releases; it is believed only where it is whole."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from console.actions.releases.errors import ReleaseError
from console.audit.errors import JournalError
from console.audit.files import records
from console.audit.open import anchor_in, folder_in
from console.audit.record import Phase, Record
from console.audit.verify import verify
from console.domain.release import Deed, Event, Past, past_of

if TYPE_CHECKING:
    from console.settings import Settings

_DEEDS = {deed.value: deed for deed in Deed}


def past_in(state: Path, context: str) -> Past:
    """What became of the context's releases. ReleaseError where the journal can't be read, or isn't sound."""
    folder = folder_in(state)
    try:
        verdict = verify(folder, (anchor_in(state),))
        if verdict.finding is not None:
            raise ReleaseError(
                f"the journal isn't sound, so nobody can tell: {verdict.finding}; see opsconsole audit verify"
            )
        return past_of(events_in(folder, context))
    except (JournalError, OSError) as error:
        raise ReleaseError(str(error)) from None


def events_in(folder: Path, context: str) -> Iterator[Event]:
    """What was done about the context's releases, the oldest first; `done` None for what nobody ended."""
    told = [each for each in records(folder) if each.action in _DEEDS and each.context == context]
    closed = {each.intent for each in told}
    for record in told:
        if record.sequence not in closed:
            yield event_of(record)


def last_changed(settings: "Settings") -> tuple[float, str] | None:
    """When files were last exchanged or taken out on purpose, and what that was; None where they never were.

    Raises ReleaseError where the journal can't tell.
    """
    changed = past_in(settings.state, settings.context).changed
    if changed is None:
        return None
    if changed.deed is Deed.REMOVE_COIN:
        return changed.at, "the coin engine's files were taken out"
    return changed.at, f"release {changed.release} was put back"


def event_of(record: Record) -> Event:
    """What a record tells, one of a release."""
    return Event(
        _DEEDS[record.action],
        at=_seconds(record.time),
        by=f"{record.user} (uid {record.uid})",
        release=record.target,
        done=record.done if record.phase is Phase.OUTCOME else None,
        manifest=_told(record, "manifest"),
        run=_told(record, "run"),
        kept=_told(record, "kept"),
    )


def _told(record: Record, name: str) -> str:
    """What the deed's `before` says by that name: it is in every record of it."""
    said = record.before.get(name) if isinstance(record.before, dict) else None
    return said if isinstance(said, str) else ""


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
