"""The templates in alert rules' labels and annotations: the part of Go's text/template that such rules use.

A text may hold actions such as `{{ $labels.symbol }}` or `{{ $value | humanizePercentage }}`: pipelines of
values and of the functions below. What else Prometheus knows (`if`, `range`, `query` …) is refused when the
text is read. A label that isn't there is the empty text, as Prometheus has it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from console.promql.template_functions import (
    FUNCTIONS,
    TEXT_ONLY,
    VERBS,
    Argument,
    TemplateFailure,
    printed,
    unknown_verb,
)

VARIABLES = ("$labels", "$value", "$externalLabels", "$externalURL")
FIELDS = (".Labels", ".Value", ".ExternalLabels", ".ExternalURL")


class TemplateError(ValueError):
    """A text that isn't a template, or uses what isn't known here: what, and what is allowed."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a template speaks of: a sample's labels, with `__name__` where it has one, and its value."""

    labels: Mapping[str, str]
    value: float
    external_labels: Mapping[str, str] = field(default_factory=dict)
    external_url: str = ""


@dataclass(frozen=True, slots=True)
class Constant:
    value: Argument


@dataclass(frozen=True, slots=True)
class Fact:
    """Something of the subject: `of` is one of `FIELDS`, `label` the one that is meant of a map of labels."""

    of: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Application:
    function: str
    arguments: tuple["Term", ...]


Term = Constant | Fact | Application


@dataclass(frozen=True, slots=True)
class Template:
    """A text in its parts: what stands there as it is, and what is filled in."""

    text: str
    parts: tuple[str | Term, ...]

    @property
    def names_value(self) -> bool:
        """Whether what it says depends on the sample's value, and not only on its labels."""
        return any(_holds_value(part) for part in self.parts if not isinstance(part, str))

    def expand(self, subject: Subject) -> str:
        """The text for `subject`; in its place what is wrong, where a function can't take its argument."""
        try:
            return "".join(
                part if isinstance(part, str) else printed(_value(part, subject)) for part in self.parts
            )
        except TemplateFailure as failure:
            return f"<error expanding template: {failure}>"


def parse_template(text: str) -> Template:
    """Read `text`; TemplateError names the action that can't be."""
    parts: list[str | Term] = []
    end, trim = 0, False
    for action in _actions(text):
        plain = text[end : action.start()]
        plain = plain.lstrip(_SPACE) if trim else plain
        parts.append(plain.rstrip(_SPACE) if action["left"] else plain)
        if not action["comment"]:
            parts.append(_pipeline_of(action["code"], action[0]))
        end, trim = action.end(), bool(action["right"])
    rest = text[end:]
    parts.append(rest.lstrip(_SPACE) if trim else rest)
    return Template(text, tuple(part for part in parts if part != ""))


_SPACE = " \t\r\n"
_ACTION = re.compile(
    r"""\{\{ (?P<left>-(?=\s))?
        (?: \s*(?P<comment>/\*.*?\*/)\s*
          | (?P<code>(?: "(?:\\.|[^"\\\n])*" | `[^`]*` | (?!\}\}|\s-\}\}) [^"`] )*)
        )
        (?P<right>\s-)? \}\}""",
    re.VERBOSE | re.DOTALL,
)


def _actions(text: str) -> Iterator[re.Match[str]]:
    start = text.find("{{")
    while start >= 0:
        action = _ACTION.match(text, start)
        if action is None:
            raise TemplateError(f"{text[start : start + 40]!r} has no end: an action is closed by }}}}")
        yield action
        start = text.find("{{", action.end())


_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:
        (?P<text>"(?:\\.|[^"\\])*" | `[^`]*`)
      | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
      | (?P<fact>\$?[.]?[A-Za-z_]\w*(?:\.\w+)*)
      | (?P<sign>[|()])
      | (?P<end>$)
    )""",
    re.VERBOSE,
)


@dataclass(slots=True)
class _Reading:
    """An action's code, read from its beginning."""

    code: str
    action: str
    at: int = 0

    def peek(self) -> re.Match[str]:
        token = _TOKEN.match(self.code, self.at)
        if token is None:
            raise self.refused(f"{self.code[self.at :].strip()[:20]!r} is no value, function or |")
        return token

    def take(self) -> re.Match[str]:
        token = self.peek()
        self.at = token.end()
        return token

    def refused(self, problem: str) -> TemplateError:
        return TemplateError(f"{' '.join(self.action.split())}: {problem}")


def _pipeline_of(code: str, action: str) -> Term:
    reading = _Reading(code, action)
    term = _pipeline(reading)
    if reading.peek().lastgroup != "end":
        raise reading.refused("a ) without its (")
    return term


def _pipeline(reading: _Reading) -> Term:
    term = _command(reading, None)
    while reading.peek()["sign"] == "|":
        reading.take()
        term = _command(reading, term)
    return term


