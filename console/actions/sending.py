"""Sends one message, from a process of its own, which may hang or break down without anybody waiting for it.

Neither a service nor its library nor a look-up of names is in the way of a trip then, or of leaving.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from console.audit.redaction import redacted_text, secret_values
from console.domain.news import News

if TYPE_CHECKING:
    from console.settings_audit import Notify

SPARE = 3.0
"""Seconds that the process has beyond the services' own time: to start, and to end."""


@dataclass(frozen=True, slots=True)
class Post:
    """What is sent: `kind` is what happened, in a word that tells good news from bad."""

    kind: str
    title: str
    body: str


def unable(urls_env: str | None, environ: Mapping[str, str]) -> str:
    """Why nothing can be sent, as far as that can be told without sending; empty when nothing is known."""
    if not environ.get(urls_env or "", "").strip():
        return f"nobody can be told: the environment variable {urls_env} is not set"
    if find_spec("apprise") is None:
        return "nobody can be told: apprise is missing: `make notify`, or install opsconsole[notify]"
    return ""


def send(news: News, wanted: "Notify", environ: Mapping[str, str]) -> str:
    """Send it to everybody whom the settings want to be told; why not all have got it, or nothing."""
    return send_to(wanted.urls_env, news, wanted.timeout, environ)


def send_to(urls_env: str | None, news: News, timeout: float, environ: Mapping[str, str]) -> str:
    """Send it to every address in that variable, within `timeout` seconds; why not all took it, if so."""
    cause = unable(urls_env, environ)
    if cause:
        return cause
    answers = post(
        Post(news.kind.value, news.title, news.body), environ[urls_env or ""].split(), timeout, environ
    )
    return "; ".join(dict.fromkeys(filter(None, answers)))


def post(message: Post, urls: Sequence[str], timeout: float, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Send it to all `urls` at once, within `timeout` seconds; for each why it failed, or nothing."""
    secrets = secret_values(environ)
    document = {
        "title": redacted_text(message.title, secrets),
        "body": redacted_text(message.body, secrets),
        "kind": message.kind,
        "urls": list(urls),
        "timeout": timeout,
    }
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "console.actions.notify_by_apprise"],
            input=json.dumps(document).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a library's words may hold an address with its key
            timeout=timeout + SPARE,
            start_new_session=True,  # a terminal that is lost doesn't end it
            env=dict(environ),
            check=True,
        )
        return tuple(json.loads(done.stdout))
    except subprocess.TimeoutExpired:
        why = f"no answer within {timeout:g} s"
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        why = f"the process that sends it broke down: {type(error).__name__}"
    return (why,) * len(urls)
