"""The settings as they were last found valid, for the next start with the very same ones.

Reading and validating them takes a tenth of a second, nearly all of it imports, and is most often done
with the very file, options and environment of a time before. So what was found valid is kept in the
user's cache, under a digest of all that it came from, this program's code included: the last few of them,
as an operator goes from one context to the other. Anything else, or damaged, is read anew. A trip goes by
what was valid last, should a mistake have come into the file since.
"""

import hashlib
import json
import os
import sysconfig
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from console.patience import within

if TYPE_CHECKING:
    from console.settings import Settings

ENV_PREFIX = "OPSCONSOLE_"
TOP_FIELDS = ("context", "state", "panels", "rules")
"""What a variable may set beside `OPSCONSOLE_POLL__…`."""

_MOST_KEPT = 8
"""Starts whose settings are kept; the one kept longest ago makes way."""

_PATIENCE = 0.2
"""Seconds that a file has to answer: it may be on a disk that hangs, and a trip may be waiting."""
_LAST_PATIENCE = 1.0
"""Seconds that it has where nothing else is left to go by."""

_FOLDERS = ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
_CODE = (
    "settings.py",
    "settings_access.py",
    "settings_audit.py",
    "settings_rollout.py",
    "settings_file.py",
    "settings_memory.py",
    "settings_rollback.py",
    "settings_values.py",
)


def config_file(config: Path | None, env: Mapping[str, str]) -> Path:
    """The settings file: the named one, else the user's own, else the one that is shipped."""
    wanted, is_named = _wanted(config, env)
    return wanted if is_named or wanted.is_file() else shipped_configs() / "console.yaml"


def shipped_configs() -> Path:
    """The folder of the shipped configuration: beside the package in a checkout, else the install's."""
    beside = Path(__file__).resolve().parent.parent / "configs"
    return (
        beside if beside.is_dir() else Path(sysconfig.get_path("data")) / "share" / "opsconsole" / "configs"
    )


def needed_by_a_trip(env: Mapping[str, str]) -> dict[str, str]:
    """`env` without what says nothing about which engine to stop: a mistake there is in no trip's way."""
    needless = tuple(f"{ENV_PREFIX}{field.upper()}" for field in ("poll", "panels", "rules"))
    return {name: value for name, value in env.items() if not name.startswith(needless)}


class SettingsMemory:
    """What is kept of one start: its settings, under everything that they come from.

    `silence` says that the settings file doesn't answer; it is empty where it does, or isn't there.
    """

    def __init__(
        self, config: Path | None, context: str | None, state: Path | None, env: Mapping[str, str]
    ) -> None:
        """As `settings_file.load_settings` is given them."""
        self.silence = ""
        self._file: Path | None = None
        self._digest = self._whence = ""
        with suppress(OSError, RuntimeError, KeyError):  # no home: then nothing is kept
            wanted, _ = _wanted(config, env)
            cache = Path(env.get("XDG_CACHE_HOME") or Path(env["HOME"]) / ".cache")
            answer = within(_PATIENCE, partial(_read, config, env), "settings file")
            if answer is None:
                self.silence = f"{wanted}: no answer within {_PATIENCE:g} s"
            named, content = answer or (wanted, None)
            whose = _whole(state or env.get("OPSCONSOLE_STATE")), str(context), *_told(needed_by_a_trip(env))
            self._whence = _digest(str(named), *_code(), *whose)
            self._file = cache / "opsconsole" / "settings.json"
            if content is not None:
                self._digest = _digest(self._whence, str(state), _standing(), *_told(env), content.hex())

    def recall(self) -> "Settings | None":
        """The settings of an earlier start that was told the same; None where there was none.

        Nothing is waited for that a disk doesn't answer at once.
        """
        return _settings_in(self._starts().get(self._digest))

    def recall_last_valid(self) -> "Settings | None":
        """As `recall`, whatever the settings file says by now: a trip needs no more."""
        starts = self._starts(_LAST_PATIENCE).values()
        fitting = [
            start for start in starts if isinstance(start, dict) and start.get("whence") == self._whence
        ]
        return _settings_in(fitting[-1]) if fitting else None

    def keep(self, settings: "Settings") -> None:
        """Keep `settings`, which have just been validated, beside those of the last few other starts."""
        places = {action: settings.place_of_key(action) for action in settings.keys}
        self._keep({"settings": _plain(settings), "places": places, "whence": self._whence})

    def renew(self) -> None:
        """Let what `recall` has found be the last that was valid."""
        starts = self._starts()
        if self._digest in starts and next(reversed(starts)) != self._digest:
            self._keep(starts[self._digest])

    def _keep(self, start: object) -> None:
        if self._file is None or not self._digest:
            return
        starts = self._starts(_LAST_PATIENCE)
        starts.pop(self._digest, None)  # to be the last
        kept = {"starts": dict(list({**starts, self._digest: start}.items())[-_MOST_KEPT:])}
        fresh = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        with suppress(OSError):  # it is only quicker with it
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.write_text(json.dumps(kept), encoding="utf-8")
            fresh.replace(self._file)

    def _starts(self, patience: float = _PATIENCE) -> dict[str, object]:
        """What is kept, by digest, the latest last; nothing where a disk hangs."""
        if self._file is None:
            return {}
        return within(patience, partial(_starts, self._file), "settings memory") or {}