def _command(reading: _Reading, piped: Term | None) -> Term:
    """A value, or a function with its arguments, of which the last may come through the pipe."""
    token = reading.peek()
    name = token["fact"]
    if name is None or name[0] in "$.":
        term = _operand(reading)
        following = reading.peek()
        if piped is not None or not (following.lastgroup == "end" or following["sign"] in ("|", ")")):
            raise reading.refused("a value takes no argument; only functions do")
        return term
    if name not in FUNCTIONS:
        raise reading.refused(f"{name!r} is not known here; allowed: {', '.join(FUNCTIONS)}")
    reading.take()
    arguments = list(_operands(reading))
    if piped is not None:
        arguments.append(piped)
    _check_arguments(reading, name, arguments)
    return Application(name, tuple(arguments))


def _operands(reading: _Reading) -> Iterator[Term]:
    while (token := reading.peek()).lastgroup != "end" and token["sign"] not in ("|", ")"):
        yield _operand(reading)


def _operand(reading: _Reading) -> Term:
    token = reading.take()
    if token["text"] is not None:
        return Constant(_unquoted(reading, token["text"]))
    if token["number"] is not None:
        digits = token["number"]
        return Constant(int(digits) if re.fullmatch(r"[+-]?\d+", digits) else float(digits))
    if token["sign"] == "(":
        term = _pipeline(reading)
        if reading.take()["sign"] != ")":
            raise reading.refused("a ( without its )")
        return term
    if token["fact"] is not None:
        return _fact(reading, token["fact"])
    raise reading.refused("a value or a function is missing")


def _fact(reading: _Reading, way: str) -> Fact:
    first, *labels = way.split(".") if way[0] == "$" else _dotted(way)
    of = dict(zip(VARIABLES, FIELDS, strict=True)).get(first, first)
    allowed = ", ".join((*VARIABLES, *FIELDS))
    if of not in FIELDS:
        raise reading.refused(f"{way!r} is not known here; allowed: {allowed}")
    if len(labels) > (1 if of.endswith("Labels") else 0):
        raise reading.refused(f"{way!r}: nothing stands below {'.'.join(way.split('.')[:-1])}")
    return Fact(of, labels[0] if labels else None)


def _dotted(way: str) -> list[str]:
    first, *labels = way[1:].split(".")
    return [f".{first}", *labels]


def _check_arguments(reading: _Reading, name: str, arguments: list[Term]) -> None:
    if name == "printf":
        _check_pattern(reading, arguments)
    elif len(arguments) != 1:
        raise reading.refused(f"{name} takes 1 argument, here are {len(arguments)}")
    elif name in TEXT_ONLY and not _is_text(arguments[0]):
        raise reading.refused(f"{name} takes a text, not a number or a map")
    elif isinstance(arguments[0], Fact) and _is_map(arguments[0]):
        raise reading.refused(f"{name} takes one label, such as $labels.symbol, not all of them")


def _check_pattern(reading: _Reading, arguments: list[Term]) -> None:
    if not arguments or not _is_text(arguments[0]):
        raise reading.refused('printf begins with a text, such as printf "%.2f" $value')
    if isinstance(arguments[0], Constant):
        verb = unknown_verb(printed(arguments[0].value))
        if verb is not None:
            raise reading.refused(f"printf doesn't know {verb!r} here; allowed: {', '.join(VERBS)}")


def _is_map(fact: Fact) -> bool:
    return fact.of.endswith("Labels") and fact.label is None


def _is_text(term: Term) -> bool:
    match term:
        case Constant(value=value):
            return isinstance(value, str)
        case Fact():
            return term.of != ".Value" and not _is_map(term)
        case Application():
            return True


def _holds_value(term: Term) -> bool:
    match term:
        case Fact():
            return term.of == ".Value"
        case Application():
            return any(map(_holds_value, term.arguments))
        case Constant():
            return False


def _value(term: Term, subject: Subject) -> Argument:
    match term:
        case Constant():
            return term.value
        case Application():
            return FUNCTIONS[term.function](*(_value(one, subject) for one in term.arguments))
        case Fact(of=".Value"):
            return subject.value
        case Fact(of=".ExternalURL"):
            return subject.external_url
        case Fact():
            labels = subject.labels if term.of == ".Labels" else subject.external_labels
            return labels if term.label is None else labels.get(term.label, "")


_ESCAPE = re.compile(r"\\(?:([abfnrtv\\\"])|([0-7]{3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_SIMPLE = dict(zip('abfnrtv\\"', '\a\b\f\n\r\t\v\\"', strict=True))


def _unquoted(reading: _Reading, quoted: str) -> str:
    if quoted[0] == "`":
        return quoted[1:-1]

    def meant(escape: re.Match[str]) -> str:
        simple, octal, byte, point, other = escape.groups()
        if other is not None:
            raise reading.refused(f"\\{other} is no escape of a text")
        if simple is not None:
            return _SIMPLE[simple]
        return chr(int(octal, 8) if octal else int(byte or point, 16))

    return _ESCAPE.sub(meant, quoted[1:-1])
