"""Regular expressions mean what they mean to RE2."""

import re

import pytest

from console.promql.tree import pattern


@pytest.mark.parametrize(
    ("text", "matches", "others"),
    [
        ("ab(?i)c", ["abc", "abC"], ["Abc"]),
        ("((?i)a)b", ["ab", "Ab"], ["aB"]),
        ("(?i)a|b", ["A", "B"], []),
        ("x(?i)a|b", ["xA", "B"], ["XA"]),
        ("(?i:a)b", ["Ab"], ["AB"]),
        (r"a\(?i\)", ["a(i)", "ai)"], ["aI)"]),
        ("[(?i)]a", ["(a", "ia"], ["(A"]),
        (r"a\z", ["a"], ["a\n"]),
        (r"\d+", ["12"], ["\u0661"]),
        ("(?P<c>a)(?<d>b)", ["ab"], []),
        ("a.b", ["a\nb"], []),
        (r"[\]\[]a", ["]a", "[a"], ["a"]),
    ],
)
def test_an_expression_means_what_it_means_to_re2(text: str, matches: list[str], others: list[str]) -> None:
    found = pattern(text)
    assert [one for one in matches + others if found.fullmatch(one)] == matches


@pytest.mark.parametrize(
    "text", ["a(?=b)", "(?<!a)b", r"(a)\1", "(?P<c>a)(?P=c)", "a(?#b)", "[[:alpha:]]", "(", "a)"]
)
def test_what_re2_has_not_or_python_reads_otherwise_is_refused(text: str) -> None:
    with pytest.raises(re.error):
        pattern(text)
