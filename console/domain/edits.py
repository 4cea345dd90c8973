"""Changes of a document that is made of mappings, such as the flags file, whatever its notation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Scalar = bool | int | str
Value = Scalar | Sequence[str] | Mapping[str, Scalar]
"""What can be written: a single value, a list of strings, or a mapping of single values."""

Path = tuple[str, ...]
"""The way to a value: keys from the top of the document, as they are written."""


@dataclass(frozen=True, slots=True)
class Put:
    """Have `value` at `path`. The mapping that holds the last key has to be there.

    A list or mapping is given whole, and what it holds already stays as it is written. A new key comes behind
    the key `after` of its mapping, or first where that is None or missing.
    """

    path: Path
    value: Value
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Remove:
    """Have no key at `path`; nothing happens where there is none."""

    path: Path


Edit = Put | Remove
