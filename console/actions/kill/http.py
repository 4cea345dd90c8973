"""An engine's own endpoints on loopback: `POST /control/kill`, and where it has one, that of a reset."""

import json
from dataclasses import dataclass
from http import HTTPStatus

from console.actions.kill.actuator import ALL_SCOPES, Act, Answer, Order, Scope
from console.domain.clock import Clock
from console.domain.foreign import visible

_LARGEST = 64 * 1024
_TOLD = 200
_NOT_ASKED = ("connection refused", "can't connect", "its certificate", "the request can't be sent")
"""How `HttpClient` begins to say that it never came to asking."""


@dataclass(frozen=True, slots=True)
class Http:
    """Posts reason and scope as JSON to `url`, which has to be on this machine.

    `trips` is what the engine has to be afterwards: tripped, or after a reset clear.
    """

    url: str
    clock: Clock
    deadline: float = 2.0
    trips: bool = True
    name: str = "http"
    scopes: frozenset[Scope] = ALL_SCOPES

    def fire(self, order: Order) -> Answer:
        """Sent once. Done is what answers 2xx and, where it says so at all, that it is as it was to be.

        REFUSED is what the engine says is at odds with its state, as a reset is while a switch is still set.
        """
        from console.domain.loopback import is_loopback  # noqa: PLC0415 (the flag is written before)

        if not is_loopback(self.url):
            return Answer(Act.REFUSED, "its address is not on this machine")
        return self._send(order)

    def _send(self, order: Order) -> Answer:
        from console.sources.errors import SourceError  # noqa: PLC0415
        from console.sources.http import HttpClient  # noqa: PLC0415 (50 ms of imports)

        body = json.dumps({"reason": order.reason, "scope": order.scope.value}).encode()
        client = HttpClient(clock=self.clock, timeout=self.deadline, max_bytes=_LARGEST)
        try:
            response = client.request("POST", self.url, {"Content-Type": "application/json"}, body)
        except SourceError as error:
            return _unanswered(str(error))
        finally:
            client.close()
        said = visible(response.body[:_TOLD].decode("utf-8", "replace"))
        if response.status == HTTPStatus.CONFLICT:
            return Answer(Act.REFUSED, f"HTTP {response.status}: {said}")
        if not 200 <= response.status < 300:
            return Answer(Act.FAILED, f"HTTP {response.status}: {said}")
        followed = _followed(response.body, order.scope)
        if followed is not None and followed is not self.trips:
            return Answer(Act.FAILED, f"HTTP {response.status}, but it did not follow: {said}")
        return Answer(Act.DONE, f"HTTP {response.status}", None, said or None)


def _unanswered(why: str) -> Answer:
    """What no answer means: without a connection nothing was asked, after it anything may have been done."""
    if why.startswith("no answer within"):
        return Answer(Act.TIMED_OUT, why)
    if why.startswith(_NOT_ASKED):
        return Answer(Act.FAILED, why)
    return Answer(Act.UNKNOWN, f"{why}: it may or may not be done")


def _followed(body: bytes, scope: Scope) -> bool | None:
    """What the engine says of itself; None where it says nothing."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    words = ("tripped",) if scope is Scope.ALL else ("stopped", "tripped")
    said = [document[word] for word in words if isinstance(document.get(word), bool)]
    return any(said) if said else None
