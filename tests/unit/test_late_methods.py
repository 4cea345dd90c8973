"""Dataclasses whose methods are compiled late: they behave as all others do."""

import dataclasses
import inspect
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import FrozenInstanceError, dataclass, field, replace
from typing import Any

import pytest

from console.late_methods import compile_late

pytestmark = pytest.mark.skipif(not hasattr(dataclasses, "_create_fn"), reason="Python makes them otherwise")


@contextmanager
def compiling_late() -> Iterator[list[str]]:
    """Until the end of the block dataclasses are made as the program has them; yields what was compiled."""
    names: list[str] = []
    create: Callable[..., object] = dataclasses._create_fn  # type: ignore[attr-defined]

    def noted(name: str, *text: object, **kept: object) -> object:
        names.append(name)
        return create(name, *text, **kept)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataclasses, "_create_fn", noted)
        compile_late()
        compile_late()  # as often as one likes
        yield names


def value() -> type[Any]:
    @dataclass(frozen=True, slots=True)
    class Value:
        """Something."""

        name: str
        parts: tuple[object, ...] = ()
        note: list[str] = field(default_factory=list, compare=False)

    return Value


def counted() -> type[Any]:
    """Not frozen, ordered, and without words of its own."""

    @dataclass(order=True)
    class Counted:
        count: int
        unit: str = field(default="s", kw_only=True)

    return Counted


def derived() -> type[Any]:
    """Of one dataclass another, and of that a plain class which calls its methods."""

    @dataclass(frozen=True)
    class Base:
        name: str

    @dataclass(frozen=True)
    class Middle(Base):
        more: int = 3

    class Derived(Middle):
        def __init__(self, name: str) -> None:
            super().__init__(name, more=4)

        def __eq__(self, other: object) -> bool:
            return super().__eq__(other)

        __hash__ = Middle.__hash__

    return Derived


def told(act: Callable[[], object]) -> object:
    """What it comes to, which may be an error."""
    try:
        return act()
    except (AttributeError, TypeError) as error:
        return type(error), str(error)


def asked(made: type[Any], first: object, second: object) -> list[object]:
    """What is asked of a dataclass and its values, and what they answer."""
    one, same, other = made(first), made(first), made(second)
    name = next(iter(inspect.signature(made).parameters))
    return [
        (repr(one), repr(other), made.__doc__),
        (one == same, one == other, one != other, one == first),
        told(lambda: hash(one) == hash(same)),
        told(lambda: one < other),
        told(lambda: replace(one, **{name: second}) == other),
        told(lambda: setattr(one, name, second)),
        told(lambda: delattr(one, name)),
        told(made),
        [
            (method.__name__, method.__qualname__, str(inspect.signature(method)))
            for method in (made.__init__, made.__eq__)
        ],
    ]


@pytest.mark.parametrize(
    ("make", "first", "second"), [(value, "a", "b"), (counted, 1, 2), (derived, "a", "b")]
)
def test_they_behave_as_those_that_are_compiled_at_once(
    make: Callable[[], type[Any]], first: object, second: object
) -> None:
    at_once = asked(make(), first, second)
    with compiling_late() as compiled:
        late = make()
        compiled.clear()  # a class without words of its own is described by its `__init__`
    assert asked(late, first, second) == at_once
    assert {"__repr__", "__eq__"} <= set(compiled)


def test_nothing_is_compiled_before_it_is_called_and_nothing_twice() -> None:
    with compiling_late() as compiled:
        made = value()
    assert compiled == []
    one = made("a")
    assert compiled == ["__init__"]
    assert one == made("a")
    assert one == made("a")
    assert repr(one) == repr(made("a"))
    assert compiled == ["__init__", "__eq__", "__repr__"]


def test_a_method_that_waits_takes_little_more_than_its_text() -> None:
    """A screen has two thousand of them, of which it calls every tenth."""
    names = [f"field{number}" for number in range(40)]

    def made() -> object:
        lines = [f"self.{name}={name}" for name in names]
        args = [f"{name}:_type_{name}" for name in names]
        create: Callable[..., object] = dataclasses._create_fn  # type: ignore[attr-defined]
        return create("__init__", args, lines, locals={f"_type_{name}": str for name in names})

    with compiling_late():
        made()
        tracemalloc.start()
        waiting = [made() for _ in range(20)]
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    text = sum(len(f"self.{name}={name},{name}:_type_{name} _type_{name}") for name in names)
    assert held < 2 * text * len(waiting)


def test_a_value_that_holds_itself_is_printed() -> None:
    with compiling_late():
        made = value()
    one = made("a", note=[])
    one.note.append(one)
    assert repr(one).endswith("(name='a', parts=(), note=[...])")


def test_frozen_stays_frozen_in_any_thread() -> None:
    with compiling_late():
        made = value()
    one, errors = made("a"), list[Exception]()
    begin = threading.Barrier(8)

    def change() -> None:
        begin.wait()
        try:
            one.name = "b"
        except FrozenInstanceError as error:
            errors.append(error)

    threads = [threading.Thread(target=change) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(errors), one.name) == (8, "a")
