"""The panels as they were last found valid, for the next start with the very same file.

Reading and checking them takes longer than all else that a start reads, most of it for imports. So what was
found valid is kept in the user's cache, under a digest of the file and of the code that has checked it.
Anything else, or damaged, is read anew.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from console.domain.severity import Severity
from console.domain.thresholds import Condition, Ladder, Panel

_CODE = (
    "panels.py",
    "panels_memory.py",
    "yaml_file.py",
    "domain/thresholds.py",
    "promql/functions/__init__.py",
    "promql/patterns.py",
    "promql/query.py",
    "promql/reading.py",
    "promql/tree.py",
)
"""All that says whether a panel is valid."""


def remembered(
    file: Path, read: Callable[[], tuple[Panel, ...]], env: Mapping[str, str]
) -> tuple[Panel, ...]:
    """The panels of `file`: of an earlier start where it is as it was then, else what `read` answers."""
    try:
        home = env.get("XDG_CACHE_HOME") or Path(env["HOME"]) / ".cache"
        kept, digest = Path(home) / "opsconsole" / "panels.json", _digest(file)
    except (OSError, KeyError):  # `read` says what is wrong with the file; without a home nothing is kept
        return read()
    panels = _recalled(kept, digest)
    if panels is None:
        panels = read()
        _keep(kept, {"digest": digest, "panels": [_plain(panel) for panel in panels]})
    return panels


def _digest(file: Path) -> str:
    package = Path(__file__).parent
    stamps = [str((package / name).stat().st_mtime_ns) for name in _CODE]
    return hashlib.sha256("\0".join((*stamps, "")).encode() + file.read_bytes()).hexdigest()


def _recalled(kept: Path, digest: str) -> tuple[Panel, ...] | None:
    try:
        content = json.loads(kept.read_bytes())
        return tuple(map(_panel, content["panels"])) if content["digest"] == digest else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _keep(kept: Path, content: object) -> None:
    fresh = kept.with_name(f"{kept.name}.{os.getpid()}")
    with suppress(OSError):  # it is only quicker with it
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.write_text(json.dumps(content), encoding="utf-8")
        fresh.replace(kept)


def _plain(panel: Panel) -> dict[str, object]:
    """A panel in JSON: a ladder as the list of its steps, a condition as its sign and bound."""
    rule = panel.rule
    said = rule.steps if isinstance(rule, Ladder) else {"sign": rule.sign, "bound": rule.bound}
    return {"name": panel.name, "query": panel.query, "rule": said, "window": panel.window}


def _panel(plain: Any) -> Panel:
    said = plain["rule"]
    rule: Ladder | Condition
    if isinstance(said, list):
        rule = Ladder(tuple((bound, Severity(severity)) for bound, severity in said))
    else:
        rule = Condition(said["sign"], said["bound"])
    return Panel(plain["name"], plain["query"], rule, plain["window"])
