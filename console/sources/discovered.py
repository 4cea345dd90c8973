"""Sources that connect when they are first read, and again when the engine has moved."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Generic, TypeVar

from console.domain.reading import Dated
from console.sources.engine import EngineFile, read_engine_file
from console.sources.errors import NothingThereError
from console.sources.source import Cancellable, Source

T_co = TypeVar("T_co", covariant=True)


class Deferred(Generic[T_co]):
    """Makes its source at the first read: heavy imports, secrets and certificates wait until then."""

    def __init__(self, connect: Callable[[], Source[T_co]]) -> None:
        self._connect = connect
        self._source: Source[T_co] | None = None

    def read(self) -> Dated[T_co]:
        if self._source is None:
            self._source = self._connect()
        return timed(self._source)

    def cancel(self) -> None:
        cancel_if_possible(self._source)


class Discovered(Generic[T_co]):
    """Looks into engine.json before each read, and follows an engine that starts again elsewhere."""

    def __init__(self, engine_file: Path, connect: Callable[[EngineFile], Source[T_co]]) -> None:
        self._engine_file = engine_file
        self._connect = connect
        self._engine: EngineFile | None = None
        self._source: Source[T_co] | None = None

    def read(self) -> Dated[T_co]:
        engine = read_engine_file(self._engine_file)
        if engine is None:
            raise NothingThereError(f"no engine runs: there is no {self._engine_file}")
        if self._source is None or engine != self._engine:
            self._source = self._connect(engine)
            self._engine = engine
        return timed(self._source)

    def cancel(self) -> None:
        cancel_if_possible(self._source)


def timed(source: Source[T_co]) -> Dated[T_co]:
    """The source's answer with how long it took by itself, imports and connecting before it left out."""
    began = time.perf_counter()
    answer = source.read()
    return answer if answer.took is not None else replace(answer, took=time.perf_counter() - began)


def cancel_if_possible(source: Source[object] | None) -> None:
    """Cut the source's reading short, where it knows how."""
    if isinstance(source, Cancellable):
        source.cancel()
