"""A YAML text with the places of its values, if every place means one value only."""

from dataclasses import dataclass

import yaml

from console.domain.edits import Path

_MERGE = "tag:yaml.org,2002:merge"


class SpanError(ValueError):
    """Why a file can't be edited; the message begins with `file:line:column: `."""


@dataclass(frozen=True, slots=True)
class Source:
    """The text, its nodes with their marks, and what an engine reads in it. `name` is the file's."""

    name: str
    text: str
    node: yaml.Node | None
    model: object

    def refuse(self, at: yaml.Node | None, why: str) -> SpanError:
        """The error that says `why` the value at `at` can't be edited."""
        return _at(self.name, at.start_mark if at is not None else None, why)

    def no_place(self, path: Path) -> SpanError:
        """The error that says which key on the way to the last one of `path` isn't there."""
        node = self.node
        for depth, key in enumerate(path, 1):
            inner = _child(node, key)
            if inner is None:
                return self.refuse(node, f"there is no {'.'.join(path[:depth])}")
            node = inner
        return self.refuse(node, f"there is no {'.'.join(path)}")


def composed(text: str, name: str) -> Source:
    """Compose the text. Raises SpanError for anchors, aliases, merges, tags and keys that stand twice."""
    loader = _Composer(text, name)
    try:
        node = loader.get_single_node()
        loader.check_keys(node)
        model = None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:  # such as a tab before a comment, which the C parser takes
        raise _at(name, error.problem_mark, f"engines can't read it: {error.problem}") from None
    finally:
        loader.dispose()
    return Source(name, text, node, model)


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
        return _at(self.file, at.start_mark, why)


def _at(name: str, mark: object, why: str) -> SpanError:
    place = f"{mark.line + 1}:{mark.column + 1}" if isinstance(mark, yaml.Mark) else "1:1"
    return SpanError(f"{name}:{place}: {why}")


def _child(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for name, value in node.value if name.value == key), None)
    return None
