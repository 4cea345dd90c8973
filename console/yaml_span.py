"""Changing one value in a YAML file without touching any other byte of it.

The value's span comes from the marks that PyYAML's composer leaves; what is put there is checked by reading
the whole again, as engines do (YAML 1.1). Comments, banners, blank lines, quotes, indentation, line ends and
a byte order mark stay. Files with anchors, aliases, merges, tags or duplicate keys are refused, because there
one span can mean several values.
"""

import copy
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from console.yaml_file import YamlError, parse_document

Scalar = bool | int | str
Value = Scalar | Sequence[str]
"""What can be written: a scalar, or a list of strings."""

_BOM = b"\xef\xbb\xbf"
_MERGE, _NULL, _STRING = (f"tag:yaml.org,2002:{kind}" for kind in ("merge", "null", "str"))
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_BREAKS = "\r\n\x85\u2028\u2029"
"""What ends a line to PyYAML."""


class SpanError(ValueError):
    """Why a file can't be edited; the message begins with `file:line:column: `."""


@dataclass(frozen=True, slots=True)
class _Edit:
    """Put `text` in the place of the characters from `start` to before `end`."""

    start: int
    end: int
    text: str


def put(content: bytes, path: tuple[str, ...], value: Value, name: str) -> bytes:
    """The file's bytes with `value` at `path`, every other byte as it was.

    A key that its mapping doesn't have yet is inserted before the mapping's first one. Of a list, the items
    that stay keep their spans: those that go are cut out, those that are new follow the last. `name` is what
    messages call the file. Raises SpanError.
    """
    mark = _BOM if content.startswith(_BOM) else b""
    try:
        text = content[len(mark) :].decode("utf-8")
        parse_document(text, name)  # bounds depth and size, and says what isn't YAML
    except UnicodeDecodeError as error:
        raise SpanError(f"{name}:1:1: byte {error.start} is not UTF-8") from None
    except YamlError as error:
        raise SpanError(str(error)) from None
    source = _composed(text, name)
    wanted = _with(source.model, path, value)
    if wanted is not None and _same(source.model, wanted):
        return content
    changed = _applied(text, _Editor(source).put(path, value))
    _check(source, path, wanted, changed)
    return mark + changed.encode("utf-8")


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    text: str
    node: yaml.Node | None
    model: object

    def refuse(self, at: yaml.Node | None, why: str) -> SpanError:
        return _refused(self.name, at, why)


def _refused(name: str, at: yaml.Node | yaml.Event | None, why: str) -> SpanError:
    mark = at.start_mark if at is not None else None
    place = f"{mark.line + 1}:{mark.column + 1}" if mark is not None else "1:1"
    return SpanError(f"{name}:{place}: {why}")


