"""The fields of a YAML document that people write: each read by its kind, each mistake noted by its place."""

from collections.abc import Collection, Mapping
from enum import Enum
from typing import TypeVar

from console.yaml_file import Document, Path_

E = TypeVar("E", bound=Enum)


class Fields:
    """A document, and what was found wrong in it so far. What is wrong is read as its emptiest value."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.problems = [(place, f"{key!r} appears twice") for key, place in document.duplicates]

    def wrong(self, at: Path_, problem: str, *, key: bool = False) -> None:
        """Note a mistake: of what stands at `at`, or of the `key` that it stands under."""
        self.problems.append((self._document.place(at, key=key), " ".join(problem.split())))

    def mapping(self, at: Path_, entry: object, known: Collection[str], what: str) -> Mapping[str, object]:
        """A mapping of no other than the `known` keys."""
        if not isinstance(entry, dict):
            self.wrong(at, f"{what} is a mapping; {allowed(known)}")
            return {}
        for key in entry:
            if key not in known:
                self.wrong((*at, str(key)), f"{key!r} is not known in {what}; {allowed(known)}", key=True)
        return {str(key): value for key, value in entry.items()}

    def text(self, at: Path_, entry: Mapping[str, object], key: str) -> str:
        """A text that says something, on one line."""
        text = entry.get(key)
        if not isinstance(text, str) or not text.strip():
            self.wrong((*at, key), f"{key} is missing, as text")
            return ""
        return " ".join(text.split())

    def words(
        self, at: Path_, entry: Mapping[str, object], key: str, known: Collection[str] | None
    ) -> tuple[str, ...]:
        """A list of words, of the `known` ones where there are such; none where the key isn't there."""
        told = entry.get(key)
        if told is None:
            return ()
        if not isinstance(told, list) or not all(isinstance(each, str) for each in told):
            self.wrong((*at, key), f"{key} are a list of words")
            return ()
        for index, word in enumerate(told):
            if known is not None and word not in known:
                self.wrong((*at, key, index), f"{word!r} is none of the {key}; {allowed(known)}")
        return tuple(told)

    def choice(self, at: Path_, entry: Mapping[str, object], key: str, kind: type[E], default: E | None) -> E:
        """One of the values of `kind`; without a `default` it has to be given."""
        told = entry.get(key, None if default is None else default.value)
        for each in kind:
            if told == each.value:
                return each
        self.wrong((*at, key), f"{key}: {allowed([each.value for each in kind])}, not {told!r}")
        return next(iter(kind))

    def flag(self, at: Path_, entry: Mapping[str, object], key: str) -> bool:
        """True or false, which is what it is where it isn't given."""
        told = entry.get(key, False)
        if not isinstance(told, bool):
            self.wrong((*at, key), f"{key}: allowed: true or false")
        return told is True


def allowed(words: Collection[str]) -> str:
    """What would have been right, in words."""
    return f"allowed: {', '.join(words) or 'none'}"
