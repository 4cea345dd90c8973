"""What the parser has said of expressions, for the next start with the same ones.

Panels and rules are most often those of a time before, and promql-parser, with all that asks it, takes three
megabytes for as long as the console is open. So what was asked is kept in the user's cache, under a digest of
itself, of the parser and of the code that asks it. Anything else, or damaged, is asked again.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar, cast

from console.own_folder import keep_whole
from console.patience import within

T = TypeVar("T")

_PATIENCE = 1.0
"""Seconds that the disk has to answer: it may hang, and values wait behind this."""
_MOST_KEPT = 2_000
"""Answers in the file, of several contexts' rules; the oldest make way."""


class Known:
    """Answers by question and text. It holds none before `recall`, and none after `keep`.

    Who asks then asks the parser. What raises is not kept.
    """

    def __init__(self) -> None:
        self._file: Path | None = None
        self._before: dict[str, object] = {}
        self._asked: dict[str, object] = {}

    def recall(self, env: Mapping[str, str]) -> None:
        """Answer from here on with what earlier starts have kept; nothing without a home."""
        with suppress(KeyError):
            cache = Path(env.get("XDG_CACHE_HOME") or Path(env["HOME"]) / ".cache")
            self._file = cache / "opsconsole" / "expressions"
            kept = within(_PATIENCE, partial(_kept, self._file), "recall expressions")
            self._before, self._asked = kept or {}, {}

    def answer(self, question: str, text: str, find: Callable[[], T]) -> T:
        """What `find` answers now or has answered to this question before: plain values of JSON."""
        if self._file is None:
            return find()
        key, before, asked = f"{question} {text}", self._before, self._asked
        if key not in asked:
            asked[key] = before[key] if key in before else find()
        return cast("T", asked[key])

    def keep(self) -> None:
        """Keep what was asked since `recall`, if any of it is new, and hold it no longer."""
        file, before, asked = self._file, self._before, self._asked
        self._file, self._before, self._asked = None, {}, {}
        if file is None or asked.keys() <= before.keys():
            return
        others = {key: answer for key, answer in before.items() if key not in asked}
        kept = dict(list({**others, **asked}.items())[-_MOST_KEPT:])
        within(_PATIENCE, partial(_keep, file, json.dumps(kept).encode()), "keep expressions")


KNOWN = Known()
"""Of this process."""


def _kept(file: Path) -> dict[str, object]:
    try:
        whole = file.read_bytes()
        content = whole[_DIGEST:]
        return dict(json.loads(content)) if whole[:_DIGEST] == _digest(content) else {}
    except (OSError, ValueError, TypeError, RecursionError):
        return {}


def _keep(file: Path, content: bytes) -> None:
    with suppress(OSError):  # it is only smaller and quicker with it
        keep_whole(file, _digest(content) + content)


_DIGEST = hashlib.sha256().digest_size


def _digest(content: bytes) -> bytes:
    """Of what is kept, of the parser, and of all code here."""
    parser = find_spec("promql_parser")
    made = [] if parser is None or parser.origin is None else [*Path(parser.origin).parent.glob("*.*")]
    own = [*Path(__file__).parent.rglob("*.py")]
    stamps = sorted(f"{file} {file.stat().st_mtime_ns}" for file in (*made, *own))
    return hashlib.sha256("\0".join((*stamps, "")).encode() + content).digest()
