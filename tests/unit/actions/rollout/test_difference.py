"""What two people made of one file, line by line."""

from hypothesis import given
from hypothesis import strategies as st

from console.actions.rollout.difference import Line, Side, three_way, unified

SEEN = "".join(f"line {number}\n" for number in range(1, 13)).encode()
_line = st.sampled_from(["a", "b", "c", "stage: canary", "\u2028", ""])
_content = st.lists(_line, max_size=12).map(lambda lines: "".join(f"{each}\n" for each in lines).encode())


def told(mine: bytes, theirs: bytes | None) -> list[str]:
    return [str(line) for line in three_way(SEEN, mine, theirs)]


def test_a_change_is_told_with_two_lines_around_it() -> None:
    after = SEEN.replace(b"line 6", b"line six").replace(b"line 12\n", b"line 12\nnew\n")
    assert unified(SEEN, after) == (
        "@@ -4,5 +4,5 @@",
        " line 4",
        " line 5",
        "-line 6",
        "+line six",
        " line 7",
        " line 8",
        "@@ -11,2 +11,3 @@",
        " line 11",
        " line 12",
        "+new",
    )


def test_where_nothing_changes_nothing_is_told() -> None:
    assert unified(SEEN, SEEN) == ()
    assert three_way(SEEN, SEEN, SEEN) == ()


def test_line_ends_count_but_are_not_shown() -> None:
    assert unified(b"a\nb\n", b"a\r\nb\n") == ("@@ -1,2 +1,2 @@", "-a", "+a", " b")


def test_what_is_not_utf8_is_shown_by_its_bytes() -> None:
    assert unified(b"", b"\xff") == ("@@ -0,0 +1,1 @@", "+\\xff")


def test_two_changes_of_different_lines_are_told_with_whose_they_are() -> None:
    assert told(SEEN.replace(b"line 2\n", b"line two\n"), SEEN.replace(b"line 9\n", b"")) == [
        "           1   line 1",
        "mine       2 - line 2",
        "mine         + line two",
        "           3   line 3",
        "           4   line 4",
        "           7   line 7",
        "           8   line 8",
        "theirs     9 - line 9",
        "          10   line 10",
        "          11   line 11",
    ]


def test_of_two_changes_of_one_line_theirs_comes_first() -> None:
    mine, theirs = (SEEN.replace(b"line 12", word) for word in (b"mine", b"theirs"))
    assert told(mine, theirs)[2:] == [
        "both      12 - line 12",
        "theirs       + theirs",
        "mine         + mine",
    ]


def test_the_same_change_of_both_is_told_once() -> None:
    changed = SEEN.replace(b"line 1\n", b"first\n")
    assert three_way(SEEN, changed, changed)[:2] == (
        Line(Side.BOTH, "-", 1, "line 1"),
        Line(Side.BOTH, "+", None, "first"),
    )


def test_of_a_file_that_they_removed_every_line_is_gone() -> None:
    lines = three_way(SEEN, SEEN, None)
    assert [(line.side, line.sign) for line in lines] == [(Side.THEIRS, "-")] * 12


@given(_content, _content)
def test_a_difference_leads_from_the_one_to_the_other(before: bytes, after: bytes) -> None:
    old, made, reached = before.decode().split("\n"), list[str](), 0
    for line in unified(before, after):
        if line.startswith("@@"):
            start, length = map(int, line.split()[1].removeprefix("-").split(","))
            begin = start - 1 if length else start
            made += old[reached:begin]
            reached = begin
        elif line[0] == "+":
            made.append(line[1:])
        else:
            assert line[1:] == old[reached]
            made += [line[1:]] if line[0] == " " else []
            reached += 1
    assert "\n".join([*made, *old[reached:]]).encode() == after


@given(_content, _content, _content)
def test_each_side_of_a_three_way_difference_is_its_own(seen: bytes, mine: bytes, theirs: bytes) -> None:
    lines = three_way(seen, mine, theirs)
    assert _side_of(lines, seen, Side.MINE) == mine
    assert _side_of(lines, seen, Side.THEIRS) == theirs


def _side_of(lines: tuple[Line, ...], seen: bytes, side: Side) -> bytes:
    """What the difference makes of the file, as one side has it."""
    cut = {each.number for each in lines if each.sign == "-" and each.side in (side, Side.BOTH)}
    base, made, at = seen.decode().split("\n")[:-1], list[str](), 0
    for line in lines:
        if line.number is not None:
            made += [
                text
                for number, text in enumerate(base, 1)
                if at < number <= line.number and number not in cut
            ]
            at = line.number
        elif line.side in (side, Side.BOTH):
            made.append(line.text)
    made += [text for number, text in enumerate(base, 1) if number > at and number not in cut]
    return "".join(f"{line}\n" for line in made).encode()
