"""Methods of dataclasses, compiled when they are first looked up.

Python 3.11 compiles up to six methods of each dataclass as its module is imported, each from a text of its
own. A screen starts with two hundred dataclasses, and calls few of their methods before its first row:
compiling all of them took a fifth of the time until then.
"""

import dataclasses
from collections.abc import Callable
from functools import partial

_Method = Callable[..., object]


def compile_late() -> None:
    """Have it so for all dataclasses that are made from here on, in the whole process.

    From 3.13 on Python makes them in another way: nothing is changed there.
    """
    create = getattr(dataclasses, "_create_fn", None)
    if create is None or create.__module__ == __name__:
        return

    def late(name: str, *text: object, **kept: object) -> _Late:
        return _Late(name, partial(create, name, *text, **kept))

    dataclasses._create_fn = late  # type: ignore[attr-defined]


class _Late:
    """Stands in a class for the method `__name__`, which takes its place when it is first looked up."""

    __slots__ = ("__name__", "_compile", "_compiled")

    def __init__(self, name: str, compile_: Callable[[], _Method]) -> None:
        self.__name__ = name
        self._compile = compile_
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
            self._compiled = self._compile()
        return self._compiled
