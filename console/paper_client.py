"""Talking to a running paper engine's control endpoint on loopback."""

import httpx

from console.sources.engine import EngineFile

_TIMEOUT = 5.0


class RefusedError(Exception):
    """The engine doesn't answer or says no; the message is one line."""


def scenarios(engine: EngineFile) -> tuple[str, dict[str, str]]:
    """The scenario that runs, and all of them with their meaning."""
    answer = _ask(engine, "GET", None)
    known = answer.get("scenarios")
    if not isinstance(known, dict):
        raise RefusedError("the engine's answer names no scenarios")
    return str(answer.get("name")), {str(name): str(meaning) for name, meaning in known.items()}


def switch_scenario(engine: EngineFile, name: str) -> None:
    """Switch to `name`; the engine's refusal lists the names that it knows."""
    _ask(engine, "POST", {"name": name})


def differences(engine: EngineFile) -> list[str]:
    """The symbols about which its books and its exchange disagree, a line for each."""
    return _difference_lines(_ask(engine, "GET", None, "positions"))


def sync_positions(engine: EngineFile) -> list[str]:
    """Bring its books to what its exchange holds; a line for each symbol that differed before."""
    return _difference_lines(_ask(engine, "POST", {}, "positions/sync"))


def round_trip(engine: EngineFile, symbol: str) -> list[str]:
    """Have it open and close its smallest position in `symbol`; a line for each fill."""
    fills = _ask(engine, "POST", {"symbol": symbol}, "control/test").get("fills")
    if not isinstance(fills, list):
        raise RefusedError("the engine's answer names no fills")
    return [f"{symbol} at {each['price']}, fee {each['fee']}" for each in fills]


def _difference_lines(answer: dict[str, object]) -> list[str]:
    found = answer.get("differences")
    if not isinstance(found, list):
        raise RefusedError("the engine's answer names no differences")
    return [f"{each['symbol']}: books {each['books']}, exchange {each['exchange']}" for each in found]


def _ask(
    engine: EngineFile, method: str, body: dict[str, str] | None, path: str = "scenario"
) -> dict[str, object]:
    url = f"{engine.text('control_url') or ''}/{path}"
    try:
        with httpx.Client(timeout=_TIMEOUT, trust_env=False, verify=False) as client:  # noqa: S501 (loopback)
            response = client.request(method, url, json=body)
        answer = response.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise RefusedError(f"the paper engine does not answer: {error}") from None
    if not isinstance(answer, dict):
        raise RefusedError("the paper engine answers something else than an object")
    if response.status_code != 200:
        raise RefusedError(str(answer.get("error", f"HTTP {response.status_code}")))
    return answer
