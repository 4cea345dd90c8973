"""One value changes, and not one byte elsewhere."""

import copy
import itertools
import re
from dataclasses import dataclass

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from console.domain.edits import Value
from console.yaml_span import SpanError, put

FILE = """\
# ======= flags =======
global_kill_switch: false   # stops everything

features:

  # ---- risk ----
  guard:
    enabled: yes            # was off
    stage: 'canary'         # one week
    canary_symbols: [BTCUSDT, ETHUSDT]  # two
    allowed_symbols:
      - BTCUSDT             # liquid
      # the next is thin
      - ETHUSDT
    note: "a # b"
  empty:
    stage:                  # nothing yet
  flow: {stage: shadow, enabled: true}
"""


def edited(path: tuple[str, ...], value: Value, text: str = FILE) -> str:
    return put(text.encode(), path, value, "flags.yaml").decode()


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        (("global_kill_switch",), True, "global_kill_switch: false ", "global_kill_switch: true "),
        (("features", "guard", "enabled"), False, "enabled: yes ", "enabled: false "),
        (("features", "guard", "stage"), "production", "'canary'", "'production'"),
        (("features", "guard", "stage"), False, "'canary'", "false"),
        (("features", "guard", "note"), 'say "x"', '"a # b"', '"say \\"x\\""'),
        (("features", "empty", "stage"), "off", "stage:       ", 'stage: "off"       '),
        (("features", "flow", "stage"), "canary", "{stage: shadow,", "{stage: canary,"),
        (("features", "flow", "note"), "x", "{stage", "{note: x, stage"),
        (("features", "guard", "percentage"), 25, "    enabled: yes", "    percentage: 25\n    enabled: yes"),
        (
            ("environment",),
            "staging",
            "global_kill_switch: false",
            "environment: staging\nglobal_kill_switch: false",
        ),
        (
            ("features", "guard", "canary_symbols"),
            ("ETHUSDT",),
            "[BTCUSDT, ETHUSDT]",
            "[ETHUSDT]",
        ),
        (
            ("features", "guard", "canary_symbols"),
            ("BTCUSDT",),
            "[BTCUSDT, ETHUSDT]",
            "[BTCUSDT]",
        ),
        (
            ("features", "guard", "canary_symbols"),
            ("BTCUSDT", "ETHUSDT", "BTC/USD", "3"),
            "[BTCUSDT, ETHUSDT]",
            '[BTCUSDT, ETHUSDT, BTC/USD, "3"]',
        ),
        (("features", "guard", "canary_symbols"), (), "[BTCUSDT, ETHUSDT]", "[]"),
        (
            ("features", "guard", "allowed_symbols"),
            ("BTCUSDT", "ETHUSDT", "SOLUSDT"),
            "      - ETHUSDT\n",
            "      - ETHUSDT\n      - SOLUSDT\n",
        ),
        (
            ("features", "guard", "allowed_symbols"),
            ("ETHUSDT",),
            "      - BTCUSDT             # liquid\n",
            "",
        ),
        (
            ("features", "guard", "allowed_symbols"),
            ("BTCUSDT", "XRPUSDT"),
            "      - ETHUSDT\n",
            "      - XRPUSDT\n",
        ),
        (("features", "empty", "stage"), ("A", "B"), "stage:       ", "stage: [A, B]       "),
    ],
)
def test_only_the_span_changes(path: tuple[str, ...], value: Value, old: str, new: str) -> None:
    assert FILE.count(old) == 1
    assert edited(path, value) == FILE.replace(old, new)


@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
def test_other_line_ends_survive_and_are_used_for_what_is_inserted(line_end: str) -> None:
    text = FILE.replace("\n", line_end)
    assert edited(("environment",), "staging", text) == text.replace(
        "global_kill", f"environment: staging{line_end}global_kill"
    )
    assert edited(("features", "guard", "stage"), "shadow", text) == text.replace("'canary'", "'shadow'")


def test_what_already_says_so_is_left_as_it_is_spelt() -> None:
    assert edited(("features", "guard", "enabled"), True) == FILE


def test_a_one_is_not_yet_true() -> None:
    assert edited(("k",), True, "k: 1\n") == "k: true\n"
    assert edited(("k",), 1, "k: true\n") == "k: 1\n"


