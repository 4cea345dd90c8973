"""Methods of dataclasses, compiled when they are first looked up.

Python 3.11 compiles up to six methods of each dataclass as its module is imported, each from a text of its
own. A screen starts with two hundred dataclasses, and calls few of their methods before its first row:
compiling all of them took a fifth of the time until then. Most are never called, and are no more than a text:
with two thousand of them a megabyte depends on how it is kept.
"""

import dataclasses
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import cast

_Method = Callable[..., object]


def compile_late() -> None:
    """Have it so for all dataclasses that are made from here on, in the whole process.

    From 3.13 on Python makes them in another way: nothing is changed there.
    """
    create = getattr(dataclasses, "_create_fn", None)
    if create is None or create.__module__ == __name__:
        return

    def late(
        name: str,
        args: Iterable[str],
        body: Iterable[str],
        *,
        locals: Mapping[str, object] | None = None,
        **kept: object,
    ) -> _Late:
        known = locals or {}
        joined = sys.intern(",".join(args)), "\n  ".join(body)  # as `create` would join them
        names = sys.intern(" ".join(known)), sys.intern(" ".join(kept))  # the same for many methods
        return _Late(name, (create, *joined, *names, *known.values(), *kept.values()))

    dataclasses._create_fn = late  # type: ignore[attr-defined]


_Text = tuple[_Method, str, str, str, str, *tuple[object, ...]]
"""What compiles a method; its arguments; its lines; the names of what it knows, and of more; all values."""


class _Late:
    """Stands in a class for the method `__name__`, which takes its place when it is first looked up."""

    __slots__ = ("__name__", "_compiled", "_text")

    def __init__(self, name: str, text: _Text) -> None:
        self.__name__ = name
        self._text = text
        self._compiled: _Method | None = None

    def __get__(self, instance: object, owner: type) -> object:
        method = self._method()
        for holder in owner.__mro__:
            if vars(holder).get(self.__name__) is self:
                method.__qualname__ = f"{holder.__qualname__}.{self.__name__}"
                setattr(holder, self.__name__, method)
        return method if instance is None else method.__get__(instance, owner)

    def __call__(self, *given: object) -> object:
        """Where the class holds a function that calls the method, as it does for `__repr__`."""
        return self._method()(*given)

    def _method(self) -> _Method:
        if self._compiled is None:
            self._compiled = _compiled(self.__name__, self._text)
        return self._compiled


def _compiled(name: str, text: _Text) -> _Method:
    create, args, body, known, kept, *values = text
    local = dict(zip(known.split(), values, strict=False))
    more = dict(zip(kept.split(), values[len(local) :], strict=True))
    return cast("_Method", create(name, (args,), (body,), locals=local, **more))
