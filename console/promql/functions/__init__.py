"""PromQL's functions by name. A module of them is only imported when a query calls one of its functions."""

import importlib
from collections.abc import Callable
from typing import cast

from console.promql.vectors import Value

Function = Callable[..., Value]
"""Takes the `Moment` of the query, then the values of the arguments."""

_MODULES = {
    "growth": "rate increase delta irate idelta",
    "ranges": "changes resets deriv predict_linear avg_over_time count_over_time first_over_time "
    "last_over_time max_over_time min_over_time present_over_time quantile_over_time stddev_over_time "
    "stdvar_over_time sum_over_time",
    "numbers": "abs acos acosh asin asinh atan atanh ceil clamp clamp_max clamp_min cos cosh deg exp floor "
    "ln log10 log2 pi rad round sgn sin sinh sqrt tan tanh",
    "series": "label_join label_replace scalar sort sort_desc vector",
    "times": "day_of_month day_of_week day_of_year days_in_month hour minute month time timestamp year",
    "histograms": "histogram_fraction histogram_quantile",
}
FUNCTIONS = {name: module for module, names in _MODULES.items() for name in names.split()}
"""The functions that the evaluator knows, and where."""


def function(name: str) -> Function:
    """The function of this name, one of `FUNCTIONS`."""
    module = importlib.import_module(f"{__name__}.{FUNCTIONS[name]}")
    return cast("Function", module.FUNCTIONS[name])