class _Composer(yaml.SafeLoader):
    """A safe loader that refuses what makes a span ambiguous."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.file = name

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            raise self._refused(event, f"alias *{event.anchor}; a file with aliases is edited by hand")
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            raise self._refused(event, f"anchor &{event.anchor}; a file with anchors is edited by hand")
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
            raise self._refused(event, f"tag {event.tag}; a file with tags is edited by hand")
        return super().compose_node(parent, index)

    def check_keys(self, node: yaml.Node | None) -> None:
        """Refuse keys that stand twice, and merge keys."""
        if isinstance(node, yaml.SequenceNode):
            for item in node.value:
                self.check_keys(item)
        if not isinstance(node, yaml.MappingNode):
            return
        seen: set[object] = set()
        for key, value in node.value:
            if key.tag == _MERGE:
                raise self._refused(key, "merge key <<; a file with merges is edited by hand")
            constructed = self.construct_object(key)
            if constructed in seen:
                raise self._refused(key, f"{key.value!r} appears twice; engines take the last")
            seen.add(constructed)
            self.check_keys(value)

    def _refused(self, at: yaml.Node | yaml.Event, why: str) -> SpanError:
        return _refused(self.file, at, why)


def _composed(text: str, name: str) -> _Source:
    loader = _Composer(text, name)
    try:
        node = loader.get_single_node()
        loader.check_keys(node)
        model = None if node is None else loader.construct_document(node)
    except yaml.YAMLError as error:  # the C parser has read it, so this is a dark corner
        raise SpanError(f"{name}:1:1: {' '.join(str(error).split())}") from None
    finally:
        loader.dispose()
    return _Source(name, text, node, model)


class _Editor:
    """Finds the edits that put a value at a path."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._text = source.text

    def put(self, path: tuple[str, ...], value: Value) -> list[_Edit]:
        node = self._source.node
        if self._source.model is None and len(path) == 1:
            return [self._appended(path[0], value)]
        for depth, key in enumerate(path):
            inner = self._child(node, key)
            if inner is None:
                if depth == len(path) - 1 and isinstance(node, yaml.MappingNode):
                    return [self._inserted(node, key, value)]
                where = ".".join(path[: depth + 1])
                raise self._source.refuse(node, f"there is no {where}")
            node = inner
        assert node is not None  # noqa: S101 (a path of no keys is nobody's)
        if isinstance(value, bool | int | str):
            return [self._scalar(node, value)]
        return self._list(node, tuple(value))

    def _child(self, node: yaml.Node | None, key: str) -> yaml.Node | None:
        if isinstance(node, yaml.MappingNode):
            return next((value for name, value in node.value if name.value == key), None)
        return None

    def _scalar(self, node: yaml.Node, value: Scalar) -> _Edit:
        if not isinstance(node, yaml.ScalarNode):
            raise self._source.refuse(node, "is a list or a mapping, not a single value")
        if node.style in ("|", ">"):
            raise self._source.refuse(node, "is a block of text; such a value is edited by hand")
        quote = node.style if node.style in ("'", '"') else ""
        return self._replaced(node, _rendered(value, quote))

    def _replaced(self, node: yaml.Node, text: str) -> _Edit:
        start, end = _span(node)
        space = " " if start == end and self._text[start - 1 : start] == ":" else ""
        return _Edit(start, end, space + text)

    def _inserted(self, node: yaml.MappingNode, key: str, value: Value) -> _Edit:
        line = f"{_rendered(key)}: {_in_flow(value)}"
        if node.flow_style:
            start = _span(node)[0] + 1
            return _Edit(start, start, line + (", " if node.value else ""))
        first = node.value[0][0].start_mark
        begin = first.index - first.column
        indent = self._text[begin : first.index]
        if indent.strip(" "):
            raise self._source.refuse(node, f"there is no room for {key} before the first key")
        return _Edit(begin, begin, indent + line + self._line_end(first.index))

    def _appended(self, key: str, value: Value) -> _Edit:
        """A first key, in a file that holds nothing but comments."""
        end = len(self._text)
        line_end = self._line_end(0)
        before = line_end if self._text and self._text[-1] not in _BREAKS else ""
        return _Edit(end, end, f"{before}{_rendered(key)}: {_in_flow(value)}{line_end}")

    def _line_end(self, index: int) -> str:
        """How the line around `index` ends; of the last line without an end, how the one before does."""
        found = re.search(r"\r\n|\r|\n", self._text[index:]) or re.search(r"\r\n|\r|\n", self._text)
        return found.group() if found else "\n"

    def _list(self, node: yaml.Node, items: tuple[str, ...]) -> list[_Edit]:
        if node.tag == _NULL:
            return [self._replaced(node, _in_flow(items))]
        if not isinstance(node, yaml.SequenceNode):
            raise self._source.refuse(node, "is not a list")
        if not all(isinstance(item, yaml.ScalarNode) for item in node.value):
            raise self._source.refuse(node, "is a list of more than plain values")
        kept, new = _kept(node.value, items)
        if node.flow_style:
            return self._flow_list(node, kept, new)
        return self._block_list(node, kept, new)

    def _flow_list(self, node: yaml.SequenceNode, kept: list[bool], new: tuple[str, ...]) -> list[_Edit]:
        start, end = _span(node)
        if not any(kept) and not re.search(rf"[#{_BREAKS}]", self._text[start:end]):
            return [_Edit(start, end, _in_flow(new))]
        edits = [self._cut_from_flow(node, index, kept) for index, stays in enumerate(kept) if not stays]
        text = ", ".join(_rendered(item) for item in new)
        if new and any(kept):
            last = max(index for index, stays in enumerate(kept) if stays)
            after = _span(node.value[last])[1]
            edits.append(_Edit(after, after, f", {text}"))
        elif new:
            edits.append(_Edit(start + 1, start + 1, text))
        return edits

    def _cut_from_flow(self, node: yaml.SequenceNode, index: int, kept: list[bool]) -> _Edit:
        """Cut an item with one comma: the one before it, if an item stays before, else the one after."""
        start, end = _span(node.value[index])
        if any(kept[:index]):
            before = _span(node.value[index - 1])[1]
            cut = _Edit(before, end, "")
        elif index + 1 < len(node.value):
            cut = _Edit(start, _span(node.value[index + 1])[0], "")
        else:
            cut = _Edit(start, end, "")
        if re.search(rf"[#{_BREAKS}]", self._text[cut.start : cut.end]):
            raise self._source.refuse(
                node.value[index], "shares its line's end with a comma; edit it by hand"
            )
        return cut

    def _block_list(self, node: yaml.SequenceNode, kept: list[bool], new: tuple[str, ...]) -> list[_Edit]:
        lines = [self._item_lines(item) for item in node.value]
        edits = [_Edit(*lines[index], "") for index, stays in enumerate(kept) if not stays]
        if not any(kept) and not new:
            raise self._source.refuse(node, "a block list can't be emptied; write [] by hand")
        if new:
            first, after = lines[-1]
            dash = self._text[first : _span(node.value[-1])[0]]
            line_end = self._line_end(first)
            text = "".join(f"{dash}{_rendered(item)}{line_end}" for item in new)
            if self._text[after - 1] not in _BREAKS:
                text = line_end + text.removesuffix(line_end)
            edits.append(_Edit(after, after, text))
        return edits

    def _item_lines(self, item: yaml.Node) -> tuple[int, int]:
        """From the start of the line on which an item's dash stands, to behind the end of its last line."""
        mark = item.start_mark
        begin = mark.index - mark.column
        if not re.fullmatch(r" *- +", self._text[begin : mark.index]):
            raise self._source.refuse(item, "doesn't stand alone behind a dash; edit it by hand")
        found = re.compile(rf"\r\n|[{_BREAKS}]").search(self._text, _span(item)[1])
        return begin, found.end() if found else len(self._text)


