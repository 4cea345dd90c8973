"""Tells people what happens to a kill switch, as the settings want it; never in anybody's way.

What could not be told is in `complaint` and in the journal. Standard library only, and little of it: a trip
makes one of these before the flag is written.
"""

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from console.domain.clock import Clock

if TYPE_CHECKING:
    from console.audit.actor import Actor
    from console.audit.journal import Journal
    from console.domain.news import Kind, News
    from console.settings import Settings

ACTION = "notify"
"""The action of the record that says who could not be told; there is none where all were."""


class Tell(Protocol):
    """`Notices.tell`, for who has news and need not know how it is told."""

    def __call__(self, kind: "Kind", reason: str, detail: str = "", *, drill: bool = False) -> None: ...


def nobody(kind: "Kind", reason: str, detail: str = "", *, drill: bool = False) -> None:
    """Tells nobody: for who has news and nobody to tell."""


class Notices:
    """What one process tells of one context. Making one touches nothing, and needs no apprise.

    `complaint` is why somebody could not be told, in one line; empty when all is well.
    """

    def __init__(
        self,
        settings: "Settings",
        clock: Clock,
        environ: Mapping[str, str],
        *,
        journal: Callable[[], "Journal"],
        who: Callable[[], "Actor"],
    ) -> None:
        """`journal` and `who` are called, imports and all, in the thread that tells."""
        self.complaint = ""
        self._settings = settings
        self._clock = clock
        self._environ = environ
        self._journal = journal
        self._who = who
        self._telling: list[threading.Thread] = []

    def prepare(self) -> None:
        """Find out, before there is news, whether there is a way to tell it."""
        if self._settings.notify.urls_env is not None:
            from console.actions.sending import unable  # noqa: PLC0415 (not needed for a trip)

            self.complaint = self.complaint or unable(self._settings.notify.urls_env, self._environ)

    def tell(self, kind: "Kind", reason: str, detail: str = "", *, drill: bool = False) -> None:
        """Have it told, if the settings want that; returns at once."""
        wanted = self._settings.notify
        if wanted.urls_env is None or kind.setting not in wanted.tell:
            return
        telling = threading.Thread(
            target=self._tell, args=(kind, reason, detail, drill), name="notify", daemon=True
        )
        try:
            telling.start()
        except RuntimeError:
            self.complaint = f"{kind.words}: nobody was told: the machine has no thread left"
        else:
            self._telling = [*(each for each in self._telling if each.is_alive()), telling]

    def close(self, seconds: float) -> None:
        """Wait for what is being told, `seconds` at most: what goes on then, goes on without us."""
        until = self._clock.now() + seconds
        for telling in self._telling:
            telling.join(max(0.0, until - self._clock.now()))

    def _tell(self, kind: "Kind", reason: str, detail: str, drill: bool) -> None:
        from console.actions.sending import send  # noqa: PLC0415 (not needed for a trip)
        from console.domain.news import News  # noqa: PLC0415 (as above)

        settings, who = self._settings, self._who()
        said_by = f"{who.user}@{who.host}" + (f" from {who.ssh}" if who.ssh else "")
        environment = settings.chosen.environment
        news = News(kind, settings.context, environment, said_by, reason, detail, drill)
        why = send(news, settings.notify, self._environ)
        self.complaint = f"{kind.words}: not everybody was told: {why}" if why else ""
        if why:
            self._note(news, why, who)

    def _note(self, news: "News", why: str, who: "Actor") -> None:
        from console.audit.errors import JournalError  # noqa: PLC0415 (as above)
        from console.audit.record import Act  # noqa: PLC0415 (as above)

        evidence = {"not told": why}
        act = Act(
            news.context, ACTION, news.kind.value, reason=news.reason, evidence=evidence, drill=news.drill
        )
        try:
            self._journal().note(who, act, done=False)
        except JournalError as error:
            self.complaint += f"; {error}"
