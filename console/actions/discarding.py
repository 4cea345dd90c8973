"""Taking away what the settings keep no longer: the journal knows of it before, and of how it ended."""

from collections.abc import Callable

from console.audit.actor import Actor
from console.audit.journal import Journal
from console.audit.record import Act


def discard(journal: Journal, actor: Actor, act: Act, work: Callable[[], None]) -> None:
    """Do the `work` that removes what `act` names. Raises JournalError, and what `work` raises."""
    intent, done = journal.intent(actor, act), False
    try:
        work()
        done = True
    finally:
        journal.outcome(actor, intent, done)
