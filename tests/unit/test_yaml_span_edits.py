"""Several values at once, mappings, keys that come and keys that go: still not one byte elsewhere."""

import pytest

from console.domain.edits import Edit, Put, Remove
from console.yaml_span import SpanError, edited

FEATURE = """\
features:
  guard:
    # not before Monday
    enabled: true     # was off

    stage: "canary"   # one week
    canary_symbols:   # the document's name
      - "BTCUSDT"
      # thin
      - "ETHUSDT"
    # what engines read
    allowed_symbols: [BTCUSDT, ETHUSDT]
    symbol_stages:
      BTCUSDT: canary   # liquid
      ETHUSDT: shadow
    note: x
  next: {stage: shadow, symbol_stages: {A: canary, B: shadow}, note: x}
"""
GUARD, NEXT = ("features", "guard"), ("features", "next")


def after(text: str, *edits: Edit) -> str:
    return edited(text.encode(), edits, "f.yaml").decode()


@pytest.mark.parametrize(
    ("edits", "old", "new"),
    [
        pytest.param(
            [Remove((*GUARD, "enabled"))], "    enabled: true     # was off\n", "", id="the first key"
        ),
        pytest.param([Remove((*GUARD, "note"))], "    note: x\n", "", id="the last key"),
        pytest.param(
            [Remove((*GUARD, "canary_symbols"))],
            FEATURE[FEATURE.index("    canary_symbols") : FEATURE.index("    # what engines read")],
            "",
            id="a block list, but not the comment behind it",
        ),
        pytest.param(
            [Remove((*GUARD, "symbol_stages", "BTCUSDT"))],
            "      BTCUSDT: canary   # liquid\n",
            "",
            id="a key of a nested mapping",
        ),
        pytest.param([Remove((*NEXT, "stage"))], "{stage: shadow, ", "{", id="the first of a flow mapping"),
        pytest.param([Remove((*NEXT, "note"))], ", note: x}", "}", id="the last of a flow mapping"),
        pytest.param([Remove((*GUARD, "nothing"))], "", "", id="a key that isn't there"),
    ],
)
def test_a_key_goes_with_its_own_lines_only(edits: list[Edit], old: str, new: str) -> None:
    assert after(FEATURE, *edits) == FEATURE.replace(old, new)


@pytest.mark.parametrize(
    ("put", "old", "new"),
    [
        (
            Put((*GUARD, "percentage"), 25, after="stage"),
            "# one week\n",
            "# one week\n    percentage: 25\n",
        ),
        (
            Put((*GUARD, "accounts"), ("3",), after="canary_symbols"),
            '      - "ETHUSDT"\n',
            '      - "ETHUSDT"\n    accounts: ["3"]\n',
        ),
        (
            Put((*GUARD, "percentage"), 25, after="note"),
            "    note: x\n",
            "    note: x\n    percentage: 25\n",
        ),
        (
            Put((*GUARD, "percentage"), 25, after="nowhere"),
            "    # not before Monday\n    enabled",
            "    # not before Monday\n    percentage: 25\n    enabled",
        ),
        (
            Put((*NEXT, "canary_symbols"), ("A",), after="stage"),
            "{stage: shadow,",
            "{stage: shadow, canary_symbols: [A],",
        ),
        (
            Put((*GUARD, "symbol_stages"), {"BTCUSDT": "canary", "ETHUSDT": "shadow", "3": "shadow"}),
            "      ETHUSDT: shadow\n",
            '      ETHUSDT: shadow\n      "3": shadow\n',
        ),
        (
            Put((*GUARD, "symbol_stages"), {"ETHUSDT": "canary"}),
            "      BTCUSDT: canary   # liquid\n      ETHUSDT: shadow\n",
            "      ETHUSDT: canary\n",
        ),
        (
            Put((*NEXT, "symbol_stages"), {"B": "canary", "C": "shadow"}),
            "{A: canary, B: shadow}",
            "{B: canary, C: shadow}",
        ),
        (Put((*NEXT, "symbol_stages"), {"C": "shadow"}), "{A: canary, B: shadow}", "{C: shadow}"),
        (
            Put((*GUARD, "canary_symbols"), ("BTCUSDT", "ETHUSDT", "SOLUSDT")),
            '      - "ETHUSDT"\n',
            '      - "ETHUSDT"\n      - "SOLUSDT"\n',
        ),
    ],
)
def test_what_is_new_stands_where_it_was_asked_for(put: Put, old: str, new: str) -> None:
    assert FEATURE.count(old) == 1
    assert after(FEATURE, put) == FEATURE.replace(old, new)


def test_a_key_can_stand_before_a_block_of_text() -> None:
    text = "k:\n  why: |\n    a\n    b\n  z: 1\n"
    assert after(text, Put(("k", "enabled"), False)) == text.replace("k:\n", "k:\n  enabled: false\n")


@pytest.mark.parametrize(
    ("text", "stay", "changed"),
    [
        ("k: [\n  A,\n  B,\n  C,\n]  # c\n", "BC", "k: [\n  B,\n  C,\n]  # c\n"),
        ("k: [\n  A,\n  B,\n  C,\n]  # c\n", "AC", "k: [\n  A,\n  C,\n]  # c\n"),
        ("k: [\n  A,\n  B,\n  C,\n]  # c\n", "AB", "k: [\n  A,\n  B,\n]  # c\n"),
        ("k: [\n  A,\n  B,\n  C,\n]  # c\n", "X", "k: [X]  # c\n"),
        ("k: [A,\r\n    B]\r\n", "B", "k: [B]\r\n"),
        ("k: [A,\r\n    B]\r\n", "A", "k: [A]\r\n"),
        ("k: [A,  # a\n    B,\n    C]\n", "AB", "k: [A,  # a\n    B]\n"),
    ],
)
def test_an_item_of_a_list_over_several_lines_goes_with_its_comma(text: str, stay: str, changed: str) -> None:
    assert after(text, Put(("k",), tuple(stay))) == changed


