"""How features may be rolled out in a context, as the settings state it.

Which stages an environment allows and how long a stage lasts at least are the deployment document's, unless
the settings say otherwise.
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from console.settings_values import Model, seconds

Stage = Literal["disabled", "shadow", "canary", "production"]
ListName = Literal["canary_symbols", "allowed_symbols"]
Lasting = Annotated[float, BeforeValidator(seconds), Field(ge=0, le=365 * 86400)]


class Waits(Model):
    """How long a feature stays in a stage at least before it goes on, in seconds; None: as elsewhere."""

    shadow: Lasting | None = None
    canary: Lasting | None = None


class Rollout(Model):
    """What the engine makes of the flags file, and what a promotion there has to wait for.

    `symbol_stages` says that the engine reads stages by symbol, `list_names` under which names it looks for a
    canary's symbols, `chooses_by_crc` that it takes a canary's percentage of the symbols by the CRC-32 of
    `feature:symbol`, `reads` when it reads the file. `furthest` is the furthest stage that is allowed. A
    feature's own `waits` stand before the context's. `watched` is the share of the waiting time in which a
    console has to have looked, so that no alert of that time went unseen.
    """

    symbol_stages: bool = False
    list_names: Annotated[list[ListName], Field(min_length=1)] = Field(
        default_factory=lambda: list[ListName](["canary_symbols", "allowed_symbols"])
    )
    chooses_by_crc: bool = False
    reads: Literal["on change", "at start"] = "on change"
    furthest: Stage | None = None
    waits: Waits = Waits()
    features: dict[str, Waits] = Field(default_factory=dict)
    watched: Annotated[float, Field(ge=0, le=1)] = 0.9
