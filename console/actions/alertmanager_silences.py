"""Silences in an Alertmanager: made and ended by its HTTP API, and read back from it.

A request is sent once. Where the connection is lost after that, Alertmanager is asked what it has.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from console.audit.record import iso_time
from console.domain.access import AccessError
from console.domain.clock import Clock
from console.domain.foreign import visible
from console.domain.silences import LabelMatcher, Silence
from console.sources.alertmanager import SILENCES_PATH, Alertmanager, silence_from
from console.sources.credentials import Credentials
from console.sources.errors import SourceError
from console.sources.http import HttpClient, Response

if TYPE_CHECKING:
    from console.settings import Settings

TIMEOUT = 5.0
"""Seconds for one request."""
_LARGEST = 8 << 20
_TOLD = 200
_NOT_ASKED = ("connection refused", "can't connect", "its certificate", "the request can't be sent")
"""How `HttpClient` begins to say that it never came to asking."""
_SAME_END = 1.0
"""Seconds: ends are asked for on whole ones."""


class UnknownOutcomeError(AccessError):
    """Something was asked for, and may or may not be done."""


@dataclass(frozen=True, slots=True)
class AlertmanagerSilences:
    """The silences of the Alertmanager at `url`.

    AccessError says in one line why nothing was done, UnknownOutcomeError why nobody can tell.
    """

    url: str
    credentials: Credentials
    clock: Clock
    ca_file: str | None = None

    def held(self) -> tuple[tuple[Silence, ...], tuple[str, ...]]:
        """Those that hold or will, and what is to be said beside them, such as why they aren't known."""
        asked = Alertmanager(
            self.url, clock=self.clock, timeout=TIMEOUT, credentials=self.credentials, ca_file=self.ca_file
        )
        try:
            return asked.silences(), asked.notes()
        finally:
            asked.close()

    def find(self, key: str) -> Silence:
        """The silence of this key, if it holds or will."""
        try:
            found = silence_from(self._read(_path(key)), self.clock.wall())
        except (SourceError, ValueError) as error:
            raise AccessError(f"{self.url}: silence {key}: {error}") from None
        if found is None:
            raise AccessError(f"{self.url}: silence {key} has ended")
        return found

    def create(self, wanted: Silence) -> Silence:
        """Make the silence; it comes back under the key that Alertmanager has given it."""
        posted, lost = self._change("POST", SILENCES_PATH, json.dumps(_document(wanted)).encode())
        try:
            held = (
                self._read(SILENCES_PATH) if lost else [self._read(_path(str(_mapping(posted)["silenceID"])))]
            )
            key = next((str(one["id"]) for one in map(_mapping, _list(held)) if _is(one, wanted)), None)
        except (SourceError, ValueError, KeyError) as error:
            raise UnknownOutcomeError(f"{self.url}: it may or may not be silenced: {lost or error}") from None
        if key is None and lost:
            raise UnknownOutcomeError(f"{self.url}: it may or may not be silenced: {lost}")
        if key is None:
            raise AccessError(f"{self.url}: not silenced: what is read back isn't what was asked for")
        return replace(wanted, key=key)

    def expire(self, silence: Silence) -> Silence:
        """End what `find` has found."""
        _, lost = self._change("DELETE", _path(silence.key))
        try:
            status = _mapping(_mapping(self._read(_path(silence.key))).get("status"))
        except (SourceError, ValueError) as error:
            raise UnknownOutcomeError(f"{self.url}: it may or may not have ended: {lost or error}") from None
        if status.get("state") != "expired":
            if lost:
                raise UnknownOutcomeError(f"{self.url}: it may or may not have ended: {lost}")
            raise AccessError(f"{self.url}: silence {silence.key} still holds")
        return silence

    def _change(self, method: str, path: str, body: bytes | None = None) -> tuple[object, str]:
        """What Alertmanager answers, and how its answer was lost, if it was."""
        try:
            response = self._ask(method, path, body)
            if response.status == HTTPStatus.OK:
                return json.loads(response.body or b"{}"), ""
        except SourceError as error:
            if str(error).startswith(_NOT_ASKED):
                raise AccessError(f"{self.url}: {error}") from None
            return None, str(error)
        except (ValueError, RecursionError):
            return None, "its answer isn't JSON"
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:  # said by a proxy, perhaps
            return None, _refusal(response)
        raise AccessError(f"{self.url}: {_refusal(response)}")

    def _read(self, path: str) -> object:
        """What it has there; SourceError or ValueError says why that can't be told."""
        response = self._ask("GET", path)
        if response.status != HTTPStatus.OK:
            raise SourceError(_refusal(response))
        try:
            document: object = json.loads(response.body)
        except RecursionError:
            raise ValueError("its answer is nested too deeply") from None
        return document

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Response:
        """One request over a connection of its own: on one that was kept it might be sent twice."""
        address = f"{self.url.rstrip('/')}{path}"
        try:
            headers = {"Content-Type": "application/json", **self.credentials.headers(address)}
        except SourceError as error:
            raise AccessError(f"{self.url}: {error}") from None
        client = HttpClient(clock=self.clock, timeout=TIMEOUT, max_bytes=_LARGEST, ca_file=self.ca_file)
        try:
            return client.request(method, address, headers, body)
        finally:
            client.close()


def alertmanager_of(
    settings: "Settings", clock: Clock, environ: Mapping[str, str]
) -> AlertmanagerSilences | None:
    """The Alertmanager of the chosen context; None where the settings name none."""
    prometheus = settings.chosen.prometheus
    named = None if prometheus is None else prometheus.alertmanager
    if named is None:
        return None
    credentials = Credentials(named.bearer_env, named.username_env, named.password_env, environ)
    return AlertmanagerSilences(named.url, credentials, clock, str(named.ca_file) if named.ca_file else None)


def _document(silence: Silence) -> dict[str, object]:
    return {
        "matchers": [_matcher(matcher) for matcher in silence.matchers],
        "startsAt": iso_time(silence.since),
        "endsAt": iso_time(silence.until),
        "createdBy": silence.owner,
        "comment": silence.reason,
    }


def _matcher(matcher: LabelMatcher) -> dict[str, object]:
    return {
        "name": matcher.label,
        "value": matcher.value,
        "isRegex": "~" in matcher.sign,
        "isEqual": "!" not in matcher.sign,
    }


def _is(held: Mapping[str, object], wanted: Silence) -> bool:
    """Whether this one of Alertmanager's is what was asked for: by the same person, with the same end."""
    told = (held.get("createdBy"), held.get("comment"), _matchers(held.get("matchers")))
    asked = (wanted.owner, wanted.reason, _matchers([*map(_matcher, wanted.matchers)]))
    ends = datetime.fromisoformat(str(held.get("endsAt"))).timestamp()
    return told == asked and abs(ends - wanted.until) < _SAME_END


def _matchers(document: object) -> frozenset[tuple[object, ...]]:
    named = (_mapping(one) for one in _list(document))
    return frozenset(
        (one.get("name"), one.get("value"), one.get("isRegex"), one.get("isEqual", True)) for one in named
    )


def _path(key: str) -> str:
    return f"/api/v2/silence/{quote(key, safe='')}"


def _mapping(document: object) -> Mapping[str, object]:
    if not isinstance(document, Mapping):
        raise ValueError("its answer isn't a silence")
    return document


def _list(document: object) -> list[object]:
    if not isinstance(document, list):
        raise ValueError("its answer isn't a list")
    return document


def _refusal(response: Response) -> str:
    said = visible(response.body[:_TOLD].decode("utf-8", "replace").strip())
    return f"HTTP {response.status}{f': {said}' if said else ''}"
