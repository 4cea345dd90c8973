"""YAML documents whose every value knows its place, so that a mistake can be named by line and column.

Read as PyYAML's safe loader reads them (YAML 1.1), which is what the engines do.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

Path_ = tuple[str | int, ...]
"""The way to a value: keys and list indices from the top of the document."""

if TYPE_CHECKING or not yaml.__with_libyaml__:
    from yaml import SafeLoader
else:
    from yaml import CSafeLoader as SafeLoader

_MOST_VALUES = 200_000
"""Aliases of aliases can make a short file endless; no file of an engine has this many values."""
_MOST_LEVELS = 100
"""Composing recurses, in C without a bound: far deeper text would end the process."""


class YamlError(ValueError):
    """A file that isn't readable YAML. The message begins with `file:line:column: `."""


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column, both counted from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: plain values, and where each of them begins.

    `duplicates` names keys that appear twice in one mapping: the loader keeps the last silently.
    """

    name: str
    data: object
    values: Mapping[Path_, Place]
    keys: Mapping[Path_, Place]
    duplicates: tuple[tuple[str, Place], ...]

    def locate(self, path: Path_, *, key: bool = False) -> str:
        """`file:line:column` of what `place` finds."""
        return f"{self.name}:{self.place(path, key=key)}"

    def place(self, path: Path_, *, key: bool = False) -> Place:
        """Where the value at `path` (or its key) begins, or what is nearest above it."""
        for end in range(len(path), -1, -1):
            near = path[:end]
            place = self.keys.get(near) if key and end == len(path) else None
            place = place or self.values.get(near)
            if place is not None:
                return place
        return Place(1, 1)


def read_document(file: Path, *, name: str | None = None) -> Document:
    """Read and parse `file`; OSError when it can't be read, YamlError when it isn't YAML in UTF-8."""
    shown = name or str(file)
    try:
        return parse_document(file.read_bytes().decode("utf-8-sig"), shown)
    except UnicodeDecodeError as error:
        raise YamlError(f"{shown}:1:1: byte {error.start} is not UTF-8") from None


def parse_document(text: str, name: str) -> Document:
    """Parse `text`, the content of the file that messages call `name`."""
    loader = _Loader(text)
    try:
        _check_size(text)
        node = loader.get_single_node()
        document = _located(name, node)
        data = None if node is None else loader.construct_document(node)
    except _Refused as error:
        raise YamlError(f"{name}:{error.place}: {error}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        problem = " ".join(str(error.problem or error.context or "not YAML").split())
        if mark and _character_at(text, mark.line, mark.column) == "\t":
            problem = "a tab character; YAML is indented with spaces"
        raise YamlError(f"{name}:{at}: {problem}") from None
    except yaml.YAMLError:  # the reader's: a character that YAML doesn't allow at all
        raise YamlError(f"{name}:1:1: control characters are not allowed") from None
    finally:
        loader.dispose()
    return replace(document, data=data)


class _Refused(Exception):  # noqa: N818 - what the text is, not an error of ours
    """What is wrong with one value or key, and where it stands."""

    def __init__(self, at: yaml.Node | yaml.Event, problem: str) -> None:
        super().__init__(problem)
        self.place = _place(at)


class _Loader(SafeLoader):
    """A safe loader that names the place of a value which isn't what its tag says, such as a day 32."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:
        try:
            return super().construct_object(node, deep)
        except (LookupError, AttributeError, ValueError, OverflowError) as error:
            tag = node.tag.rpartition(":")[2]
            problem = f"{str(node.value)[:40]!r} is no {tag}"
            raise _Refused(node, problem) from error


def _check_size(text: str) -> None:
    """Refuse text that is too deep or too long to be composed."""
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=SafeLoader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MOST_LEVELS:
            raise _Refused(event, _TOO_DEEP)
        if number > 2 * _MOST_VALUES:
            raise _Refused(event, _TOO_MANY)


_TOO_DEEP = f"nested deeper than {_MOST_LEVELS} levels"
_TOO_MANY = f"more than {_MOST_VALUES} values"


def _located(name: str, top: yaml.Node | None) -> Document:
    """The document without its data: where every value and key is, and which keys stand twice."""
    values: dict[Path_, Place] = {}
    keys: dict[Path_, Place] = {}
    duplicates: list[tuple[str, Place]] = []
    for path, node, key in _walk(top, ()) if top is not None else ():
        if len(values) >= _MOST_VALUES:
            raise _Refused(node, _TOO_MANY)
        values[path] = _place(node)
        if key is not None:
            if path in keys:
                duplicates.append((str(path[-1]), _place(key)))
            keys[path] = _place(key)
    return Document(name, None, values, keys, tuple(duplicates))


def _walk(
    node: yaml.Node, path: Path_, key: yaml.Node | None = None, above: tuple[yaml.Node, ...] = ()
) -> Iterator[tuple[Path_, yaml.Node, yaml.Node | None]]:
    """Every value with its way and its key's node; an alias to something above itself is not entered."""
    yield path, node, key
    if node in above:
        return
    if len(above) > _MOST_LEVELS:
        raise _Refused(node, _TOO_DEEP)
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            if isinstance(key_node, yaml.ScalarNode):
                yield from _walk(value_node, (*path, key_node.value), key_node, (*above, node))
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _walk(item, (*path, index), None, (*above, node))


def _place(at: yaml.Node | yaml.Event) -> Place:
    mark = at.start_mark
    return Place(mark.line + 1, mark.column + 1) if mark is not None else Place(1, 1)


def _character_at(text: str, line: int, column: int) -> str:
    lines = text.splitlines()
    return lines[line][column : column + 1] if line < len(lines) else ""
