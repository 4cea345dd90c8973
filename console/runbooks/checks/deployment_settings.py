"""What the deployment guide's checklist asks of the settings, and of the host that the console runs on."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from console.actions.rollout.policy import policy_of
from console.domain.rollout.stages import STAGES, Stage
from console.domain.severity import Severity
from console.domain.surfaces import Feature
from console.panels import PanelError, load_panels
from console.promql.query import parse_query
from console.runbooks.model import Found
from console.sources.engine import read_engine_file
from console.sources.errors import SourceError
from console.sources.flags import FlagsSource

if TYPE_CHECKING:
    from console.settings import Context, Settings

GUIDE_LIMITS: Mapping[str, tuple[tuple[float, Severity], ...]] = {
    "margin_ratio": ((1.49, Severity.WARNING), (1.19, Severity.HIGH), (1.04, Severity.CRITICAL)),
    "funding_rate": ((0.0002, Severity.WARNING), (0.0004, Severity.HIGH), (0.0006, Severity.CRITICAL)),
    "position_sync_errors": ((0.01, Severity.HIGH),),
    "liquidation_count": ((1.0, Severity.HIGH),),
}
"""Values of the guide's panels with how bad each is at least, by its thresholds."""
NEEDED_COMMANDS = ("start", "stop", "sync_positions", "verify_positions")
"""Commands of the engine's host that a deployment and a recovery take."""
ENVIRONMENT = "environment"
LEAST_DISK, LEAST_MEMORY = 1 << 30, 512 << 20
"""Bytes that are free in the state folder's disk, and of memory."""


def limits(settings: "Settings") -> Found:
    """Whether the panels are at least as strict as the guide's."""
    expected = "thresholds of margin, funding, sync errors and liquidations as strict as the guide's"
    try:
        panels = {panel.key: panel for panel in load_panels(settings.panels, parse_query)}
    except PanelError as error:
        return Found(False, expected, str(error))
    lax = []
    for key, values in GUIDE_LIMITS.items():
        if key not in panels:
            lax.append(f"{settings.panels} has no panel {key}")
            continue
        said = [(value, least, panels[key].judge(value)) for value, least in values]
        lax += [
            f"{key} {value:g} is {seen.word}, not {least.word}" for value, least, seen in said if seen < least
        ]
    return without(lax, expected, "they are")


def flags(settings: "Settings", at_most: str) -> Found:
    """Whether no feature is beyond the stage `at_most`, in a file that engines read alike.

    `environment` is the furthest stage that the environment allows.
    """
    furthest = policy_of(settings.chosen, "").furthest if at_most == ENVIRONMENT else STAGES[at_most]
    expected = f"feature flags that engines read alike, none beyond {furthest.word}"
    try:
        file = _flags_file(settings.chosen)
        if file is None:
            return Found(None, expected, "the context names no flags_file")
        said = FlagsSource(file).read().value
    except SourceError as error:
        return Found(False, expected, str(error))
    wrong = [str(finding) for finding in said.findings if finding.serious]
    on = [feature for feature in said.features if feature.enabled]
    wrong += [f"{feature.name} is in {stage}" for feature in on for stage in _beyond(feature, furthest)]
    return without(wrong, expected, f"{len(said.features)} features, {len(on)} enabled")


def keys(settings: "Settings", environ: Mapping[str, str]) -> Found:
    """Whether the exchange's keys are in the environment, and paper and live have different ones."""
    expected = "the exchange's keys are in the environment, and no other kind of environment has the same"
    exchange = settings.chosen.exchange
    if exchange is None and settings.chosen.engine_file is not None:
        return Found(True, expected, "they are the engine's own, in a file of its state folder")
    if exchange is None or exchange.key_env is None or exchange.secret_env is None:
        return Found(False, expected, "the settings name no key_env and secret_env of the exchange")
    names = (exchange.key_env, exchange.secret_env)
    lacks = [f"{name} is not set" for name in names if not environ.get(name)]
    lacks += _shared_keys(settings, names, environ)
    return without(lacks, expected, f"{' and '.join(names)} are set")


def commands(named: Mapping[str, tuple[str, ...]]) -> Found:
    """Whether the commands of the engine's host are `named`, and their programs are here."""
    expected = f"the commands {', '.join(NEEDED_COMMANDS)}, whose programs are here"
    lacks = []
    for name in NEEDED_COMMANDS:
        arguments = named.get(name)
        if arguments is None:
            lacks.append(f"no command {name}")
        elif shutil.which(arguments[0]) is None:
            lacks.append(f"{name}: no program {arguments[0]}")
    return without(lacks, expected, "they are")


def resources(settings: "Settings") -> Found:
    """Whether this host has disk, memory and processors left."""
    cores = os.cpu_count() or 1
    expected = f"{_size(LEAST_DISK)} of disk and {_size(LEAST_MEMORY)} of memory free, load below {cores}"
    there = next(folder for folder in (settings.state, *settings.state.parents) if folder.exists())
    disk, memory = shutil.disk_usage(there).free, psutil.virtual_memory().available
    load = os.getloadavg()[1]
    observed = f"{_size(disk)} and {_size(memory)} free, load {load:.1f}"
    return Found(disk >= LEAST_DISK and memory >= LEAST_MEMORY and load < cores, expected, observed)


def without(lacks: list[str], expected: str, observed: str) -> Found:
    """Passes without `lacks`, which are told in place of what is `observed` then."""
    return Found(not lacks, expected, "; ".join(lacks) or observed)


def _beyond(feature: Feature, furthest: Stage) -> Iterator[str]:
    """The stages of the feature, for whatever symbols, that lead further, as one that isn't known may."""
    for stage in dict.fromkeys((feature.stage, *(feature.symbol_stages or {}).values())):
        if STAGES.get(stage, Stage.PRODUCTION) > furthest:
            yield stage


def _flags_file(context: "Context") -> Path | None:
    """Where the settings say that the flags are, or the engine's file. Raises SourceError."""
    if context.flags_file is not None or context.engine_file is None:
        return context.flags_file
    engine = read_engine_file(context.engine_file)
    named = None if engine is None else engine.text("flags_file")
    if named is None:
        raise SourceError(f"no engine runs: {context.engine_file} names no flags_file")
    return Path(named)


def _shared_keys(settings: "Settings", names: Iterable[str], environ: Mapping[str, str]) -> Iterator[str]:
    """The contexts of which one is live and the other isn't, and which have a key of ours."""
    ours = {environ[name] for name in names if environ.get(name)}
    is_live = settings.chosen.environment == "production"
    for context, other in settings.contexts.items():
        if other.exchange is None or (other.environment == "production") is is_live:
            continue
        theirs = (other.exchange.key_env, other.exchange.secret_env)
        if any(name is not None and environ.get(name) in ours for name in theirs):
            yield f"{context} ({other.environment}) has the same"


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB"
