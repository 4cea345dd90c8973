"""The functions of alert templates, and how Go prints what they are given."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

Argument = str | int | float | Mapping[str, str]


class TemplateFailure(Exception):  # noqa: N818 - what becomes of a text, not an error of ours
    """A template that can't be filled in with these values."""


def printed(value: Argument) -> str:
    """`value` as Go's `%v` prints it: 1000000.0 is 1e+06, a map is `map[a:x b:y]`."""
    match value:
        case str():
            return value
        case float():
            return _shortest(value)
        case int():
            return str(value)
        case _:
            pairs = " ".join(f"{name}:{value[name]}" for name in sorted(value))
            return f"map[{pairs}]"


def humanize(value: Argument) -> str:
    """With a metric prefix and four digits: 1234567 is 1.235M."""
    number = _number(value)
    if number == 0 or not math.isfinite(number):
        return _significant(number)
    if abs(number) >= 1:
        return _scaled(number, ("", "k", "M", "G", "T", "P", "E", "Z", "Y"), 1000)
    return _scaled_up(number)


def humanize1024(value: Argument) -> str:
    """With a binary prefix and four digits: 1048576 is 1Mi."""
    number = _number(value)
    if abs(number) <= 1 or not math.isfinite(number):
        return _significant(number)
    return _scaled(number, ("", "ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"), 1024)


def humanize_duration(value: Argument) -> str:
    """Seconds as a duration: 3725 is 1h 2m 5s."""
    number = _number(value)
    if not math.isfinite(number):
        return _significant(number)
    if abs(number) < 1:
        return f"{_scaled_up(number) if number else 0}s"
    sign, whole = "-" if number < 0 else "", int(abs(number))
    if whole < 60:
        return f"{sign}{_significant(abs(number))}s"
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    while not parts[0][0]:
        del parts[0]
    return sign + " ".join(f"{count}{unit}" for count, unit in parts)


def humanize_percentage(value: Argument) -> str:
    """A ratio as a percentage with four digits: 0.1234567 is 12.35%."""
    return f"{_significant(_number(value) * 100)}%"


def humanize_timestamp(value: Argument) -> str:
    """Seconds since 1970 as a time in UTC, to the millisecond, as Go prints one."""
    number = _number(value)
    if not math.isfinite(number):
        return _significant(number)
    if abs(number) * 1e9 > 2**63:
        raise TemplateFailure(f"{_shortest(number)} is no time: too many nanoseconds for 64 bits")
    nanoseconds = int(number * 1e9)
    milliseconds = abs(nanoseconds) // 1_000_000 * (1 if nanoseconds >= 0 else -1)
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    fraction = f".{at.microsecond:06}".rstrip("0").rstrip(".")
    return f"{at:%Y-%m-%d %H:%M:%S}{fraction} +0000 UTC"


def title(value: Argument) -> str:
    """Each word with a capital, the rest as it is."""
    return _WORD.sub(lambda word: word[0][0].upper() + word[0][1:], printed(value))


def printf(pattern: Argument, *values: Argument) -> str:
    """What Go's `fmt.Sprintf` makes of these, with its marks for verbs and values that don't fit together."""
    left = list(values)

    def said(verb: re.Match[str]) -> str:
        if verb["verb"] == "%":
            return "%"
        if not left:
            return f"%!{verb['verb']}(MISSING)"
        return _formatted(verb, left.pop(0))

    text = _VERB.sub(said, printed(pattern))
    if not left:
        return text
    return f"{text}%!(EXTRA {', '.join(f'{_kind(one)}={printed(one)}' for one in left)})"


def unknown_verb(pattern: str) -> str | None:
    """The first verb of a pattern that `printf` doesn't know; None when it knows all."""
    for verb in _VERB.finditer(pattern):
        if verb["verb"] not in VERBS:
            return verb[0]
    return None


VERBS = tuple("vsqdfFeEgG%")
"""The verbs of `printf` that are known here."""
FUNCTIONS: dict[str, Callable[..., str]] = {
    "printf": printf,
    "humanize": humanize,
    "humanize1024": humanize1024,
    "humanizeDuration": humanize_duration,
    "humanizePercentage": humanize_percentage,
    "humanizeTimestamp": humanize_timestamp,
    "title": title,
    "toUpper": lambda value: printed(value).upper(),
    "toLower": lambda value: printed(value).lower(),
}
TEXT_ONLY = ("title", "toUpper", "toLower")
"""The functions that take nothing but a text."""

_WORD = re.compile(r"\w+(?:[.'’:]\w+)*")
_VERB = re.compile(r"%(?P<flags>[-+# 0]*)(?P<width>\d*)(?:\.(?P<precision>\d*))?(?P<verb>.?)", re.DOTALL)


def _formatted(verb: re.Match[str], value: Argument) -> str:
    sign, flags = verb["verb"], verb["flags"]
    if sign not in {float: "vfFeEgG", int: "vd"}.get(type(value), "vsq"):
        return f"%!{sign}({_kind(value)}={printed(value)})"
    pattern = f"%{flags}{verb['width']}"
    if (
        isinstance(value, float)
        and math.isfinite(value)
        and (verb["precision"] is not None or sign in "fFeE")
    ):
        precision = "" if verb["precision"] is None else f".{verb['precision']}"
        return f"{pattern}{precision}{sign.replace('v', 'g')}" % value
    if isinstance(value, int):
        return f"{pattern}d" % value
    text = printed(value)
    if isinstance(value, float):
        text = text.replace("e", "E") if sign == "G" else text
        text = f"+{text}" if "+" in flags and sign != "v" and text[0] not in "+-" else text
    elif verb["precision"] is not None:
        text = text[: int(verb["precision"] or 0)]
    return f"{pattern}s" % (_quoted(text) if sign == "q" else text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def _kind(value: Argument) -> str:
    return {float: "float64", int: "int", str: "string"}.get(type(value), "map[string]string")


def _number(value: Argument) -> float:
    if isinstance(value, int | float):
        return float(value)
    text = printed(value)
    try:
        if "_" in text or text != text.strip():
            raise ValueError(text)
        return float(text)
    except ValueError:
        raise TemplateFailure(f"{text!r} is no number") from None


def _significant(number: float) -> str:
    """Four digits, as Go's `%.4g`."""
    return f"{number:.4g}" if math.isfinite(number) else _shortest(number)


def _scaled(number: float, prefixes: tuple[str, ...], step: float) -> str:
    prefix, *larger = prefixes
    for bigger in larger:
        if abs(number) < step:
            break
        prefix, number = bigger, number / step
    return _significant(number) + prefix


def _scaled_up(number: float) -> str:
    """A number below 1 with the prefix that makes it one above."""
    prefix = ""
    for smaller in ("m", "u", "n", "p", "f", "a", "z", "y"):
        if abs(number) >= 1:
            break
        prefix, number = smaller, number * 1000
    return _significant(number) + prefix


def _shortest(number: float) -> str:
    """The fewest digits that say this number, with an exponent below 1e-4 and from 1e+06, as Go's `%v`."""
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else f"{'+' if number > 0 else '-'}Inf"
    exact = Decimal(repr(number)).normalize()
    if number == 0 or -5 < exact.adjusted() < 6:
        return f"{exact:f}"
    whole, *rest = map(str, exact.as_tuple().digits)
    fraction = f".{''.join(rest)}" if rest else ""
    return f"{'-' if number < 0 else ''}{whole}{fraction}e{exact.adjusted():+03d}"
