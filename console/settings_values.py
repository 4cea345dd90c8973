"""What settings are made of: the base of their models, durations as people write them, names of variables."""

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Model(BaseModel):
    """Settings that know their fields: another one is a mistake, and what was given isn't repeated."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, hide_input_in_errors=True)


def seconds(value: object) -> object:
    """`2`, `0.5`, `"500ms"`, `"2s"`, `"5m"`, `"1h"` or `"7d"`, as seconds."""
    if isinstance(value, str):
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?", value.strip())
        if match is None:
            raise ValueError("a duration is a number of seconds, or one with a unit: 500ms, 2s, 5m, 1h, 7d")
        return float(match[1]) * {"ms": 0.001, None: 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]
    return value


def _variable(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise ValueError("the name of an environment variable that holds the secret, never the secret itself")
    return value


Variable = Annotated[str, BeforeValidator(_variable)]
Seconds = Annotated[float, BeforeValidator(seconds), Field(ge=0.05, le=86400)]
