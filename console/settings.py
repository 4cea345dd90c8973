"""What the console is told, as one validated object: contexts with their surfaces, polling, files.

Reading it is `console.settings_file`. Secrets are never in it, only the names of the environment variables
that hold them.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from console.domain.loopback import is_loopback
from console.settings_access import Access
from console.settings_audit import Audit, Notify
from console.settings_rollback import Code, Drills, Processes
from console.settings_rollout import Rollout
from console.settings_values import Model, Seconds, Variable, seconds


def _bytes(value: object) -> object:
    """`200000000`, `"500kB"`, `"200MB"` or `"1.5GB"`, as bytes."""
    if isinstance(value, str):
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(kB|MB|GB)?", value.strip())
        if match is None:
            raise ValueError("a size is a number of bytes, or one with a unit: 500kB, 200MB, 1.5GB")
        return int(float(match[1]) * {None: 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}[match[2]])
    return value


def _http_url(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(rf"https?://{_HOST}(/[!-~]*)?", value):
        raise ValueError("a URL such as http://127.0.0.1:9108/metrics: http or https, host, port, path")
    _check_port(value)
    return value


def _own_url(value: object) -> object:
    """A URL on this machine: whoever may post there may stop the engine."""
    url = _http_url(value)
    if not is_loopback(str(url)):
        raise ValueError("a URL on this machine, such as http://127.0.0.1:9108/control/kill")
    return url


def _database_url(value: object) -> object:
    server = rf"(mysql|mariadb)(\+pymysql)?://([^\s:@/?#]+@)?{_HOST}/[^\s/?#]+"
    if not isinstance(value, str) or not re.fullmatch(rf"sqlite:///[^\s?#]+|{server}", value):
        raise ValueError(
            "a URL such as mysql://user@host:3306/binance-data or sqlite:////path/to/file.db, without a"
            " password (its environment variable is named in password_env) and without parameters"
        )
    if not value.startswith("sqlite"):
        _check_port(value)
    return value


_HOST = r"([A-Za-z0-9]([A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?"


def _check_port(url: str) -> None:
    try:
        parts = urlsplit(url)
        empty_label = ".." in (parts.hostname or "")
        port = parts.port
    except ValueError:
        raise ValueError("a host, and perhaps a port from 1 to 65535") from None
    if empty_label or port == 0:
        raise ValueError("a host, and perhaps a port from 1 to 65535")


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


HttpUrl = Annotated[str, BeforeValidator(_http_url)]
OwnUrl = Annotated[str, BeforeValidator(_own_url)]
DatabaseUrl = Annotated[str, BeforeValidator(_database_url)]
MetricName = Annotated[str, Field(pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$")]
Colour = Annotated[str, Field(pattern=r"^(red|green|yellow|blue|magenta|cyan|orange|white|#[0-9a-fA-F]{6})$")]
LogName = Annotated[str, Field(min_length=1, max_length=20)]
ThemeName = Literal["dark", "light", "red-green", "blue-yellow", "dark-16", "light-16"]
Arguments = Annotated[list[str], Field(min_length=1)]
RuleFiles = Annotated[list[Path], BeforeValidator(_listed)]


class Poll(Model):
    """How often a source is asked, how long an answer may take, and when its value is STALE."""

    interval: Seconds
    timeout: Seconds
    stale_after: Seconds

    @model_validator(mode="after")
    def _stale_later_than_asked(self) -> "Poll":
        if self.stale_after <= self.interval:
            raise ValueError(f"stale_after is longer than interval ({self.interval:g} s)")
        return self


class Polls(Model):
    metrics: Poll = Poll(interval=1, timeout=2, stale_after=1.8)
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


class Database(Model):
    """The engine's database; `server` is the `server_uuid` or host name that it has to report.

    The URL's user reads. What is written is written as `action_user`, and as the URL's where there is none.
    """

    url: DatabaseUrl
    password_env: Variable | None = None
    action_user: Annotated[str, Field(pattern=r"^[^\s:@/?#]{1,80}$")] | None = None
    action_password_env: Variable | None = None
    ca_file: Path | None = None
    server: Annotated[str, Field(min_length=1, max_length=255)] | None = None

    @model_validator(mode="after")
    def _whose_password(self) -> "Database":
        if self.action_password_env is not None and self.action_user is None:
            raise ValueError("action_password_env is the password of an action_user")
        if self.action_user is not None and self.url.startswith("sqlite"):
            raise ValueError("SQLite knows no users: leave out action_user")
        return self


class Runs(Model):
    """The database in which runs of runbooks are kept, for hosts to share; its user makes tables there."""

    url: DatabaseUrl
    password_env: Variable | None = None
    ca_file: Path | None = None


class HttpServer(Model):
    """A server's base URL, with basic or bearer credentials from the environment."""

    url: HttpUrl
    username_env: Variable | None = None
    password_env: Variable | None = None
    bearer_env: Variable | None = None
    ca_file: Path | None = None

    @model_validator(mode="after")
    def _one_kind_of_credentials(self) -> "HttpServer":
        if (self.username_env is None) != (self.password_env is None):
            raise ValueError("basic credentials are username_env and password_env together")
        if self.username_env is not None and self.bearer_env is not None:
            raise ValueError("either username_env with password_env, or bearer_env")
        return self


