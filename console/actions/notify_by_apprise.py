"""The process that sends one message by apprise: it comes on stdin, and each service's answer goes to stdout.

It has no other duty, so that it may hang or break down. Services are named by their place and scheme: the
rest of an address may be its key.
"""

import json
import os
import sys
import threading
from collections.abc import Mapping, Sequence

import apprise

from console.domain.clock import SystemClock

_TYPES = {
    "trip": apprise.NotifyType.FAILURE,
    "lost": apprise.NotifyType.FAILURE,
    "reset": apprise.NotifyType.SUCCESS,
    "page": apprise.NotifyType.FAILURE,
    "critical": apprise.NotifyType.FAILURE,
    "high": apprise.NotifyType.FAILURE,
    "resolved": apprise.NotifyType.SUCCESS,
    "watchdog": apprise.NotifyType.INFO,
}


def main() -> None:
    """Read the message, send it to every service at once, and say of each whether it took it in time."""
    message = json.load(sys.stdin)
    json.dump(sent(message, message["urls"], message["timeout"]), sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # not waiting for threads of the library that hang


def sent(message: Mapping[str, str], urls: Sequence[str], timeout: float) -> list[str]:
    """Send `message` to all `urls`, each in a thread of its own; for each why it failed, or nothing."""
    clock = SystemClock()
    until = clock.now() + timeout
    results: dict[int, str] = {}
    threads = [
        threading.Thread(target=_send, args=(message, url, place, results), daemon=True)
        for place, url in enumerate(urls)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - clock.now()))
    silent = f"no answer within {timeout:g} s"
    answers = [results.get(place, silent) for place in range(len(urls))]
    return [
        f"service {place} of {len(urls)} ({_scheme(url)}): {answer}" if answer else ""
        for place, (url, answer) in enumerate(zip(urls, answers, strict=True), 1)
    ]


def _send(message: Mapping[str, str], url: str, place: int, results: dict[int, str]) -> None:
    service = apprise.Apprise()
    if not service.add(url):
        results[place] = "no address that apprise knows"
        return
    taken = service.notify(
        body=message["body"],
        title=message["title"],
        notify_type=_TYPES.get(message["kind"], apprise.NotifyType.WARNING),
        body_format=apprise.NotifyFormat.TEXT,
    )
    results[place] = "" if taken else "not taken"


def _scheme(url: str) -> str:
    scheme, told, _ = url.partition("://")
    return scheme[:20] if told else "no scheme"


if __name__ == "__main__":
    main()
