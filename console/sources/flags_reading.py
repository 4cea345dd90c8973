"""What each value of a flags file says, and what an engine would misread in it.

Engines differ in what they make of a value that isn't what it should be, and nothing is guessed here: its key
is malformed in its feature, and the finding says what engines may do.
"""

from collections.abc import Mapping

from console.domain.rollout.stages import LISTS, STAGES
from console.domain.surfaces import Feature, Finding
from console.yaml_file import Document, Path_

_TOP_KEYS = frozenset({"global_kill_switch", "environment", "features"})
_FEATURE_KEYS = frozenset(
    {
        "enabled",
        "stage",
        *LISTS,
        "canary_percentage",
        "allowed_accounts",
        "symbol_stages",
        "shadow_log_results",
    }
)
_ENVIRONMENTS = ("development", "staging", "production")
_ONE_OF = "disabled, shadow, canary or production is allowed"
_REFUSED = "an engine refuses it, or the whole file"
Entries = Mapping[object, object]


class FlagsReading:
    """Reads the values of one document, and keeps what it finds on the way."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._malformed: set[Path_] = set()
        self._findings = [
            Finding(
                place.line, place.column, f"{key!r} appears twice", "engines take the last", serious=False
            )
            for key, place in document.duplicates
        ]

    def switch(self, top: Entries) -> bool | None:
        """The global kill switch; None where it is neither true nor false."""
        at: Path_ = ("global_kill_switch",)
        value = top.get(at[0], False)
        if value is None:
            self._remark(at, "global_kill_switch is empty", "engines take it as false")
            return False
        if isinstance(value, bool):
            return value
        self._wrong(
            at,
            f"global_kill_switch {_shown(value)} is neither true nor false",
            "engines differ on whether everything is off",
        )
        return None

    def environment(self, top: Entries) -> str | None:
        """The environment's word."""
        value = top.get("environment")
        if value is not None and value not in _ENVIRONMENTS:
            what = (
                f"environment {_shown(value)} is not {', '.join(_ENVIRONMENTS[:-1])} or {_ENVIRONMENTS[-1]}"
            )
            self._remark(("environment",), what, "engines don't know it")
        return None if value is None else _text(value)

    def features(self, entries: Entries) -> tuple[Feature, ...]:
        """Every feature, in the order of the file."""
        if not entries:
            self._remark(("features",), "no features", "to an engine every one is unknown, and off")
        return tuple(self._feature(_text(key), entry) for key, entry in entries.items())

    def findings(self, top: Entries) -> tuple[Finding, ...]:
        """All that was found so far, and the keys that nobody reads, by line."""
        self._unread((), top, _TOP_KEYS)
        for key, value in top.items():
            if key not in _TOP_KEYS and isinstance(value, dict) and "stage" in value:
                self._remark(
                    (_text(key),), f"{_shown(key)} stands outside features", "engines don't see it", key=True
                )
        return tuple(sorted(self._findings, key=lambda finding: (finding.line, finding.column)))

    def _feature(self, name: str, entry: object) -> Feature:
        at: Path_ = ("features", name)
        if not isinstance(entry, dict):
            self._wrong((*at, "stage"), f"feature {_shown(name)} is not a mapping with a stage", _REFUSED)
            return Feature(name, enabled=True, stage="", malformed=("stage",))
        self._unread(at, entry, _FEATURE_KEYS)
        feature = Feature(
            name,
            enabled=self._enabled(at, entry),
            stage=self._stage(at, entry),
            canary_symbols=self._list((*at, "canary_symbols"), entry.get("canary_symbols")),
            allowed_symbols=self._list((*at, "allowed_symbols"), entry.get("allowed_symbols")),
            canary_percentage=self._percentage((*at, "canary_percentage"), entry.get("canary_percentage")),
            allowed_accounts=self._list((*at, "allowed_accounts"), entry.get("allowed_accounts")),
            symbol_stages=self._symbol_stages((*at, "symbol_stages"), entry.get("symbol_stages")),
            malformed=tuple(key for key in entry if (*at, key) in self._malformed),
        )
        self._look_at_limits(at, feature)
        return feature

    def _enabled(self, at: Path_, entry: Entries) -> bool:
        value = entry.get("enabled", True)
        if isinstance(value, bool):
            return value
        what = "enabled is empty" if value is None else f"enabled {_shown(value)} is neither true nor false"
        self._wrong((*at, "enabled"), what, "engines differ on whether that is on")
        return True

    def _stage(self, at: Path_, entry: Entries) -> str:
        if "stage" not in entry:
            self._remark(
                at, f"{_shown(at[-1])} has no stage", "an engine takes it as disabled, or refuses it"
            )
            return "disabled"
        return self._stage_word((*at, "stage"), entry["stage"])

    def _stage_word(self, at: Path_, value: object) -> str:
        """A stage's word; the value's own text where it is none."""
        if value is False:
            self._remark(at, "a bare off is false", f"{_REFUSED}, or takes it as disabled; write disabled")
            return "disabled"
        word = _text(value)
        if not isinstance(value, str) or word not in STAGES:
            near = STAGES.get(word.strip().lower())
            what = f"stage {_shown(value)} is not {near.word!r}" if near else f"{_shown(value)} is no stage"
            self._wrong(at, what, f"{_REFUSED}; {_ONE_OF}")
        return word

    def _list(self, at: Path_, value: object) -> tuple[str, ...] | None:
        if value is None:
            return None
        if not isinstance(value, list):
            self._wrong(at, f"{at[-1]} is not a list", f"{_REFUSED}, or searches its text")
            return None
        for index, item in enumerate(value):
            if not isinstance(item, str):
                self._remark(
                    (*at, index),
                    f"{_shown(item)} is not text",
                    "engines that compare text don't find it; quote it",
                )
        return tuple(map(_text, value))

    def _percentage(self, at: Path_, value: object) -> float | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            what = f"canary_percentage {_shown(value)} is not a number"
            self._wrong(at, what, f"{_REFUSED}; 0 to 100 is allowed")
            return None
        if not 0 <= value <= 100:
            what = f"canary_percentage {_shown(value)} is not between 0 and 100"
            self._wrong(at, what, "an engine takes none of the symbols, or all")
            return None
        return float(value)

    def _symbol_stages(self, at: Path_, value: object) -> Mapping[str, str] | None:
        if value is None:
            return None
        if not isinstance(value, dict):
            self._wrong(at, "symbol_stages is not a mapping of symbols to stages", _REFUSED)
            return None
        return {_text(symbol): self._stage_word((*at, _text(symbol)), word) for symbol, word in value.items()}

    def _look_at_limits(self, at: Path_, feature: Feature) -> None:
        """What lists and accounts leave open, or open to everyone."""
        if feature.allowed_accounts == ():
            self._remark((*at, "allowed_accounts"), "allowed_accounts is empty", "every account is allowed")
        lists = [each for each in (feature.canary_symbols, feature.allowed_symbols) if each is not None]
        canary = feature.stage == "canary"
        if len({frozenset(each) for each in lists}) > 1:
            what, effect = "the two lists differ", "which one counts depends on the engine"
            self._remark((*at, "allowed_symbols"), what, effect, serious=canary, key=True)
        elif canary and not feature.malformed and not any(lists) and feature.canary_percentage is None:
            where = next((name for name in LISTS if (*at, name) in self._document.keys), "stage")
            self._remark((*at, where), "a canary without symbols", "it trades every symbol", key=True)

    def _unread(self, at: Path_, entry: Entries, known: frozenset[str]) -> None:
        """Remark on keys that look like one that engines read."""
        for key in entry:
            meant = next((each for each in known if key != each and _plain(key) == _plain(each)), None)
            if meant is not None and key not in known:
                self._remark(
                    (*at, _text(key)), f"{_shown(key)} is not {meant!r}", "engines don't read it", key=True
                )

    def _wrong(self, at: Path_, what: str, effect: str) -> None:
        """A value whose meaning depends on the engine."""
        self._malformed.add(at[:3])
        self._remark(at, what, effect, serious=True)

    def _remark(self, at: Path_, what: str, effect: str, *, serious: bool = False, key: bool = False) -> None:
        place = self._document.place(at, key=key)
        feature = str(at[1]) if len(at) > 1 else ""
        self._findings.append(Finding(place.line, place.column, what, effect, serious, feature))


def _text(value: object) -> str:
    """A value as text, as an engine compares it."""
    try:
        return str(value)
    except ValueError:  # Python refuses to write out a number of thousands of digits
        return "an endless number"


def _shown(value: object) -> str:
    """A value in a message: no longer than a line allows."""
    text = repr(value) if isinstance(value, str) else _text(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _plain(key: object) -> str:
    """A key without what people mistype."""
    return _text(key).lower().replace("-", "_").replace(" ", "_").strip("_").removesuffix("s")
