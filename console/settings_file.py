"""configs/console.yaml, the environment and the command line, read into one Settings.

The command line wins over `OPSCONSOLE_…` variables, these over the file, the file over the defaults. A
mistake is one SettingsError that begins with `file:line:column: ` (or names the variable) and says what is
allowed.
"""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from console.settings import Poll, Polls, Settings
from console.settings_memory import ENV_PREFIX, TOP_FIELDS, config_file, shipped_configs
from console.yaml_file import Document, Path_, YamlError, read_document

__all__ = [
    "FOR_THE_FLAGS_FILE",
    "SettingsError",
    "UnreadableError",
    "default_state",
    "load_settings",
    "load_sound_part",
    "shipped_configs",
]

FOR_THE_FLAGS_FILE = ("engine_file", "flags_file", "rollout")
"""What of a context says which flags file is its own, and how its engine reads it."""
_FOR_PROMOTIONS = ("furthest", "waits", "features", "watched")
"""What of a context's rollout no change goes by that lowers the risk."""
_STRICTEST: Mapping[str, object] = {"environment": "production", "colour": "red"}


class SettingsError(ValueError):
    """A mistake in the settings, in one line."""


class UnreadableError(SettingsError):
    """The mistake is in the file's YAML: nobody can say what it was to mean."""