def _wanted(config: Path | None, env: Mapping[str, str]) -> tuple[Path, bool]:
    """The settings file that is wanted, without a look at any disk, and whether it was named."""
    named = config or (Path(env["OPSCONSOLE_CONFIG"]) if env.get("OPSCONSOLE_CONFIG") else None)
    if named is not None:
        return named.expanduser().absolute(), True
    home = Path(env.get("XDG_CONFIG_HOME") or Path(env.get("HOME", "~")).expanduser() / ".config")
    return home / "opsconsole" / "console.yaml", False


def _read(config: Path | None, env: Mapping[str, str]) -> tuple[Path, bytes | None]:
    """The settings file, and what it says; None where it can't be read."""
    file, _ = _wanted(config, env)
    try:
        file = config_file(config, env)
        return file, file.read_bytes()
    except OSError:
        return file, None


def _starts(file: Path) -> dict[str, object]:
    """What `file` keeps; nothing where there is none, or a damaged one."""
    try:
        return dict(json.loads(file.read_bytes())["starts"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}


def _settings_in(start: Any) -> "Settings | None":
    """The settings of one kept start; None where it is damaged, as far as a trip needs them."""
    try:
        settings = _Recalled(_restored(start["settings"]), start["places"])
        files = (
            settings.chosen.kill_switch.flag,
            settings.chosen.kill_switch.state,
            settings.chosen.engine_file,
        )
        settings.chosen.kill_switch.deadlines  # noqa: B018
    except (KeyError, TypeError, AttributeError, RecursionError):
        return None
    sound = isinstance(settings.state, Path) and all(isinstance(file, Path | None) for file in files)
    return cast("Settings", settings) if sound else None


class _Recalled(SimpleNamespace):
    """Stands for Settings, of which it has every field, without the machinery that has validated them."""

    def __init__(self, fields: SimpleNamespace, places: Mapping[str, str]) -> None:
        super().__init__(**vars(fields))
        self._places = places

    @property
    def chosen(self) -> Any:
        return self.contexts[self.context]

    @property
    def polling(self) -> Any:
        return self.chosen.poll or self.poll

    @property
    def rule_files(self) -> Any:
        return self.rules if self.chosen.rules is None else self.chosen.rules

    def place_of_key(self, action: str) -> str:
        return self._places.get(action, "keys")


def _told(env: Mapping[str, str]) -> list[str]:
    """What the environment says about settings. Other variables stay out of it: some hold secrets."""
    names = [f"{ENV_PREFIX}{field.upper()}" for field in TOP_FIELDS]
    names += sorted(name for name in env if name.startswith(f"{ENV_PREFIX}POLL"))
    return [f"{name}={env.get(name)}" for name in (*_FOLDERS, *names)]


def _whole(state: Path | str | None) -> str:
    return str(state and Path(state).expanduser().absolute())


def _standing() -> str:
    """The folder that relative paths are seen from; empty where it is gone."""
    try:
        return str(Path.cwd())
    except OSError:
        return ""


def _code() -> tuple[str, ...]:
    """What tells this program's code, and its place, from another's."""
    stamps = [Path(__file__).with_name(name).stat().st_mtime_ns for name in _CODE]
    return str(shipped_configs()), *map(str, stamps)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def _plain(value: object) -> object:
    """A value of the settings in JSON, with what JSON has no word for under a name."""
    if isinstance(value, Path):
        return {"path": str(value)}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {"items": {key: _plain(part) for key, part in value.items()}}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    fields: Mapping[str, object] = vars(value)
    return {"fields": {name: _plain(part) for name, part in fields.items()}}


def _restored(kept: Any) -> Any:
    if isinstance(kept, list):
        return [_restored(part) for part in kept]
    if not isinstance(kept, dict):
        return kept
    if "path" in kept:
        return Path(kept["path"])
    if "items" in kept:
        return {key: _restored(part) for key, part in kept["items"].items()}
    return SimpleNamespace(**{name: _restored(part) for name, part in kept["fields"].items()})