def _kept(items: Sequence[yaml.ScalarNode], wanted: tuple[str, ...]) -> tuple[list[bool], tuple[str, ...]]:
    """Which items stay where they are, and what has to follow them so that the list becomes `wanted`."""
    kept, reached = [], 0
    for item in items:
        stays = reached < len(wanted) and item.tag == _STRING and item.value == wanted[reached]
        kept.append(stays)
        reached += stays
    return kept, wanted[reached:]


def _span(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.index, node.end_mark.index


def _applied(text: str, edits: Sequence[_Edit]) -> str:
    for edit in sorted(edits, key=lambda each: (each.start, each.end), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _in_flow(value: Value) -> str:
    if isinstance(value, bool | int | str):
        return _rendered(value)
    return f"[{', '.join(_rendered(item) for item in value)}]"


def _rendered(value: Scalar, quote: str = "") -> str:
    """A scalar as text: bare where YAML reads it so, else in quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    simple = value.isascii() and value.isprintable()
    if quote == "'" and simple:
        return "'" + value.replace("'", "''") + "'"
    if not quote and _PLAIN.fullmatch(value) and yaml.safe_load(value) == value:
        return value
    return '"' + "".join(_escaped(letter) for letter in value) + '"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    if letter.isascii() and letter.isprintable():
        return letter
    code = ord(letter)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _with(model: object, path: tuple[str, ...], value: Value) -> object:
    """The model with `value` at `path`; None where there is no such place, as the editor then says."""
    wanted = {} if model is None else copy.deepcopy(model)
    inner: object = wanted
    for key in path[:-1]:
        inner = inner.get(_key(inner, key)) if isinstance(inner, dict) else None
    if isinstance(inner, dict):
        inner[_key(inner, path[-1])] = value if isinstance(value, bool | int | str) else list(value)
    else:
        return None
    return wanted


def _check(source: _Source, path: tuple[str, ...], wanted: object, changed: str) -> None:
    """Read the new text as engines do: it has to say what was meant, and nothing else may have changed."""
    try:
        read: object = yaml.safe_load(changed)
    except (yaml.YAMLError, ValueError):
        read = None
    if not _same(read, wanted):
        where = ".".join(path)
        why = f"{where} can't be changed without changing something else; edit it by hand"
        raise source.refuse(source.node, why)


def _key(inner: object, key: str) -> object:
    """The key of a mapping that is written as `key`: an unquoted 3 is a number."""
    if isinstance(inner, dict) and key not in inner:
        return next((each for each in inner if not isinstance(each, str) and str(each) == key), key)
    return key


def _same(left: object, right: object) -> bool:
    """Equality that tells True from 1, and takes NaN as itself."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return left == right
