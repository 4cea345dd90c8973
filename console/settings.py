"""configs/console.yaml, the environment and the command line as one validated object.

The command line wins over `OPSCONSOLE_…` variables, these over the file, the file over the defaults. A
mistake is one SettingsError that begins with `file:line:column: ` (or names the variable) and says what is
allowed. Secrets are never in the file: it names the environment variables that hold them.
"""

import os
import re
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from console.yaml_file import Document, Path_, YamlError, read_document

ENV_PREFIX = "OPSCONSOLE_"


class SettingsError(ValueError):
    """A mistake in the settings, in one line."""


def _seconds(value: object) -> object:
    """`2`, `0.5`, `"500ms"`, `"2s"`, `"5m"` or `"1h"`, as seconds."""
    if isinstance(value, str):
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)?", value.strip())
        if match is None:
            raise ValueError("a duration is a number of seconds, or one with a unit: 500ms, 2s, 5m, 1h")
        return float(match[1]) * {"ms": 0.001, None: 1, "s": 1, "m": 60, "h": 3600}[match[2]]
    return value


def _variable(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise ValueError("the name of an environment variable that holds the secret, never the secret itself")
    return value


def _http_url(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("a URL that begins with http:// or https://")
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("a URL that begins with http:// or https://")
    if parts.password is not None:
        raise ValueError("no password in a URL; name the environment variable that holds it")
    return value


Seconds = Annotated[float, BeforeValidator(_seconds), Field(ge=0.05, le=86400)]
Variable = Annotated[str, BeforeValidator(_variable)]
HttpUrl = Annotated[str, BeforeValidator(_http_url)]
Arguments = Annotated[list[str], Field(min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, hide_input_in_errors=True)


class Poll(_Model):
    """How often a source is asked, how long an answer may take, and when its value is STALE."""

    interval: Seconds
    timeout: Seconds
    stale_after: Seconds

    @model_validator(mode="after")
    def _stale_later_than_asked(self) -> "Poll":
        if self.stale_after <= self.interval:
            raise ValueError(f"stale_after is longer than interval ({self.interval:g} s)")
        return self


class Polls(_Model):
    metrics: Poll = Poll(interval=1, timeout=2, stale_after=2)
    database: Poll = Poll(interval=2, timeout=4, stale_after=6)
    exchange: Poll = Poll(interval=5, timeout=8, stale_after=15)
    flags: Poll = Poll(interval=1, timeout=2, stale_after=4)
    engine: Poll = Poll(interval=1, timeout=2, stale_after=4)
    log: Poll = Poll(interval=2, timeout=2, stale_after=6)

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:
        """A source that states only one of its three keeps the defaults of the others."""
        if not isinstance(given, dict):
            return given
        filled = dict(given)
        for name, field in cls.model_fields.items():
            if isinstance(given.get(name), dict):
                filled[name] = {**field.default.model_dump(), **given[name]}
        return filled


class Database(_Model):
    url: str
    password_env: Variable | None = None
    ca_file: Path | None = None

    @field_validator("url")
    @classmethod
    def _supported(cls, value: str) -> str:
        scheme = value.partition("://")[0]
        if scheme not in ("sqlite", "mysql", "mysql+pymysql", "mariadb", "mariadb+pymysql"):
            raise ValueError(
                "a URL such as mysql://user@host:3306/binance-data or sqlite:////path/to/file.db"
            )
        if scheme != "sqlite" and urlsplit(value).password is not None:
            raise ValueError(
                "no password in a URL; name the environment variable that holds it in password_env"
            )
        return value


class Prometheus(_Model):
    """A Prometheus-compatible server, with basic or bearer credentials from the environment."""

    url: HttpUrl
    username_env: Variable | None = None
    password_env: Variable | None = None
    bearer_env: Variable | None = None
    ca_file: Path | None = None

    @model_validator(mode="after")
    def _one_kind_of_credentials(self) -> "Prometheus":
        if (self.username_env is None) != (self.password_env is None):
            raise ValueError("basic credentials are username_env and password_env together")
        if self.username_env is not None and self.bearer_env is not None:
            raise ValueError("either username_env with password_env, or bearer_env")
        return self


class Exchange(_Model):
    """Base URLs of the exchange; keys with read permission only, from the environment."""

    usdm: HttpUrl | None = None
    coinm: HttpUrl | None = None
    key_env: Variable | None = None
    secret_env: Variable | None = None

    @model_validator(mode="after")
    def _reachable(self) -> "Exchange":
        if self.usdm is None and self.coinm is None:
            raise ValueError("an exchange has a base URL under usdm, coinm or both")
        if (self.key_env is None) != (self.secret_env is None):
            raise ValueError("signed calls need key_env and secret_env together")
        return self


class KillSwitchFiles(_Model):
    flag: Path
    state: Path | None = None


class Commands(_Model):
    """Commands of the engine's host, each a list of arguments: nothing goes through a shell."""

    start: Arguments | None = None
    stop: Arguments | None = None
    restart: Arguments | None = None
    trip_kill_switch: Arguments | None = None
    reset_kill_switch: Arguments | None = None
    sync_positions: Arguments | None = None
    verify_positions: Arguments | None = None


class Context(_Model):
    """One engine with its surfaces and environment. A surface that is left out is not watched."""

    environment: Literal["paper", "development", "staging", "production"]
    colour: Annotated[
        str, Field(pattern=r"^(red|green|yellow|blue|magenta|cyan|orange|white|#[0-9a-fA-F]{6})$")
    ]
    engine_file: Path | None = None
    database: Database | None = None
    metrics_url: HttpUrl | None = None
    prometheus: Prometheus | None = None
    exchange: Exchange | None = None
    flags_file: Path | None = None
    kill_switch: KillSwitchFiles | None = None
    log_file: Path | None = None
    commands: Commands = Commands()
    not_exported: list[str] = []

    @model_validator(mode="after")
    def _one_way_to_the_metrics(self) -> "Context":
        if self.metrics_url is not None and self.prometheus is not None:
            raise ValueError("either metrics_url or prometheus, not both")
        return self


class Settings(_Model):
    """Everything that the console is told. Relative paths are seen from the file's folder."""

    file: Path
    state: Path
    context: str
    contexts: Annotated[dict[str, Context], Field(min_length=1)]
    poll: Polls = Polls()
    panels: Path
    rules: Path | None = None

    @property
    def chosen(self) -> Context:
        return self.contexts[self.context]


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
    env = os.environ if environ is None else environ
    file = _find_file(config, env)
    document = _read(file)
    data = dict(document.data) if isinstance(document.data, dict) else {}
    origins: dict[Path_, str] = {}
    _apply_environment(data, env, origins)
    for field, value, option in (("context", context, "--context"), ("state", state, "--state")):
        if value is not None:
            data[field] = str(value)
            origins[(field,)] = option
    data.setdefault("state", str(default_state()))
    data.setdefault("panels", "dashboard.yaml")
    contexts = data.get("contexts")
    if "context" not in data:
        data["context"] = next(iter(contexts), "") if isinstance(contexts, dict) else ""
    _resolve_paths(data, file.parent, origins)
    try:
        settings = Settings.model_validate({**data, "file": file})
    except ValidationError as error:
        raise SettingsError(_explain(error, document, origins)) from None
    if settings.context not in settings.contexts:
        where = origins.get(("context",)) or document.locate(("context",))
        allowed = ", ".join(settings.contexts)
        raise SettingsError(f"{where}: there is no context {settings.context!r}; allowed: {allowed}")
    return settings


def default_state() -> Path:
    """The state folder when none is named, by the platform's convention."""
    from platformdirs import user_state_path  # noqa: PLC0415 (only needed where none is named)

    return user_state_path("opsconsole", appauthor=False)


def shipped_configs() -> Path:
    """The folder of the shipped configuration: beside the package in a checkout, else the install's."""
    beside = Path(__file__).resolve().parent.parent / "configs"
    return (
        beside if beside.is_dir() else Path(sysconfig.get_path("data")) / "share" / "opsconsole" / "configs"
    )


def _find_file(config: Path | None, env: Mapping[str, str]) -> Path:
    named = config or (Path(env["OPSCONSOLE_CONFIG"]) if env.get("OPSCONSOLE_CONFIG") else None)
    if named is not None:
        return named.expanduser().absolute()
    home = Path(env.get("XDG_CONFIG_HOME") or Path(env.get("HOME", "~")).expanduser() / ".config")
    own = home / "opsconsole" / "console.yaml"
    return own if own.is_file() else shipped_configs() / "console.yaml"


def _read(file: Path) -> Document:
    try:
        document = read_document(file)
    except YamlError as error:
        raise SettingsError(str(error)) from None
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror or error}") from None
    for key, place in document.duplicates:
        raise SettingsError(f"{file}:{place}: {key!r} appears twice")
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
        if not name.startswith(ENV_PREFIX) or not env[name] or not _is_field(way):
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
        return way[0] in ("context", "state", "panels", "rules")
    return len(way) == 3 and way[0] == "poll" and way[1] in Polls.model_fields and way[2] in Poll.model_fields


def _resolve_paths(data: dict[str, Any], folder: Path, origins: Mapping[Path_, str]) -> None:
    """Make paths absolute: the file's are seen from its folder, others from where the user stands."""

    def resolved(value: object, base: Path) -> object:
        return str(base / Path(value).expanduser()) if isinstance(value, str) and value else value

    for field in ("state", "panels", "rules"):
        if field in data:
            data[field] = resolved(data[field], Path.cwd() if (field,) in origins else folder)
    contexts = data.get("contexts")
    if not isinstance(contexts, dict):
        return
    data["contexts"] = {
        name: _with_paths(context, folder, Path(str(data["state"])), resolved)
        for name, context in contexts.items()
    }


def _with_paths(context: object, folder: Path, state: Path, resolved: Any) -> object:
    if not isinstance(context, dict):
        return context
    context = dict(context)
    for field, base in (("engine_file", state), ("flags_file", folder), ("log_file", folder)):
        if field in context:
            context[field] = resolved(context[field], base)
    for field, inner in (
        ("kill_switch", ("flag", "state")),
        ("database", ("ca_file",)),
        ("prometheus", ("ca_file",)),
    ):
        if isinstance(context.get(field), dict):
            context[field] = {
                key: resolved(value, folder) if key in inner else value
                for key, value in context[field].items()
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
    kind, message = problem["type"], str(problem["msg"])
    if kind == "extra_forbidden":
        return f"unknown field; allowed: {', '.join(_fields_at(way[:-1]))}"
    if kind == "missing":
        return "is missing"
    if kind == "list_type":
        return "a list of arguments, such as [scripts/stop_futures.sh, --now]; nothing goes through a shell"
    if kind == "literal_error":
        return f"allowed: {problem['ctx']['expected']}"
    if kind == "string_pattern_mismatch":
        return "allowed: red, green, yellow, blue, magenta, cyan, orange, white or #rrggbb"
    return message.removeprefix("Value error, ")


def _fields_at(way: Path_) -> list[str]:
    """The fields that the settings have at `way`."""
    model: type[BaseModel] = Settings
    steps = iter(way)
    for step in steps:
        if step == "contexts":
            next(steps, None)  # the context's name
            model = Context
        else:
            annotation = model.model_fields[str(step)].annotation
            choices = [annotation, *getattr(annotation, "__args__", ())]
            model = next(c for c in choices if isinstance(c, type) and issubclass(c, BaseModel))
    return [name for name in model.model_fields if name != "file"]
