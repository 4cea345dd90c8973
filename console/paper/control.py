"""The engine's own HTTP endpoint: metrics, health, scenario and control.

    GET  /metrics         the exposition text of the last second
    GET  /health          {"status": "ok", "tripped": ..., "scenario": ...}
    GET  /scenario        {"name": ..., "scenarios": {name: summary}}
    POST /scenario        {"name": "margin-squeeze"}
    POST /control/kill    {"reason": "...", "scope": "all" | "usdm" | "coin"}; scope is all when left out
    POST /control/reset   {}; 409 with what is still set
    GET  /positions       {"differences": [{"symbol": ..., "books": ..., "exchange": ...}]}, in coins
    POST /control/test    {"symbol": "BTC/USD"}; opens its smallest position and closes it; 409 where refused
    POST /positions/sync  {}; brings the books to what the exchange holds, and says what differed before

A kill's answer says with `tripped` (or `stopped`) what the engine has really done, not what was asked.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from console.paper.dealer import Difference
from console.paper.desk import Desk, one_line
from console.paper.errands import ErrandError
from console.paper.kill_switch import KillSwitch
from console.paper.loopback import Request, Response, json_response
from console.paper.metrics import CONTENT_TYPE
from console.paper.scenarios import SCENARIOS, Director
from console.schema import COIN_ACCOUNT, USDM_ACCOUNT

_SCOPES = {"usdm": (USDM_ACCOUNT,), "coin": (COIN_ACCOUNT,)}
_LONGEST_REASON = 200
_ERRAND_SECONDS = 4.0  # less than whoever asks waits


class _BadRequestError(ValueError):
    """What the caller sent can't be used; the message says what is allowed."""


@dataclass(frozen=True, slots=True)
class Control:
    """Answers the endpoint's requests, from several threads.

    `metrics` gives the current body, `asserted` the kill-switch surfaces that are set besides the two files.
    What concerns the books the `desk` does, in its own time.
    """

    metrics: Callable[[], bytes]
    director: Director
    kill_switch: KillSwitch
    asserted: Callable[[], Iterable[str]]
    desk: Desk

    def answer(self, request: Request) -> Response:
        """Serve one request."""
        routes: dict[tuple[str, str], Callable[[Request], Response]] = {
            ("GET", "/metrics"): self._metrics,
            ("GET", "/health"): self._health,
            ("GET", "/scenario"): self._scenario,
            ("POST", "/scenario"): self._switch_scenario,
            ("POST", "/control/kill"): self._kill,
            ("POST", "/control/reset"): self._reset,
            ("POST", "/control/test"): self._test,
            ("GET", "/positions"): self._positions,
            ("POST", "/positions/sync"): self._sync_positions,
        }
        route = routes.get((request.method, request.path))
        if route is None:
            known = any(path == request.path for _, path in routes)
            return json_response(
                405 if known else 404, {"error": f"{request.method} {request.path} is not served"}
            )
        try:
            return route(request)
        except _BadRequestError as error:
            return json_response(400, {"error": str(error)})
        except ErrandError as error:
            return json_response(503, {"error": str(error)})
        except SQLAlchemyError as error:
            return json_response(503, {"error": f"the database failed: {one_line(error)}"})

    def _metrics(self, _request: Request) -> Response:
        return Response(200, self.metrics(), CONTENT_TYPE)

    def _health(self, _request: Request) -> Response:
        state = {"status": "ok", "tripped": self.kill_switch.tripped, "scenario": self.director.wanted}
        return json_response(200, state)

    def _scenario(self, _request: Request) -> Response:
        summaries = {scenario.name: scenario.summary for scenario in SCENARIOS.values()}
        return json_response(200, {"name": self.director.wanted, "scenarios": summaries})

    def _switch_scenario(self, request: Request) -> Response:
        try:
            self.director.switch_to(_text(request, "name", None))
        except ValueError as error:
            raise _BadRequestError(str(error)) from error
        return self._scenario(request)

    def _kill(self, request: Request) -> Response:
        reason = _text(request, "reason", "no reason given")[:_LONGEST_REASON]
        scope = _text(request, "scope", "all")
        if scope == "all":
            tripped = self.kill_switch.trip(f"POST /control/kill: {reason}")
            return json_response(200, {"tripped": tripped, "scope": scope})
        if scope not in _SCOPES:
            raise _BadRequestError(f"scope is {scope!r}: all, {', '.join(_SCOPES)} are allowed")
        stopped = self.kill_switch.stop_accounts(_SCOPES[scope], f"POST /control/kill: {reason}")
        state = {"tripped": self.kill_switch.tripped, "stopped": stopped, "scope": scope}
        return json_response(200, state)

    def _reset(self, _request: Request) -> Response:
        refusing = self.kill_switch.reset(self.asserted())
        if refusing:
            return json_response(409, {"error": f"still set: {', '.join(refusing)}", "tripped": True})
        return json_response(200, {"tripped": self.kill_switch.tripped})

    def _test(self, request: Request) -> Response:
        symbol = _text(request, "symbol", None)
        results = self.desk.errands.ask(lambda: self.desk.round_trip(symbol), _ERRAND_SECONDS)
        refused = [str(each["message"]) for each in results if not each["success"]]
        if refused:
            return json_response(409, {"error": "; ".join(refused)})
        fills = [{"price": f"{each['price']:f}", "fee": f"{each['fee']:f}"} for each in results]
        return json_response(200, {"symbol": symbol, "fills": fills})

    def _positions(self, _request: Request) -> Response:
        found = self.desk.errands.ask(self.desk.differences, _ERRAND_SECONDS)
        return json_response(200, {"differences": _shown(found)})

    def _sync_positions(self, _request: Request) -> Response:
        found = self.desk.errands.ask(self.desk.sync_positions, _ERRAND_SECONDS)
        return json_response(200, {"differences": _shown(found)})


def _shown(differences: Iterable[Difference]) -> list[dict[str, str]]:
    return [
        {"symbol": each.symbol, "books": f"{each.books:f}", "exchange": f"{each.exchange:f}"}
        for each in differences
    ]


def _text(request: Request, field: str, default: str | None) -> str:
    """A string field of a JSON object; an empty body is an empty object."""
    try:
        document = json.loads(request.body or b"{}")
    except ValueError as error:
        raise _BadRequestError("the body is not JSON") from error
    if not isinstance(document, dict):
        raise _BadRequestError("the body is not a JSON object")
    value = document.get(field, default)
    if not isinstance(value, str):
        raise _BadRequestError(f"{field} is missing or not a string")
    return value
