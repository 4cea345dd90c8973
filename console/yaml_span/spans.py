"""Which characters of a text have to change so that it says something else."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import yaml

from console.yaml_span.compare import same
from console.yaml_span.compose import Source
from console.yaml_span.render import entry, in_flow, scalar

_NULL, _STRING = (f"tag:yaml.org,2002:{kind}" for kind in ("null", "str"))
_BREAKS = "\r\n\x85\u2028\u2029"
"""What ends a line to PyYAML."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """Put `text` in the place of the characters from `start` to before `end`."""

    start: int
    end: int
    text: str


def replacements(source: Source, wanted: object) -> list[Replacement]:
    """What makes the source's text say `wanted`: as little as can be. Raises SpanError."""
    writer = _Writer(source)
    if source.model is None and isinstance(wanted, dict):
        return writer.first_keys(wanted)
    return [] if source.node is None else list(writer.changes(source.node, source.model, wanted))


def applied(text: str, changes: Sequence[Replacement]) -> str:
    """The text with all changes made; of those at one place, in their order."""
    pieces, reached = [], 0
    for change in sorted(changes, key=lambda each: (each.start, each.end)):
        pieces += [text[reached : change.start], change.text]
        reached = change.end
    return "".join(pieces) + text[reached:]


@dataclass(frozen=True, slots=True)
class _Members:
    """What a list or mapping holds, with what becomes of it.

    `first` and `last` are each member's outermost nodes, `kept` whether it stays, and `new` what is written
    behind each of them; under -1, before the first.
    """

    first: Sequence[yaml.Node]
    last: Sequence[yaml.Node]
    kept: Sequence[bool]
    new: Mapping[int, Sequence[str]]


