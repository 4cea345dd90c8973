"""What comes out: the chosen records, whole, and inert wherever they go."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from console.audit.export import Filter, InstantError, as_csv, as_json_lines, as_text, instant
from console.audit.files import records
from console.audit.record import FIELDS, Act, Record, read_line
from console.audit.redaction import Json
from tests.unit.audit.journals import ALICE, TRIP, journal_in

FOREIGN = "=cmd()\x1b[2J\n\u202edrop,\"'"


@pytest.fixture
def three(tmp_path: Path) -> list[Record]:
    """A trip by alice with foreign text in it, its outcome, and an arming by bob elsewhere."""
    journal = journal_in(tmp_path)
    intent = journal.intent(ALICE, replace(TRIP, reason=FOREIGN, before={"reason": FOREIGN}))
    journal.outcome(ALICE, intent, False)
    journal.note(replace(ALICE, uid=1002, user="bob"), Act("paper", "arm", "console", drill=True))
    return list(records(tmp_path / "audit"))


def test_json_lines_are_those_of_the_journal_and_can_be_checked(three: list[Record]) -> None:
    assert [read_line(line.encode()) for line in as_json_lines(three)] == three


def test_csv_has_a_column_for_every_field(three: list[Record]) -> None:
    heading, *rows = csv.reader(as_csv(three))
    assert tuple(heading) == FIELDS
    assert [row[FIELDS.index("sequence")] for row in rows] == ["1", "2", "3"]
    assert rows[1][FIELDS.index("done")] == "false"


def test_a_cell_is_no_formula_and_holds_no_escape(three: list[Record]) -> None:
    lines = list(as_csv(three))
    row = next(csv.reader(lines[1:2]))
    assert row[FIELDS.index("reason")] == "'=cmd()\\x1b[2J\\n\\u202edrop,\"'"
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    ("reason", "cell"),
    [
        ("hedged;=cmd()", "hedged;'=cmd()"),
        ("hedged; @cmd()", "hedged;' @cmd()"),
        ("\xa0-2+3", "' -2+3"),
        ("\uff1dcmd()", "'\uff1dcmd()"),
        ("'=cmd()", "''=cmd()"),
        ("a-b;c+d", "a-b;c+d"),
    ],
)
def test_no_cell_begins_a_formula_wherever_a_spreadsheet_begins_one(
    three: list[Record], reason: str, cell: str
) -> None:
    assert before_of(replace(three[0], before=reason)) == cell


def test_neither_does_one_within_what_is_no_text(three: list[Record]) -> None:
    assert before_of(replace(three[0], before=["hedged;=cmd()"])) == """["hedged;'=cmd()"]"""


def test_a_number_stays_one(three: list[Record]) -> None:
    assert before_of(replace(three[0], before=-1.5)) == "-1.5"


def before_of(record: Record) -> str:
    """The cell of its field `before`, as a spreadsheet reads it."""
    _heading, line = as_csv([record])
    return next(csv.reader([line]))[FIELDS.index("before")]


def one_line(record: Record) -> str:
    (line,) = as_text(record, 10_000)
    return line


@pytest.mark.parametrize("width", [10_000, 120, 40])
def test_lines_to_read_are_printable(three: list[Record], width: int) -> None:
    assert all(line.isprintable() for record in three for line in as_text(record, width))


def test_a_line_to_read_says_who_did_what_and_how_it_went(three: list[Record]) -> None:
    assert one_line(three[1]).startswith(f"#2 {three[1].time} alice(1001)@ops1 /dev/pts/3 from 10.0.0.7 ")
    assert "futures-prod kill.trip whole context NOT DONE of #1" in one_line(three[1])
    assert one_line(three[2]).endswith("paper arm console done DRILL")


def test_a_line_to_read_says_that_an_act_was_done_in_part(three: list[Record]) -> None:
    part = replace(three[1], done=True, evidence={"left_undone": ["database: connection refused"]})
    assert " PARTIAL of #1 " in one_line(part)


def test_what_has_no_room_on_a_line_is_set_in_below_it_part_by_part(three: list[Record]) -> None:
    seen = "none fires " * 9
    evidence: Json = {
        "gates": ["data: fresh", seen],
        "by": {"user": "dana"},
        "check": json.dumps({"at": seen}),
    }
    lines = list(as_text(replace(three[2], reason="to look", evidence=evidence), 80))
    assert all(len(line) <= 80 for line in lines)
    assert lines[0].startswith("#3 ")
    assert [line for line in lines if line.startswith("    ")] == [
        "    reason: to look",
        "    evidence:",
        "        gates:",
        "            data: fresh",
        "            none fires none fires none fires none fires none fires none fires",
        "              none fires none fires none fires",
        '        by: {"user":"dana"}',
        "        check:",
        "            at: none fires none fires none fires none fires none fires none",
        "              fires none fires none fires none fires",
    ]


def set_in(record: Record, evidence: Json) -> list[str]:
    """What is told of the evidence in narrow lines."""
    lines = list(as_text(replace(record, evidence=evidence), 60))
    begin = next(number for number, line in enumerate(lines) if "evidence:" in line)
    return [line.strip() for line in lines[begin:]]


def test_figures_within_a_text_are_told_as_they_stand(three: list[Record]) -> None:
    figures = '{"at":12345678901234567890.1234,"of":[1.10,-0,1e3,"7"],"why":"' + "x " * 40 + '"}'
    assert set_in(three[2], {"book": figures})[:4] == [
        "evidence:",
        "book:",
        "at: 12345678901234567890.1234",
        'of: [1.10,-0,1e3,"7"]',
    ]


@pytest.mark.parametrize(
    "text",
    [
        '{"symbol":"' + "a" * 30 + '","symbol":"' + "b" * 30 + '"}',
        "[" * 1000 + "]" * 1000,
        "[" * 50 + '"' + "a" * 30 + '"' + "]" * 50,
    ],
)
def test_a_text_that_taking_apart_would_change_is_told_as_it_stands(three: list[Record], text: str) -> None:
    assert "".join(set_in(three[2], text)) == f"evidence: {text}"


def test_parts_are_set_in_down_to_a_limit_and_told_in_one_below(three: list[Record]) -> None:
    deep: Json = "a" * 50
    for _ in range(200):
        deep = [deep]
    assert "".join(set_in(three[2], deep)).count("[") == 180


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(), [1, 2, 3]),
        (Filter(action="kill.*"), [1, 2]),
        (Filter(action="arm"), [3]),
        (Filter(user="bob"), [3]),
        (Filter(user="1001"), [1, 2]),
        (Filter(context="paper"), [3]),
        (Filter(context="paper", user="alice"), []),
    ],
)
def test_a_filter_lets_through_what_was_asked_for(
    three: list[Record], wanted: Filter, found: list[int]
) -> None:
    assert [record.sequence for record in three if wanted.lets(record)] == found


def test_since_is_inclusive_and_until_is_not(three: list[Record]) -> None:
    between = Filter(since=three[1].time, until=three[2].time)
    assert [record.sequence for record in three if between.lets(record)] == [2]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-01-02", "2026-01-02T00:00:00.000000Z"),
        ("2026-01-02T03:04", "2026-01-02T03:04:00.000000Z"),
        ("2026-01-02T03:04:05.5+02:00", "2026-01-02T01:04:05.500000Z"),
        ("-90s", "2026-01-02T02:58:30.000000Z"),
        ("-2h", "2026-01-02T01:00:00.000000Z"),
    ],
)
def test_a_time_is_iso_or_so_long_ago(text: str, at: str) -> None:
    assert instant(text, now=1767322800) == at


@pytest.mark.parametrize("text", ["yesterday", "-2w", "", "\x1b[2J"])
def test_what_is_no_time_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(InstantError, match="is no time; give 2026-01-02"):
        instant(text, now=0)


def test_json_lines_are_ascii(three: list[Record]) -> None:
    assert all(line.isascii() and json.loads(line) for line in as_json_lines(three))