class Prometheus(HttpServer):
    """A Prometheus-compatible server, perhaps with the Alertmanager that holds its silences."""

    alertmanager: HttpServer | None = None


class Exchange(Model):
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


class Deadlines(Model):
    """Seconds after which a trip goes on without an actuator's answer; `command` is ended then."""

    flag_file: Seconds = 1
    state_file: Seconds = 2
    feature_flags: Seconds = 3
    database: Seconds = 3
    command: Seconds = 5
    http: Seconds = 2


class KillSwitch(Model):
    """How the engine is stopped: every surface that the context names is fired, unless it says false here.

    `flag` and `state` are the engine's own files, `http` and `http_reset` its endpoints for a trip and for a
    reset. `hold` trips again when the engine has cleared itself; `cool_down` is how long a trip stands at
    least before it may be reset.
    """

    flag: Path | None = None
    state: Path | None = None
    http: OwnUrl | None = None
    http_reset: OwnUrl | None = None
    database: bool = True
    feature_flags: bool = True
    command: bool = True
    deadlines: Deadlines = Deadlines()
    hold: bool = False
    cool_down: Seconds = 300


class Commands(Model):
    """Commands of the engine's host, each a list of arguments: nothing goes through a shell."""

    start: Arguments | None = None
    stop: Arguments | None = None
    restart: Arguments | None = None
    trip_kill_switch: Arguments | None = None
    reset_kill_switch: Arguments | None = None
    sync_positions: Arguments | None = None
    verify_positions: Arguments | None = None
    test_trade: Arguments | None = None
    start_previous: Arguments | None = None
    start_spot: Arguments | None = None


class Backups(Model):
    """Backups of a context's book: in `folder`, by the database's own programs `dump` and `client`.

    Pruning keeps the newest `keep` of them, and the newest of each of the last `days` days.
    """

    folder: Path | None = None
    dump: Arguments | None = None
    client: Arguments | None = None
    keep: Annotated[int, Field(ge=1, le=10_000)] = 48
    days: Annotated[int, Field(ge=0, le=3650)] = 30


