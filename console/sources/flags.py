"""The flags file as a source, read as an engine reads it: PyYAML, YAML 1.1."""

import hashlib
from pathlib import Path

from console.domain.reading import Dated
from console.domain.surfaces import Finding, Flags
from console.sources.errors import SourceError
from console.sources.flags_reading import FlagsReading
from console.yaml_file import YamlError, parse_document

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
    """Read a flags file's bytes; `name` is what messages call the file.

    Raises SourceError for what isn't a mapping of features in YAML; a value that an engine would misread is
    among the findings.
    """
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
    reading = FlagsReading(document)
    return Flags(
        path=name,
        digest=hashlib.sha256(content).hexdigest(),
        global_kill_switch=reading.switch(top),
        environment=reading.environment(top),
        features=reading.features(features),
        findings=reading.findings(top),
    )


def findings(content: bytes, name: str) -> tuple[Finding, ...]:
    """What an engine would misread in a flags file, by line; what can't be read at all is the only one."""
    try:
        return parse_flags(content, name).findings
    except SourceError as error:
        line, column, what = str(error).removeprefix(f"{name}:").split(":", 2)
        return (Finding(int(line), int(column), what.strip(), "no engine can read the file", serious=True),)
