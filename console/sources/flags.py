"""The feature-flags file as a source, read as an engine reads it: PyYAML, YAML 1.1."""

import hashlib
from pathlib import Path

from console.domain.reading import Dated
from console.domain.surfaces import Feature, Flags
from console.sources.errors import SourceError
from console.yaml_file import Document, Path_, YamlError, parse_document

LARGEST = 4 * 1024 * 1024
"""Bytes. A flags file of sixty features has twenty thousand."""


class FlagsSource:
    """Reads `Flags` from one file, which is parsed again only when its bytes have changed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._bytes = b""
        self._flags: Flags | None = None

    def read(self) -> Dated[Flags]:
        """The file's content now; SourceError says `file:line:column` of what can't be read."""
        try:
            with self._file.open("rb") as stream:
                content = stream.read(LARGEST + 1)
        except OSError as error:
            raise SourceError(f"{self._file}: {error.strerror or error}") from None
        if len(content) > LARGEST:
            raise SourceError(f"{self._file}: larger than {LARGEST // 1024 // 1024} MB")
        if self._flags is None or content != self._bytes:
            self._flags = parse_flags(content, str(self._file))
            self._bytes = content
        return Dated(self._flags)


def parse_flags(content: bytes, name: str) -> Flags:
    """Read a flags file's bytes; `name` is what messages call the file. Raises SourceError."""
    try:
        document = parse_document(content.decode("utf-8-sig"), name)
    except UnicodeDecodeError as error:
        raise SourceError(f"{name}:1:1: byte {error.start} is not UTF-8") from None
    except YamlError as error:
        raise SourceError(str(error)) from None
    top = {} if document.data is None else document.data
    if not isinstance(top, dict):
        raise SourceError(f"{name}:1:1: a flags file is a mapping with features")
    features = top.get("features") or {}
    if not isinstance(features, dict):
        raise SourceError(f"{document.locate(('features',))}: features is a mapping of feature names")
    remarks = [
        f"{name}:{place}: {key!r} appears twice; engines take the last" for key, place in document.duplicates
    ]
    if not features:
        remarks.append(f"{document.locate(('features',))}: no features; to an engine every one is unknown")
    environment = top.get("environment")
    return Flags(
        path=name,
        digest=hashlib.sha256(content).hexdigest(),
        global_kill_switch=_switch(
            document, ("global_kill_switch",), top.get("global_kill_switch"), default=False
        ),
        environment=None if environment is None else str(environment),
        features=tuple(_feature(document, str(key), value) for key, value in features.items()),
        remarks=tuple(remarks),
    )


def _feature(document: Document, name: str, value: object) -> Feature:
    at: Path_ = ("features", name)
    if not isinstance(value, dict):
        raise SourceError(f"{document.locate(at)}: feature {name!r} is a mapping with a stage")
    listed = value.get("canary_symbols", value.get("allowed_symbols")) or ()
    if not isinstance(listed, list | tuple):
        raise SourceError(f"{document.locate((*at, 'canary_symbols'))}: the symbols of {name!r} are a list")
    return Feature(
        name=name,
        enabled=_switch(document, (*at, "enabled"), value.get("enabled"), default=True),
        stage=str(value.get("stage", "")),
        canary_symbols=tuple(str(symbol) for symbol in listed),
    )


def _switch(document: Document, at: Path_, value: object, *, default: bool) -> bool:
    if value is None:
        return default
    if not isinstance(value, bool):
        raise SourceError(f"{document.locate(at)}: {value!r} is neither true nor false")
    return value