def test_a_mapping_that_was_empty_is_written_on_its_line() -> None:
    text = "stage: canary\nsymbol_stages:   # none yet\nx: 1\n"
    changed = after(text, Put(("symbol_stages",), {"A": "shadow"}))
    assert changed == text.replace("symbol_stages:", "symbol_stages: {A: shadow}")


def test_several_edits_are_made_at_once_and_each_stays_on_its_lines() -> None:
    changed = after(
        FEATURE,
        Put((*GUARD, "stage"), "shadow"),
        Remove((*GUARD, "canary_symbols")),
        Put((*GUARD, "allowed_symbols"), ("ETHUSDT", "SOLUSDT")),
        Put((*NEXT, "stage"), "production"),
        Put(("global_kill_switch",), True),
    )
    assert changed.splitlines() == [
        "global_kill_switch: true",
        "features:",
        "  guard:",
        "    # not before Monday",
        "    enabled: true     # was off",
        "",
        '    stage: "shadow"   # one week',
        "    # what engines read",
        "    allowed_symbols: [ETHUSDT, SOLUSDT]",
        "    symbol_stages:",
        "      BTCUSDT: canary   # liquid",
        "      ETHUSDT: shadow",
        "    note: x",
        "  next: {stage: production, symbol_stages: {A: canary, B: shadow}, note: x}",
    ]


def test_new_keys_keep_the_order_in_which_each_was_put_behind_the_one_before() -> None:
    edits = [Put((key,), 1, after=before) for before, key in (("a", "b"), ("b", "c"), (None, "first"))]
    assert after("a: 1\nz: 2\n", *edits) == "first: 1\na: 1\nb: 1\nc: 1\nz: 2\n"
    assert after("{a: 1, z: 2}\n", *edits) == "{first: 1, a: 1, b: 1, c: 1, z: 2}\n"
    assert after("# empty\n", *edits) == "# empty\nfirst: 1\nb: 1\nc: 1\n"


def test_a_list_and_a_key_behind_it_can_grow_at_one_place() -> None:
    edits = [Put(("a",), ("A", "B")), Put(("b",), 1, after="a")]
    assert after("a:\n  - A\nz: 2\n", *edits) == "a:\n  - A\n  - B\nb: 1\nz: 2\n"
    assert after("a:\n  - A", *edits) == "a:\n  - A\n  - B\nb: 1"


def test_what_is_put_and_removed_again_leaves_nothing() -> None:
    assert after(FEATURE, Put((*GUARD, "x"), 1), Remove((*GUARD, "x"))) == FEATURE
    assert after("# empty", Put(("x",), 1), Remove(("x",))) == "# empty"


def test_a_number_as_key_is_the_same_key() -> None:
    assert after("m:\n  3: canary\n", Put(("m",), {"3": "shadow", "4": "x"})) == 'm:\n  3: shadow\n  "4": x\n'


@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_new_lines_end_as_their_neighbours_do(line_end: str) -> None:
    text = FEATURE.replace("\n", line_end)
    changed = after(
        text,
        Put((*GUARD, "percentage"), 25, after="stage"),
        Put((*GUARD, "symbol_stages"), {"BTCUSDT": "canary", "ETHUSDT": "shadow", "SOLUSDT": "canary"}),
    )
    assert changed.count("\n") == text.count("\n") + 2
    assert changed.count(line_end) == changed.count("\n")


@pytest.mark.parametrize(
    ("text", "edit", "message"),
    [
        (
            "k:\n  a: 1\n",
            Remove(("k", "a")),
            "f.yaml:2:3: a block mapping can't be emptied; write {} by hand",
        ),
        ("k:\n  a: 1\n", Put(("k",), {}), "f.yaml:2:3: a block mapping can't be emptied; write {} by hand"),
        ("k: [1]\n", Put(("k",), {"a": 1}), "f.yaml:1:4: is not a mapping"),
        ("k: x\n", Put(("k",), ("a",)), "f.yaml:1:4: is not a list"),
        (
            "a: |\n  x\nk: 1\n",
            Remove(("a",)),
            "f.yaml:1:4: is a block of text; such a value is edited by hand",
        ),
        ("? a\n: 1\nk: 1\n", Remove(("a",)), "f.yaml:1:3: doesn't begin its line; edit it by hand"),
        ("k: {a: 1, # why\n  b: 2}\n", Remove(("k", "a")), "f.yaml:1:5: stands by a comment, which would go"),
        ("a: {}\n", Put(("a", "b", "c"), 1), "f.yaml:1:4: there is no a.b"),
        ("a: 1\n", Put(("a", "b"), 1), "f.yaml:1:4: there is no a.b"),
        (
            "a: 1\nk: b\t# c\n",
            Remove(("a",)),
            "f.yaml:2:5: engines can't read it: found character '\\t' that cannot start any token",
        ),
        ("a: 1\nb: &x 1\n", Remove(("a",)), "f.yaml:2:4: anchor &x; a file with anchors is edited by hand"),
    ],
)
def test_what_cannot_be_done_safely_is_refused_by_place(text: str, edit: Edit, message: str) -> None:
    with pytest.raises(SpanError) as caught:
        after(text, edit)
    assert str(caught.value).startswith(message)


def test_a_flow_mapping_can_be_emptied() -> None:
    assert after("k: {a: 1}\nz: 1\n", Remove(("k", "a"))) == "k: {}\nz: 1\n"