def test_a_byte_order_mark_survives() -> None:
    content = b"\xef\xbb\xbf" + FILE.encode()
    assert put(content, ("global_kill_switch",), True, "x") == content.replace(b"false ", b"true ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "k: true\n"),
        ("# only a comment", "# only a comment\nk: true\n"),
        ("# only a comment\r\n", "# only a comment\r\nk: true\r\n"),
        ("---\n", "---\nk: true\n"),
        ("---\n# c\na: 1\n...\n", "---\n# c\nk: true\na: 1\n...\n"),
        ("{}", "{k: true}"),
        ("{a: 1}\n", "{k: true, a: 1}\n"),
        ("  a: 1\n  b: 2", "  k: true\n  a: 1\n  b: 2"),
        ("a: 1", "k: true\na: 1"),
        ("# x\u2028a: 1\n", "# x\u2028k: true\na: 1\n"),
    ],
)
def test_a_missing_key_finds_its_place(text: str, expected: str) -> None:
    assert edited(("k",), True, text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nk: &x false\n", "f.yaml:2:4: anchor &x; a file with anchors is edited by hand"),
        ("a: &x 1\nk: false\n", "f.yaml:1:4: anchor &x; a file with anchors is edited by hand"),
        (
            "a: !!str 1\nk: false\n",
            "f.yaml:1:4: tag tag:yaml.org,2002:str; a file with tags is edited by hand",
        ),
        ("a: {<<: {b: 1}}\nk: false\n", "f.yaml:1:5: merge key <<; a file with merges is edited by hand"),
        ("k: 1\nb: 2\nk: 3\n", "f.yaml:3:1: 'k' appears twice; engines take the last"),
        ("k: 1\nb: {on: 2, true: 3}\n", "f.yaml:2:12: 'true' appears twice; engines take the last"),
        ("k: 1\n? [a]\n: b\n", "f.yaml:2:3: found unhashable key"),
        ("k: |\n  false\n", "f.yaml:1:4: is a block of text; such a value is edited by hand"),
        ("k: [1]\n", "f.yaml:1:4: is a list or a mapping, not a single value"),
        ("k: [\n", "f.yaml:2:1: did not find expected node content"),
        ("- a\n", "f.yaml:1:1: there is no k"),
        ("just words\n", "f.yaml:1:1: there is no k"),
        ("k: 1\n---\nk: 2\n", "f.yaml:2:1: but found another document"),
        ("? k\n", "f.yaml:1:1: k can't be changed without changing something else; edit it by hand"),
    ],
)
def test_what_cannot_be_edited_safely_is_refused_by_place(text: str, message: str) -> None:
    with pytest.raises(SpanError) as caught:
        put(text.encode(), ("k",), True, "f.yaml")
    assert str(caught.value) == message


def test_an_alias_is_refused_where_it_stands() -> None:
    with pytest.raises(SpanError, match=r"^f:1:4: anchor &x"):
        put(b"a: &x 1\nk: *x\n", ("k",), True, "f")


def test_bytes_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(SpanError, match=r"^f:1:1: byte 3 is not UTF-8"):
        put(b"k: \xff\n", ("k",), True, "f")


def test_a_list_over_several_lines_with_comments_keeps_them_or_is_refused() -> None:
    text = "k: [A, # first\n    B,\n    C]\n"
    assert edited(("k",), ("A", "B", "C", "D"), text) == "k: [A, # first\n    B,\n    C, D]\n"
    with pytest.raises(SpanError, match="edit it by hand"):
        edited(("k",), ("A", "C"), text)


def test_a_block_list_is_not_emptied() -> None:
    with pytest.raises(SpanError, match="can't be emptied"):
        edited(("features", "guard", "allowed_symbols"), ())


def test_a_last_line_without_an_end_can_be_added_to() -> None:
    assert edited(("k",), ("A", "B"), "k:\n  - A") == "k:\n  - A\n  - B"


@dataclass(frozen=True)
class Entry:
    """One feature as text, with the number of the line on which each of its keys stands."""

    name: str
    lines: tuple[str, ...]
    at: dict[str, int]


_comment = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\u2028\u2029\ufffe\uffff\x85"),
    max_size=12,
).filter(lambda text: all(ord(letter) not in (0xFFFE, 0xFFFF) for letter in text))
_tail = st.one_of(st.just(""), _comment.map(lambda text: f"   # {text}"))
_stage = st.sampled_from(["canary", "'canary'", '"canary"', "off", "'off'", "production", "", "~"])
_flag = st.sampled_from(["true", "false", "yes", "Off", "on", "'x'"])
_symbols = st.lists(st.sampled_from(["BTCUSDT", "ETHUSDT", "BTC/USD"]), unique=True)
_blank = st.lists(st.one_of(st.just(""), st.just("  "), _comment.map(lambda text: f"  # {text}")), max_size=2)


