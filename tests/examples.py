"""How much is tried at every run, and how much once somebody looks further."""

import os
from collections.abc import Iterable

import pytest
from _pytest.mark.structures import ParameterSet

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "seeded")


def examples(some: int, many: int) -> int:
    """`some` of the examples that are the same at every run; `many` under any other profile."""
    return some if PROFILE == "seeded" else many


def on_both(rows: Iterable[tuple[object, ...]]) -> list[ParameterSet]:
    """Each row on SQLite, the first on MariaDB as well; the others there are for campaigns.

    For `database_url` and what follows it, where the database isn't what the rows differ in.
    """
    each = list(rows)
    first, *others = [pytest.param("mariadb", *row) for row in each]
    later = [pytest.param(*row.values, marks=pytest.mark.campaign) for row in others]
    return [*(pytest.param("sqlite", *row) for row in each), first, *later]