def load_settings(
    *,
    config: Path | None = None,
    context: str | None = None,
    state: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Find, read and validate the settings; raises SettingsError.

    `config`, `context` and `state` are the command line's. Without a file named anywhere, the user's own
    `console.yaml` is taken, else the one that is shipped.
    """
    given = _gathered(config, context, state, os.environ if environ is None else environ)
    settings = _validated(given.data, given)
    places = {name: given.document.locate(("keys", name), key=True) for name in settings.keys}
    settings.keep_key_places(places)
    if settings.context not in settings.contexts:
        raise _no_such_context(given)
    return settings


def load_sound_part(
    *,
    config: Path | None,
    context: str | None,
    state: Path | None,
    environ: Mapping[str, str],
    needed: Collection[str],
) -> Settings:
    """As `load_settings`, without what has a mistake and without other contexts: for what lowers the risk.

    Raises SettingsError for a mistake in the `needed` fields of the context, and UnreadableError.
    """
    given = _gathered(config, context, state, environ)
    name, contexts = given.data["context"], given.data.get("contexts")
    own = contexts.get(name) if isinstance(contexts, dict) and isinstance(name, str) else None
    if not isinstance(own, dict):
        raise _no_such_context(given)
    chosen = {**_STRICTEST, **{field: _to_lower(own[field]) for field in needed if field in own}}
    part = {"state": given.data["state"], "context": name, "contexts": {name: chosen}}
    part["panels"] = str(shipped_configs() / "dashboard.yaml")
    part["rules"] = str(shipped_configs() / SHIPPED_RULES["guide"])
    _validated(part, given)
    _add_what_is_sound(own, to=chosen, of=part)
    _add_what_is_sound({**given.data, "contexts": part["contexts"]}, to=part, of=part)
    return Settings.model_validate(part)


@dataclass(frozen=True, slots=True)
class _Given:
    """What file, environment and command line say, and where each of it stands."""

    document: Document
    data: dict[str, Any]
    origins: Mapping[Path_, str]


def _gathered(config: Path | None, context: str | None, state: Path | None, env: Mapping[str, str]) -> _Given:
    try:
        return _gathered_from(_file(config, env), context, state, env)
    except (RuntimeError, KeyError):  # of Path.expanduser and platformdirs
        raise SettingsError(
            "no home folder: name the folders themselves, with --config and --state"
        ) from None


def _file(config: Path | None, env: Mapping[str, str]) -> Path:
    try:
        return config_file(config, env)
    except OSError:  # of Path.absolute
        raise SettingsError("--config: the folder that it is seen from is gone; name it in full") from None


def _gathered_from(file: Path, context: str | None, state: Path | None, env: Mapping[str, str]) -> _Given:
    document = _read(file)
    data = dict(document.data) if isinstance(document.data, dict) else {}
    origins: dict[Path_, str] = {}
    _apply_environment(data, env, origins)
    for field, value, option in (("context", context, "--context"), ("state", state, "--state")):
        if value is not None:
            data[field] = str(value)
            origins[(field,)] = option
    if "state" not in data:
        data["state"] = str(default_state())
    data.setdefault("panels", str(shipped_configs() / "dashboard.yaml"))
    data.setdefault("rules", "guide")
    contexts = data.get("contexts")
    if "context" not in data:
        data["context"] = next(iter(contexts), "") if isinstance(contexts, dict) else ""
    _resolve_paths(data, file.parent, origins)
    return _Given(document, data, origins)


def _validated(data: Mapping[str, Any], given: _Given) -> Settings:
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        raise SettingsError(_explain(error, given.document, given.origins)) from None


def _to_lower(value: object) -> object:
    """A field of the context, without what of it only promotions go by."""
    if not isinstance(value, dict):
        return value
    return {field: inner for field, inner in value.items() if field not in _FOR_PROMOTIONS}


def _add_what_is_sound(fields: Mapping[str, Any], *, to: dict[str, Any], of: Mapping[str, Any]) -> None:
    """Put every one of `fields` into the mapping `to` with which the settings `of` are still valid."""
    for field, value in fields.items():
        before = dict(to)
        to[field] = value
        try:
            Settings.model_validate(of)
        except ValidationError:
            to.clear()
            to.update(before)


def _no_such_context(given: _Given) -> SettingsError:
    where = given.origins.get(("context",)) or given.document.locate(("context",))
    contexts = given.data.get("contexts")
    allowed = ", ".join(map(str, contexts)) if isinstance(contexts, dict) else "none"
    return SettingsError(f"{where}: there is no context {given.data['context']!r}; allowed: {allowed}")


def default_state() -> Path:
    """The state folder when none is named, by the platform's convention."""
    from platformdirs import user_state_path  # noqa: PLC0415 (only needed where none is named)

    return user_state_path("opsconsole", appauthor=False)


def _read(file: Path) -> Document:
    try:
        document = read_document(file)
    except YamlError as error:
        raise UnreadableError(str(error)) from None
    except OSError as error:
        raise UnreadableError(f"{file}: {error.strerror or error}") from None
    for key, place in document.duplicates:
        raise UnreadableError(f"{file}:{place}: {key!r} appears twice")
    if not isinstance(document.data, dict):
        raise SettingsError(f"{file}:1:1: settings are a mapping with contexts")
    return document


def _apply_environment(data: dict[str, Any], env: Mapping[str, str], origins: dict[Path_, str]) -> None:
    """`OPSCONSOLE_CONTEXT`, `OPSCONSOLE_STATE`, …; nested ones `OPSCONSOLE_POLL__METRICS__INTERVAL`.

    Variables that name no field of the settings are left alone: some hold secrets, under names of the
    operator's choice.
    """
    for name in sorted(env):
        way = tuple(part.lower() for part in name.removeprefix(ENV_PREFIX).split("__"))
        if not name.startswith(ENV_PREFIX) or not env[name]:
            continue
        if not _is_field(way):
            if name.startswith(f"{ENV_PREFIX}POLL_"):
                allowed = f"{ENV_PREFIX}POLL__{{{','.join(Polls.model_fields).upper()}}}__INTERVAL"
                raise SettingsError(f"{name}: no such field; allowed: {allowed}, __TIMEOUT and __STALE_AFTER")
            continue
        level = data
        for part in way[:-1]:
            inner = level.get(part)
            level[part] = dict(inner) if isinstance(inner, dict) else {}
            level = level[part]
        level[way[-1]] = env[name]
        origins[way] = name


def _is_field(way: tuple[str, ...]) -> bool:
    if len(way) == 1:
        return way[0] in TOP_FIELDS
    return len(way) == 3 and way[0] == "poll" and way[1] in Polls.model_fields and way[2] in Poll.model_fields


def _resolve_paths(data: dict[str, Any], folder: Path, origins: Mapping[Path_, str]) -> None:
    """Make paths absolute: the file's are seen from its folder, others from where the user stands."""

    def resolved(value: object, base: Path) -> object:
        return str(base / Path(value).expanduser()) if isinstance(value, str) and value else value

    data["rules"] = _rule_files(data["rules"], Path().absolute() if ("rules",) in origins else folder)
    for field in ("state", "panels", "runbooks"):
        if field in data:
            data[field] = resolved(data[field], Path() if (field,) in origins else folder)
            data[field] = _whole(data[field], origins.get((field,), ""))
    runs = data.get("runs")
    if isinstance(runs, dict) and "ca_file" in runs:
        data["runs"] = {**runs, "ca_file": resolved(runs["ca_file"], folder)}
    contexts = data.get("contexts")
    if not isinstance(contexts, dict):
        return
    data["contexts"] = {
        name: _with_paths(context, folder, Path(str(data["state"])), resolved)
        for name, context in contexts.items()
    }


SHIPPED_RULES = {"guide": "alert_rules.yaml", "hardened": "alert_rules_hardened.yaml"}
"""The rule files that are named by a word."""


def _rule_files(value: object, folder: Path) -> object:
    """A rule file or a list of them, each a path or the word for a shipped one."""
    if isinstance(value, list):
        return [_rule_files(each, folder) for each in value]
    if not isinstance(value, str) or not value:
        return value
    if value in SHIPPED_RULES:
        return str(shipped_configs() / SHIPPED_RULES[value])
    return str(folder / Path(value).expanduser())


def _whole(path: object, origin: str) -> object:
    """The path seen from where the user stands, which may be a folder that has been removed."""
    try:
        return str(Path(path).absolute()) if isinstance(path, str) and path else path
    except OSError:
        raise SettingsError(
            f"{origin}: the folder that {path} is seen from is gone; name it in full"
        ) from None


def _with_paths(context: object, folder: Path, state: Path, resolved: Any) -> object:
    if not isinstance(context, dict):
        return context
    context = dict(context)
    for field, base in (("engine_file", state), ("flags_file", folder), ("log_file", folder)):
        if field in context:
            context[field] = resolved(context[field], base)
    if "rules" in context:
        context["rules"] = _rule_files(context["rules"], folder)
    if isinstance(context.get("logs"), dict):
        context["logs"] = {name: resolved(value, folder) for name, value in context["logs"].items()}
    for field, inner in (
        ("kill_switch", ("flag", "state")),
        ("database", ("ca_file",)),
        ("backups", ("folder",)),
        ("code", ("tree", "releases")),
        ("prometheus", ("ca_file",)),
    ):
        if isinstance(context.get(field), dict):
            context[field] = {
                key: resolved(value, folder) if key in inner else value
                for key, value in context[field].items()
            }
    processes = context.get("processes")
    if isinstance(processes, dict) and isinstance(processes.get("pid_files"), list):
        context["processes"] = {
            **processes,
            "pid_files": [resolved(each, folder) for each in processes["pid_files"]],
        }
    return context


def _explain(error: ValidationError, document: Document, origins: Mapping[Path_, str]) -> str:
    """The first mistake in one line, and how many more there are."""
    problems = error.errors(include_url=False, include_context=True)
    first = problems[0]
    way: Path_ = first["loc"]
    while way and way not in document.values and way not in origins and first["type"] != "missing":
        way = way[:-1]  # pydantic's own steps, such as the key of a mapping, are not in the file
    unknown = first["type"] == "extra_forbidden"
    where = origins.get(way) or document.locate(way, key=unknown)
    field = ".".join(str(step) for step in way) or "settings"
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{where}: {field}: {_allowed(first, way)}{more}"


def _allowed(problem: Any, way: Path_) -> str:
    """What may stand there instead."""
    kind = problem["type"]
    if kind == "extra_forbidden":
        return f"unknown field; allowed: {', '.join(_fields_at(way[:-1]))}"
    if kind == "literal_error":
        return f"allowed: {problem['ctx']['expected']}"
    for (told, field), words in _ALLOWED.items():
        if kind == told and field in way:
            return words
    return "is missing" if kind == "missing" else str(problem["msg"]).removeprefix("Value error, ")


_ALLOWED = {
    (
        "list_type",
        "commands",
    ): "a list of arguments, such as [scripts/stop_futures.sh, --now]; there is no shell",
    ("string_pattern_mismatch", "colour"): (
        "allowed: red, green, yellow, blue, magenta, cyan, orange, white or #rrggbb"
    ),
    ("string_pattern_mismatch", "not_exported"): "a metric's name, such as futures_fill_ratio",
}


def _fields_at(way: Path_) -> list[str]:
    """The fields that the settings have at `way`."""
    model: type[BaseModel] = Settings
    steps = iter(way)
    for step in steps:
        annotation = model.model_fields[str(step)].annotation
        if get_origin(annotation) is dict:
            next(steps, None)  # a name of the operator's choice
        choices = [annotation, *get_args(annotation)]
        model = next(c for c in choices if isinstance(c, type) and issubclass(c, BaseModel))
    return list(model.model_fields)