@st.composite
def _entries(draw: st.DrawFn, name: str) -> Entry:
    lines = [*draw(_blank), f"  {name}:{draw(_tail)}"]
    at: dict[str, int] = {}
    indent = draw(st.sampled_from(["    ", "   "]))
    for key, values in (("enabled", _flag), ("stage", _stage)):
        if draw(st.booleans()) or key == "stage":
            lines += draw(_blank)
            at[key] = len(lines)
            lines.append(f"{indent}{key}: {draw(values)}{draw(_tail)}")
    symbols = draw(_symbols)
    if draw(st.booleans()) or not symbols:
        lines.append(f"{indent}canary_symbols: [{', '.join(symbols)}]{draw(_tail)}")
    else:
        lines.append(f"{indent}canary_symbols:{draw(_tail)}")
        lines += itertools.chain.from_iterable(
            (*draw(_blank), f"{indent}- {symbol}{draw(_tail)}") for symbol in symbols
        )
    return Entry(name, tuple(lines), at)


@st.composite
def _files(draw: st.DrawFn) -> tuple[list[str], list[Entry], str, bytes]:
    entries = [draw(_entries(f"feature_{number}")) for number in range(draw(st.integers(1, 4)))]
    head = [f"# {draw(_comment)}", *draw(_blank)]
    if draw(st.booleans()):
        head.append(f"global_kill_switch: {draw(_flag)}{draw(_tail)}")
    lines = [*head, f"features:{draw(_tail)}", *itertools.chain.from_iterable(e.lines for e in entries)]
    line_end = draw(st.sampled_from(["\n", "\r\n"]))
    mark = draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
    return lines, entries, line_end, mark


def _bytes(lines: list[str], line_end: str, mark: bytes) -> bytes:
    return mark + (line_end.join(lines) + line_end).encode()


@given(_files(), st.data())
def test_a_scalar_changes_its_own_line_only(
    file: tuple[list[str], list[Entry], str, bytes], data: st.DataObject
) -> None:
    lines, entries, line_end, mark = file
    chosen = data.draw(st.integers(0, len(entries) - 1))
    key = data.draw(st.sampled_from(["enabled", "stage"]))
    values: list[Value] = [True, False, "shadow", "off", "a b", "é", 25]
    value = data.draw(st.sampled_from(values))
    entry = entries[chosen]
    content = _bytes(lines, line_end, mark)
    changed = put(content, ("features", entry.name, key), value, "f")
    intended = copy.deepcopy(yaml.safe_load(content))
    intended["features"][entry.name][key] = value
    assert yaml.safe_load(changed) == intended
    after = changed[len(mark) :].decode().split(line_end)[:-1]
    assert changed.startswith(mark)
    assert changed == content or _difference(lines, after) == (int(key in entry.at), 1)
    if key in entry.at:
        number = len(lines) - sum(len(each.lines) for each in entries[chosen:]) + entry.at[key]
        assert after[:number] == lines[:number]
        assert after[number + 1 :] == lines[number + 1 :]
        assert after[number].partition("   #")[1:] == lines[number].partition("   #")[1:]


@given(_files())
def test_the_global_switch_is_set_or_inserted_on_one_line(
    file: tuple[list[str], list[Entry], str, bytes],
) -> None:
    lines, _, line_end, mark = file
    content = _bytes(lines, line_end, mark)
    changed = put(content, ("global_kill_switch",), True, "f")
    model = yaml.safe_load(content)
    assert yaml.safe_load(changed) == {**model, "global_kill_switch": True}
    after = changed[len(mark) :].decode().split(line_end)[:-1]
    if model.get("global_kill_switch") is not True:
        assert _difference(lines, after) == (int("global_kill_switch" in model), 1)
    assert put(changed, ("global_kill_switch",), True, "f") == changed


@given(_files(), _symbols.filter(bool), st.data())
@example((["# a", "features:", "  feature_0:", "    canary_symbols: []"], [], "\n", b""), ["BTCUSDT"], None)
def test_a_list_becomes_what_was_meant_and_every_other_line_is_kept(
    file: tuple[list[str], list[Entry], str, bytes], wanted: list[str], data: st.DataObject | None
) -> None:
    lines, entries, line_end, mark = file
    name = data.draw(st.sampled_from(entries)).name if data is not None else "feature_0"
    content = _bytes(lines, line_end, mark)
    changed = put(content, ("features", name, "canary_symbols"), tuple(wanted), "f")
    intended = copy.deepcopy(yaml.safe_load(content))
    if wanted == intended["features"][name]["canary_symbols"]:
        assert changed == content
    intended["features"][name]["canary_symbols"] = wanted
    assert yaml.safe_load(changed) == intended
    after = iter(changed[len(mark) :].decode().split(line_end)[:-1])
    others = [line for line in lines if not re.match(r" *(- |canary_symbols:)", line)]
    assert all(line in after for line in others)  # in their order


def _difference(before: list[str], after: list[str]) -> tuple[int, int]:
    """How many lines of `before` aren't in `after`, in order, and the other way round."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    if before == after:
        return 0, 0
    return len(before) - start - end, len(after) - start - end
