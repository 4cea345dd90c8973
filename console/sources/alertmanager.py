"""The silences that an Alertmanager holds, by its HTTP API v2. Making and ending them is an action's."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from console.domain.clock import Clock
from console.domain.figures import seconds
from console.domain.foreign import visible
from console.domain.silences import LONGEST, LabelMatcher, Silence
from console.sources.credentials import Credentials
from console.sources.errors import SourceError
from console.sources.http import HttpClient

SILENCES_PATH = "/api/v2/silences"
MAX_BYTES = 8 << 20
ASK_EVERY = 5.0
"""Seconds between two times that it is asked."""
ASK_AGAIN = 15.0
"""The same, after one that was not answered: who waits for it waits with the alerts."""
_LONGEST_TEXT = 200
_MOST_NOTES = 3
_SIGNS = {(False, True): "=", (False, False): "!=", (True, True): "=~", (True, False): "!~"}
"""Signs by isRegex and isEqual."""


class Alertmanager:
    """One server's silences, remembered: what it doesn't answer isn't taken for ended."""

    def __init__(
        self,
        base_url: str,
        *,
        clock: Clock,
        timeout: float,
        credentials: Credentials | None = None,
        ca_file: str | None = None,
    ) -> None:
        """`timeout` is in seconds, for a request as a whole; `ca_file` names who is trusted for https."""
        self._url = base_url.rstrip("/") + SILENCES_PATH
        self._clock = clock
        self._credentials = credentials or Credentials()
        self._client = HttpClient(clock=clock, timeout=timeout, max_bytes=MAX_BYTES, ca_file=ca_file)
        self._due = -math.inf
        self._read_at: float | None = None
        self._error = ""
        self._held: tuple[Silence, ...] = ()
        self._unread: tuple[str, ...] = ()

    def silences(self) -> tuple[Silence, ...]:
        """Those that hold or will, as of the last answer; asks anew now and then."""
        now = self._clock.now()
        if now >= self._due:
            self._due = now + ASK_EVERY
            try:
                self._held, self._unread = _silences(self._asked(), self._clock.wall())
                self._read_at, self._error = now, ""
            except SourceError as error:
                self._due, self._error = now + ASK_AGAIN, str(error)
        return self._held

    def notes(self) -> tuple[str, ...]:
        """What is to be said beside the silences: that they are old or unknown, or that one can't be read."""
        if not self._error:
            return self._unread
        if self._read_at is None:
            return (f"Alertmanager: {self._error}: what is silenced there isn't known",)
        age = seconds(self._clock.now() - self._read_at)
        return (f"Alertmanager: {self._error}: its silences are as of {age} ago", *self._unread)

    def close(self) -> None:
        self._client.close()

    def _asked(self) -> object:
        response = self._client.request("GET", self._url, self._credentials.headers(self._url))
        if response.status != 200:
            raise SourceError(f"HTTP {response.status}")
        try:
            return json.loads(response.body)
        except (ValueError, RecursionError):
            raise SourceError(_NOT_ALERTMANAGER) from None


def silence_from(document: object, now: float) -> Silence | None:
    """The silence that Alertmanager tells of, at `now` seconds since 1970; None for one that has ended.

    One that lasts longer than any of the console's own is cut to that length, around `now`; its reason then
    says when it ends. Raises ValueError with one line where it is no silence.
    """
    if not isinstance(document, Mapping):
        raise ValueError("a silence is a mapping")
    told = _Told(document)
    status = document.get("status")
    if isinstance(status, Mapping) and status.get("state") == "expired":
        return None
    key, since, until = told.text("id"), told.time("startsAt"), told.time("endsAt")
    if until <= now:
        return None
    reason = told.line("comment") or "no comment"
    if until - since > LONGEST:
        reason = f"{reason} (until {told.text('endsAt')[:16]})"
        since = max(since, math.floor(now / 86400) * 86400.0)
        until = min(until, since + LONGEST)
    owner = f"{told.line('createdBy') or 'somebody'} (Alertmanager)"
    return Silence(key, told.matchers(), owner, reason, since, until)


_NOT_ALERTMANAGER = "the answer is not an Alertmanager's"


@dataclass(frozen=True, slots=True)
class _Told:
    """A silence's document, whose fields are checked as they are asked for."""

    document: Mapping[object, object]

    def text(self, name: str) -> str:
        value = self.document.get(name)
        if not isinstance(value, str):
            raise ValueError(f"{name} is no text")
        return value

    def line(self, name: str) -> str:
        """A text for people, on one line of limited length."""
        line = visible(" ".join(self.text(name).split()))
        return line if len(line) <= _LONGEST_TEXT else f"{line[: _LONGEST_TEXT - 1]}…"

    def time(self, name: str) -> float:
        try:
            return datetime.fromisoformat(self.text(name)).timestamp()
        except (ValueError, OverflowError):
            raise ValueError(f"{name} is no time") from None

    def matchers(self) -> tuple[LabelMatcher, ...]:
        listed = self.document.get("matchers")
        if not isinstance(listed, Sequence) or isinstance(listed, str):
            raise ValueError("matchers are a list")
        return tuple(map(_matcher, listed))


def _matcher(document: object) -> LabelMatcher:
    match document:
        case {"name": str(label), "value": str(value), "isRegex": bool(is_regex), **rest}:
            is_equal = rest.get("isEqual", True) is not False  # before 0.22 all were
            return LabelMatcher(label, _SIGNS[is_regex, is_equal], value)
        case _:
            raise ValueError("a matcher has a name, a value and isRegex")


def _silences(answer: object, now: float) -> tuple[tuple[Silence, ...], tuple[str, ...]]:
    """The silences of an answer, and a note for each that can't be read. SourceError for no list."""
    if not isinstance(answer, list):
        raise SourceError(_NOT_ALERTMANAGER)
    held, unread = list[Silence](), list[str]()
    for document in answer:
        try:
            silence = silence_from(document, now)
        except ValueError as error:
            unread.append(f"Alertmanager: a silence that can't be read is left out: {visible(str(error))}")
            continue
        if silence is not None:
            held.append(silence)
    return tuple(held), tuple(dict.fromkeys(unread))[:_MOST_NOTES]
