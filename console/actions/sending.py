"""Sends one message, from a process of its own, which may hang or break down without anybody waiting for it.

Neither a service nor its library nor a look-up of names is in the way of a trip then, or of leaving.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

from console.audit.redaction import redacted_text, secret_values
from console.domain.news import News

if TYPE_CHECKING:
    from console.settings_audit import Notify

SPARE = 3.0
"""Seconds that the process has beyond the services' own time: to start, and to end."""


def unable(wanted: "Notify", environ: Mapping[str, str]) -> str:
    """Why nothing can be sent, as far as that can be told without sending; empty when nothing is known."""
    if not environ.get(wanted.urls_env or "", "").strip():
        return f"nobody can be told: the environment variable {wanted.urls_env} is not set"
    if find_spec("apprise") is None:
        return "nobody can be told: apprise is missing: `make notify`, or install opsconsole[notify]"
    return ""


def send(news: News, wanted: "Notify", environ: Mapping[str, str]) -> str:
    """Send it to every address within the settings' time; why not everybody has got it, or nothing."""
    cause = unable(wanted, environ)
    if cause:
        return cause
    message = {
        "title": news.title,
        "body": redacted_text(news.body, secret_values(environ)),
        "kind": news.kind.value,
        "urls": environ[wanted.urls_env or ""].split(),
        "timeout": wanted.timeout,
    }
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "console.actions.notify_by_apprise"],
            input=json.dumps(message).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a library's words may hold an address with its key
            timeout=wanted.timeout + SPARE,
            start_new_session=True,  # a terminal that is lost doesn't end it
            env=dict(environ),
            check=True,
        )
        return "; ".join(json.loads(done.stdout))
    except subprocess.TimeoutExpired:
        return f"no answer within {wanted.timeout:g} s"
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        return f"the process that sends it broke down: {type(error).__name__}"
