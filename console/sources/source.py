"""What every source is."""

from typing import Protocol, TypeVar, runtime_checkable

from console.domain.reading import Dated

T_co = TypeVar("T_co", covariant=True)


class Source(Protocol[T_co]):
    """One surface of an engine.

    `read` blocks, bounds itself in time, and raises SourceError in plain words. A source whose reading can be
    cut short from another thread has a `cancel` too (`Cancellable`).
    """

    def read(self) -> Dated[T_co]: ...


@runtime_checkable
class Cancellable(Protocol):
    def cancel(self) -> None: ...
