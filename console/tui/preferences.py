"""What the operator has chosen for the screen and keeps: columns of tables, and other single words.

It is kept in one JSON file, replaced as a whole. The screen works without it: a file that can't be read or
written is complained of once, and then choices last as long as the console runs.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

_LARGEST = 1_000_000
"""Bytes that are read at most; a file of ours has a few hundred."""


class Preferences:
    """The choices, in memory and in the file at `path`; with None in memory alone.

    The file is read at the first question. What it holds beside our choices is left out when it is written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._read = path is None
        self._columns: dict[str, tuple[str, ...]] = {}
        self._words: dict[str, str] = {}
        self._complaint = ""
        self._complained = False

    def columns(self, table_id: str) -> tuple[str, ...] | None:
        """The choice of columns that was kept for this table; None where there is none."""
        self._load()
        return self._columns.get(table_id)

    def keep_columns(self, table_id: str, choice: tuple[str, ...] | None) -> None:
        """Keep this choice of columns; None goes back to the table's own."""
        self._load()
        if self._columns.get(table_id) != choice:
            self._columns.pop(table_id, None)
            if choice is not None:
                self._columns[table_id] = choice
            self._write()

    def get(self, name: str) -> str | None:
        """The word kept under `name`, a theme's for instance."""
        self._load()
        return self._words.get(name)

    def keep(self, name: str, value: str | None) -> None:
        """Keep this word under `name`; None forgets it."""
        self._load()
        if self._words.get(name) != value:
            self._words.pop(name, None)
            if value is not None:
                self._words[name] = value
            self._write()

    def complaint(self) -> str:
        """What is wrong with the file, in one line, the first time that this is asked for; else empty."""
        self._load()
        if self._complained or not self._complaint:
            return ""
        self._complained = True
        return self._complaint

    def _load(self) -> None:
        if self._read or self._path is None:
            return
        self._read = True
        try:
            with self._path.open("rb") as file:
                content = json.loads(file.read(_LARGEST))
        except FileNotFoundError:
            return
        except (OSError, ValueError, RecursionError) as error:
            self._complain(f"can't be read, so the screen has its defaults: {_reason(error)}")
            return
        if not isinstance(content, dict):
            self._complain("is not a JSON object, so the screen has its defaults")
            return
        self._columns = {
            table_id: tuple(keys)
            for table_id, keys in _object(content.get("columns")).items()
            if isinstance(keys, list) and all(isinstance(key, str) for key in keys)
        }
        words = _object(content.get("words"))
        self._words = {name: word for name, word in words.items() if isinstance(word, str)}

    def _write(self) -> None:
        if self._path is None:
            return
        content = {
            "columns": {key: list(choice) for key, choice in self._columns.items()},
            "words": self._words,
        }
        try:
            _replace(self._path, json.dumps(content, indent=2, sort_keys=True) + "\n")
        except OSError as error:
            self._complain(f"can't be written, so choices last until the console ends: {_reason(error)}")

    def _complain(self, words: str) -> None:
        complaint = self._place(words)
        self._complained = self._complained and complaint == self._complaint
        self._complaint = complaint

    def _place(self, words: str) -> str:
        """The name first, as a narrow line has room for that, and the folder last."""
        return "" if self._path is None else f"{self._path.name} {words} (in {self._path.parent})"


def _object(value: object) -> Mapping[str, object]:
    """`value` where it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


def _replace(path: Path, text: str) -> None:
    """Write the file so that there is always a whole one, the old or the new. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
