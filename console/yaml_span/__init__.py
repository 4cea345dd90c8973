"""Changing values in a YAML file without touching any other byte of it.

The values' spans come from the marks that PyYAML's composer leaves; what is put there is checked by reading
the whole again, as engines do (YAML 1.1). Comments, banners, blank lines, quotes, indentation, line ends and
a byte order mark stay. Files with anchors, aliases, merges, tags or duplicate keys are refused, because there
one span can mean several values.
"""

import copy
from collections.abc import Mapping, Sequence

import yaml

from console.domain.edits import Edit, Path, Put, Value
from console.yaml_file import YamlError, parse_document
from console.yaml_span.compare import same
from console.yaml_span.compose import Source, SpanError, composed
from console.yaml_span.spans import applied, replacements

__all__ = ["SpanError", "edited", "put"]

_BOM = b"\xef\xbb\xbf"


def put(content: bytes, path: Path, value: Value, name: str) -> bytes:
    """The file's bytes with `value` at `path`: `edited` for a single value."""
    return edited(content, (Put(path, value),), name)


def edited(content: bytes, edits: Sequence[Edit], name: str) -> bytes:
    """The file's bytes after all `edits`, in their order, every other byte as it was.

    Of a list or mapping, what stays keeps its span: what goes is cut out with its lines, what is new follows
    the last. `name` is what messages call the file. Raises SpanError.
    """
    mark = _BOM if content.startswith(_BOM) else b""
    try:
        text = content[len(mark) :].decode("utf-8")
        parse_document(text, name)  # bounds depth and size, and says what isn't YAML
    except UnicodeDecodeError as error:
        raise SpanError(f"{name}:1:1: byte {error.start} is not UTF-8") from None
    except YamlError as error:
        raise SpanError(str(error)) from None
    source = composed(text, name)
    wanted = _wanted(source, edits)
    changes = replacements(source, wanted)
    if not changes:
        return content
    changed = applied(text, changes)
    _check(source, edits, wanted, changed)
    return mark + changed.encode("utf-8")


def _wanted(source: Source, edits: Sequence[Edit]) -> object:
    """What the text says after the edits. Raises SpanError where one has no place to go."""
    wanted = {} if source.model is None else copy.deepcopy(source.model)
    for edit in edits:
        inner = _mapping_of(source, wanted, edit.path)
        key = _key(inner, edit.path[-1])
        if not isinstance(edit, Put):
            inner.pop(key, None)
        elif key in inner:
            inner[key] = _plain(edit.value, inner[key])
        else:
            _insert(inner, key, _plain(edit.value, None), edit.after)
    return wanted


def _mapping_of(source: Source, wanted: object, path: Path) -> dict[object, object]:
    """The mapping that holds, or will hold, the last key of `path`."""
    inner = wanted
    for key in path[:-1]:
        inner = inner.get(_key(inner, key)) if isinstance(inner, dict) else None
    if not isinstance(inner, dict):
        raise source.no_place(path)
    return inner


def _key(inner: dict[object, object], key: str) -> object:
    """The key of a mapping that is written as `key`: an unquoted 3 is a number."""
    if key not in inner:
        return next((each for each in inner if not isinstance(each, str) and str(each) == key), key)
    return key


def _plain(value: Value, old: object) -> object:
    """The value as the loader gives it; of a mapping, the keys that stay keep their order."""
    if isinstance(value, bool | int | str):
        return value
    if not isinstance(value, Mapping):
        return list(value)
    before = old if isinstance(old, dict) else {}
    keyed = {_key(before, key): each for key, each in value.items()}
    stay = {key: keyed[key] for key in before if key in keyed}
    return stay | keyed


def _insert(inner: dict[object, object], key: object, value: object, after: str | None) -> None:
    """Add the key behind `after`, or first."""
    entries = list(inner.items())
    place = next((number for number, (each, _) in enumerate(entries, 1) if each == after), 0)
    inner.clear()
    inner.update([*entries[:place], (key, value), *entries[place:]])


def _check(source: Source, edits: Sequence[Edit], wanted: object, changed: str) -> None:
    """Read the new text as engines do: it has to say what was meant, and nothing else may have changed."""
    try:
        read: object = yaml.safe_load(changed)
    except (yaml.YAMLError, ValueError):
        read = None
    if not same(read, wanted):
        where = ", ".join(".".join(edit.path) for edit in edits)
        why = f"{where} can't be changed without changing something else; edit it by hand"
        raise source.refuse(source.node, why)
