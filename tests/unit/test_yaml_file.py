from pathlib import Path

import pytest

from console.yaml_file import Place, YamlError, parse_document, read_document


def test_every_value_and_key_knows_its_place() -> None:
    document = parse_document("a: 1\nb:\n  - x\n  - {c: 2}\n", "f.yaml")
    assert document.data == {"a": 1, "b": ["x", {"c": 2}]}
    assert document.locate(("b", 1, "c")) == "f.yaml:4:9"
    assert document.locate(("b", 1, "c"), key=True) == "f.yaml:4:6"


def test_a_missing_value_is_placed_at_what_is_nearest_above_it() -> None:
    assert parse_document("a:\n  b: 1\n", "f.yaml").locate(("a", "x", "y")) == "f.yaml:2:3"


def test_duplicate_keys_are_named() -> None:
    document = parse_document("a: 1\nb: 2\na: 3\n", "f.yaml")
    assert document.duplicates == (("a", Place(3, 1)),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a:\n\tb: 1\n", "f.yaml:2:1: a tab character; YAML is indented with spaces"),
        ("a: [1\n", "f.yaml:2:1: did not find expected ',' or ']'"),
        ("a: \x01\n", "f.yaml:1:1: control characters are not allowed"),
        ("a: !!python/name:os.system x\n", "f.yaml:1:4: could not determine a constructor"),
        ('a: !!int ""\n', "f.yaml:1:4: '' is no int"),
        ("a: !!bool foo\n", "f.yaml:1:4: 'foo' is no bool"),
        ("a:\n  - !!timestamp x\n", "f.yaml:2:5: 'x' is no timestamp"),
        ("a: 2026-13-45\n", "f.yaml:1:4: '2026-13-45' is no timestamp"),
        ("? [1, 2]\n: 3\n", "f.yaml:1:3: found unhashable key"),
    ],
)
def test_what_is_no_yaml_is_named_by_place(text: str, message: str) -> None:
    with pytest.raises(YamlError) as caught:
        parse_document(text, "f.yaml")
    assert str(caught.value).startswith(message)


def test_a_value_that_holds_itself_is_read_to_its_end() -> None:
    assert parse_document("a: &x [*x]\n", "f.yaml").locate(("a", 0)) == "f.yaml:1:4"


def test_aliases_of_aliases_are_bounded() -> None:
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 9))
    with pytest.raises(YamlError, match="more than 200000 values"):
        parse_document(f"l0: &l0 [1]\n{levels}\n", "f.yaml")


def test_merges_of_merges_are_bounded() -> None:
    levels = "\n".join(f"l{n}: &l{n} {{<<: [{', '.join([f'*l{n - 1}'] * 9)}]}}" for n in range(1, 9))
    with pytest.raises(YamlError, match="more than 200000 values"):
        parse_document(f"l0: &l0 {{a: 1}}\n{levels}\n", "f.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 3_000,
        "[" * 200_000,
        "- " * 5_000,
        "{a: " * 3_000,
        "l0: &l0 [1]\n" + "".join(f"l{n}: &l{n} [*l{n - 1}]\n" for n in range(1, 3000)),
    ],
)
def test_what_is_too_deep_is_refused_by_place(text: str) -> None:
    with pytest.raises(YamlError, match=r"^f\.yaml:1:\d+: nested deeper than 100 levels"):
        parse_document(text, "f.yaml")


@pytest.mark.parametrize(
    "text", ["[" + "1," * 500_000 + "]", "? [" + "1," * 500_000 + "]\n: x"], ids=["value", "key"]
)
def test_what_is_too_long_is_refused_before_it_is_built(text: str) -> None:
    with pytest.raises(YamlError, match="more than 200000 values"):
        parse_document(text, "f.yaml")


def test_a_hundred_levels_are_read() -> None:
    assert parse_document("[" * 100 + "]" * 100, "f.yaml").data


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(b"a: \xff\n")
    with pytest.raises(YamlError, match=r"f\.yaml:1:1: byte 3 is not UTF-8"):
        read_document(file)