class _Writer:
    """Finds the replacements, node by node."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = source.text

    def changes(self, node: yaml.Node, model: object, wanted: object) -> Iterator[Replacement]:
        """Make `node`, which says `model`, say `wanted`."""
        if same(model, wanted):
            return
        if not isinstance(wanted, dict | list):
            yield self._scalar(node, wanted)
        elif node.tag == _NULL:
            yield self._replaced(node, in_flow(wanted))
        elif isinstance(wanted, dict):
            yield from self._mapping(node, model, wanted)
        else:
            yield from self._list(node, wanted)

    def first_keys(self, wanted: Mapping[object, object]) -> list[Replacement]:
        """The keys of a file that holds nothing but comments."""
        end = len(self._text)
        line_end = self._line_end(0)
        before = line_end if self._text and self._text[-1] not in _BREAKS else ""
        lines = "".join(entry(key, value) + line_end for key, value in wanted.items())
        return [Replacement(end, end, before + lines)] if lines else []

    def _scalar(self, node: yaml.Node, value: object) -> Replacement:
        if not isinstance(node, yaml.ScalarNode):
            raise self._source.refuse(node, "is a list or a mapping, not a single value")
        if node.style in ("|", ">"):
            raise self._source.refuse(node, "is a block of text; such a value is edited by hand")
        return self._replaced(node, scalar(value, _quote(node)))

    def _replaced(self, node: yaml.Node, text: str) -> Replacement:
        start, end = _span(node)
        space = " " if start == end and self._text[start - 1 : start] == ":" else ""
        return Replacement(start, end, space + text)

    def _mapping(
        self, node: yaml.Node, model: object, wanted: Mapping[object, object]
    ) -> Iterator[Replacement]:
        if not isinstance(node, yaml.MappingNode) or not isinstance(model, dict):
            raise self._source.refuse(node, "is not a mapping")
        for (_, value), (key, old) in zip(node.value, model.items(), strict=True):
            if key in wanted:
                yield from self.changes(value, old, wanted[key])
        members = _Members(
            [key for key, _ in node.value],
            [value for _, value in node.value],
            [key in wanted for key in model],
            _new_entries(list(model), wanted),
        )
        if node.flow_style:
            yield from self._in_flow(node, members, in_flow(wanted))
        else:
            yield from self._in_block(node, members)

    def _list(self, node: yaml.Node, wanted: Sequence[str]) -> Iterator[Replacement]:
        if not isinstance(node, yaml.SequenceNode):
            raise self._source.refuse(node, "is not a list")
        if not all(isinstance(item, yaml.ScalarNode) for item in node.value):
            raise self._source.refuse(node, "is a list of more than plain values")
        kept, new = _kept(node.value, wanted)
        quote = _quote(node.value[-1]) if node.value else ""
        texts = [scalar(item, quote) for item in new]
        members = _Members(node.value, node.value, kept, {len(kept) - 1: texts})
        if node.flow_style:
            yield from self._in_flow(node, members, in_flow(wanted))
        else:
            yield from self._in_block(node, members)

    def _in_flow(self, node: yaml.Node, members: _Members, whole: str) -> Iterator[Replacement]:
        start, end = _span(node)
        if not any(members.kept) and "#" not in self._text[start:end]:
            yield Replacement(start, end, whole)
            return
        for index, stays in enumerate(members.kept):
            if not stays:
                yield self._cut_from_flow(members, index)
        for index, texts in members.new.items():
            before = next((each for each in range(index, -1, -1) if members.kept[each]), None)
            text = ", ".join(texts)
            if text and before is not None:
                after = _span(members.last[before])[1]
                yield Replacement(after, after, f", {text}")
            elif text:
                yield Replacement(start + 1, start + 1, text + (", " if any(members.kept) else ""))

    def _cut_from_flow(self, members: _Members, index: int) -> Replacement:
        """Cut a member with one comma: the one before it, if a member stays before, else the one after."""
        start, end = _span(members.first[index])[0], _span(members.last[index])[1]
        if any(members.kept[:index]):
            start = _span(members.last[index - 1])[1]
        elif index + 1 < len(members.kept):
            end = _span(members.first[index + 1])[0]
        if "#" in self._text[start:end]:
            why = "stands by a comment, which would go with it; edit it by hand"
            raise self._source.refuse(members.first[index], why)
        return Replacement(start, end, "")

    def _in_block(self, node: yaml.CollectionNode, members: _Members) -> Iterator[Replacement]:
        if not any(members.kept) and not any(members.new.values()):
            kind, empty = ("list", "[]") if isinstance(node, yaml.SequenceNode) else ("mapping", "{}")
            raise self._source.refuse(node, f"a block {kind} can't be emptied; write {empty} by hand")
        lead = " *- +" if isinstance(node, yaml.SequenceNode) else " *"
        for index, stays in enumerate(members.kept):
            if not stays:
                yield Replacement(self._begin(members, index, lead), self._behind(members, index), "")
        for index, texts in members.new.items():
            if texts:
                begin = self._begin(members, max(index, 0), lead)
                indent = self._text[begin : _span(members.first[max(index, 0)])[0]]
                line_end = self._line_end(begin)
                lines = "".join(f"{indent}{text}{line_end}" for text in texts)
                at = begin if index < 0 else self._behind(members, index)
                if at and self._text[at - 1] not in _BREAKS:
                    lines = line_end + lines.removesuffix(line_end)
                yield Replacement(at, at, lines)

    def _begin(self, members: _Members, index: int, lead: str) -> int:
        """The start of a member's first line, on which nothing but `lead` stands before it."""
        first = members.first[index]
        begin = first.start_mark.index - first.start_mark.column
        if not re.fullmatch(lead, self._text[begin : first.start_mark.index]):
            raise self._source.refuse(first, "doesn't begin its line; edit it by hand")
        return begin

    def _behind(self, members: _Members, index: int) -> int:
        """Behind the end of a member's last line."""
        found = re.compile(rf"\r\n|[{_BREAKS}]").search(self._text, self._end(members.last[index]))
        return found.end() if found else len(self._text)

    def _end(self, node: yaml.Node) -> int:
        """Where a value's last character stands: a block's own mark is behind the comments that follow."""
        if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
            raise self._source.refuse(node, "is a block of text; such a value is edited by hand")
        if isinstance(node, yaml.CollectionNode) and not node.flow_style:
            last = node.value[-1]
            return self._end(last[1] if isinstance(last, tuple) else last)
        return _span(node)[1]

    def _line_end(self, index: int) -> str:
        """How the line around `index` ends; of the last line without an end, how the one before does."""
        found = re.search(r"\r\n|\r|\n", self._text[index:]) or re.search(r"\r\n|\r|\n", self._text)
        return found.group() if found else "\n"


def _new_entries(present: Sequence[object], wanted: Mapping[object, object]) -> dict[int, list[str]]:
    """The entries that are to be written, by the index of the key that they come behind."""
    new: dict[int, list[str]] = {}
    places = {key: index for index, key in enumerate(present)}
    index = -1
    for key, value in wanted.items():
        if key in places:
            index = places[key]
        else:
            new.setdefault(index, []).append(entry(key, value))
    return new


def _kept(items: Sequence[yaml.ScalarNode], wanted: Sequence[str]) -> tuple[list[bool], Sequence[str]]:
    """Which items stay where they are, and what has to follow them so that the list becomes `wanted`."""
    kept, reached = [], 0
    for item in items:
        stays = reached < len(wanted) and item.tag == _STRING and item.value == wanted[reached]
        kept.append(stays)
        reached += stays
    return kept, wanted[reached:]


def _quote(node: yaml.Node) -> str:
    """The quotes in which a value stands."""
    return node.style if isinstance(node, yaml.ScalarNode) and node.style in ("'", '"') else ""


def _span(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.index, node.end_mark.index