class Context(Model):
    """One engine with its surfaces and environment. A surface that is left out is not watched.

    `quiet_after` is how long the engine may write nothing into its database before nothing that stands there
    is taken for the present; `logs` are further files to follow beside `log_file`; `poll` and `rules` stand
    in place of the settings' own for this context. `evaluation` is how often a group of rules is evaluated
    that doesn't say its own interval.
    """

    environment: Literal["paper", "development", "staging", "production"]
    colour: Colour
    engine_file: Path | None = None
    database: Database | None = None
    metrics_url: HttpUrl | None = None
    prometheus: Prometheus | None = None
    exchange: Exchange | None = None
    flags_file: Path | None = None
    kill_switch: KillSwitch = KillSwitch()
    log_file: Path | None = None
    logs: dict[LogName, Path] = Field(default_factory=dict)
    commands: Commands = Commands()
    backups: Backups = Backups()
    processes: Processes = Processes()
    code: Code | None = None
    drills: Drills = Drills()
    access: Access = Access()
    rollout: Rollout = Rollout()
    not_exported: list[MetricName] = Field(default_factory=list)
    quiet_after: Seconds = 15
    poll: Polls | None = None
    rules: Annotated[RuleFiles | None, Field(min_length=1)] = None
    evaluation: Seconds = 15

    @model_validator(mode="after")
    def _one_way_to_the_metrics(self) -> "Context":
        if self.metrics_url is not None and self.prometheus is not None:
            raise ValueError("either metrics_url or prometheus, not both")
        return self


def _keys(value: object) -> object:
    """One key or several, each by its sign or its name; YAML takes a digit for a number."""
    keys = value if isinstance(value, list) else [value]
    if not keys or not all(isinstance(key, str | int) and not isinstance(key, bool) for key in keys):
        raise ValueError("a key or a list of keys, such as x or [q, ctrl+q]")
    return [str(key) for key in keys]


def _bandwidth(value: object) -> object:
    if not isinstance(value, bool) and value != "auto":
        raise ValueError("allowed: auto, true or false")
    return value


class Screen(Model):
    """How the screen is drawn; `low_bandwidth` is for a slow line, `auto` suggests it there."""

    theme: ThemeName | None = None
    fps: Annotated[float, Field(ge=0.2, le=30)] = 4
    low_bandwidth: Annotated[bool | Literal["auto"], BeforeValidator(_bandwidth)] = "auto"


class History(Model):
    """The record of what the console saw: how long and in how many bytes it is kept, how often noted."""

    enabled: bool = True
    keep: Annotated[float, BeforeValidator(seconds), Field(ge=60, le=31 * 86400)] = 86400
    size: Annotated[int, BeforeValidator(_bytes), Field(ge=8_000_000, le=1_000_000_000_000)] = 200_000_000
    every: Seconds = 1


class Settings(Model):
    """Everything that the console is told. Relative paths are seen from the file's folder.

    Without `runs` the runs of runbooks are in the state folder; `runbooks` is a folder of the operator's own.
    """

    state: Path
    context: str
    contexts: Annotated[dict[str, Context], Field(min_length=1)]
    poll: Polls = Polls()
    history: History = History()
    notify: Notify = Notify()
    audit: Audit = Audit()
    runs: Runs | None = None
    runbooks: Path | None = None
    panels: Path
    rules: RuleFiles = Field(default_factory=list)
    screen: Screen = Screen()
    keys: dict[str, Annotated[list[str], BeforeValidator(_keys)]] = Field(default_factory=dict)

    _key_places: dict[str, str] = PrivateAttr(default_factory=dict)

    def keep_key_places(self, places: dict[str, str]) -> None:
        """Remember where each action's keys stand: only the screen knows which are right."""
        self._key_places.update(places)

    def place_of_key(self, action: str) -> str:
        """Where in the settings file the keys of `action` stand, as file:line:column."""
        return self._key_places.get(action, "keys")

    @property
    def chosen(self) -> Context:
        return self.contexts[self.context]

    @property
    def rule_files(self) -> list[Path]:
        """The files of the chosen context's alert rules."""
        return self.rules if self.chosen.rules is None else self.chosen.rules

    @property
    def polling(self) -> Polls:
        """How the chosen context's sources are asked."""
        return self.chosen.poll or self.poll
