"""A record's line: what it is made of, what it refuses to be, and that every value can be written."""

import hashlib
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.audit.record import (
    BEGINNING,
    FIELDS,
    Act,
    Draft,
    Phase,
    Record,
    RecordError,
    chained,
    iso_time,
    read_line,
)
from console.audit.redaction import Json
from tests.unit.audit.journals import ALICE, TRIP

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def recorded(act: Act = TRIP, *secrets: str) -> Record:
    return chained(Draft(ALICE, act, Phase.INTENT), BEGINNING, 1767323045.678901, secrets)


def test_the_hash_is_that_of_the_object_without_it() -> None:
    line = recorded().line
    body = line[: line.rindex(b',"hash":')] + b"}"
    assert json.loads(line)["hash"] == hashlib.sha256(body).hexdigest()


def test_the_fields_stand_in_the_order_of_the_record() -> None:
    assert tuple(json.loads(recorded().line)) == FIELDS


def test_the_time_is_utc_with_microseconds() -> None:
    assert recorded().time == "2026-01-02T03:04:05.678901Z"


def test_times_sort_as_text_across_a_second() -> None:
    assert iso_time(1.9999996) == "1970-01-01T00:00:02.000000Z"


@given(value=VALUES, text=st.text(st.characters(exclude_categories=())))
def test_whatever_is_handed_in_is_one_ascii_line_that_reads_back(value: Json, text: str) -> None:
    act = Act("paper", "arm", text, before=value, after=[value], reason=text, evidence={"seen": value})
    record = recorded(act)
    assert record.line.isascii()
    assert record.line.decode().isprintable()
    assert read_line(record.line) == record


def test_money_is_written_digit_by_digit() -> None:
    assert recorded(Act("paper", "arm", "x", before=Decimal("0.10"))).before == "0.10"


def test_what_is_not_a_number_is_named() -> None:
    assert recorded(Act("paper", "arm", "x", evidence=[float("nan"), float("-inf")])).evidence == [
        "nan",
        "-inf",
    ]


def test_the_same_mapping_in_another_order_is_the_same_line() -> None:
    one, other = Act("p", "a", "t", before={"x": 1, "y": 2}), Act("p", "a", "t", before={"y": 2, "x": 1})
    assert recorded(one).line == recorded(other).line


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.replace(b'"uid":1001', b'"uid":1002'),
        lambda line: line.replace(b'"uid":1001', b'"uid": 1001'),
        lambda line: line.replace(b"margin", b"m\\u0061rgin"),
        lambda line: line + b" ",
        lambda line: line.replace(b'"hash":"', b'"hash":"0'),
        lambda line: line[:-1],
        lambda line: b"",
    ],
)
def test_a_line_that_means_the_same_or_less_in_other_bytes_is_refused(change: "object") -> None:
    assert callable(change)
    with pytest.raises(RecordError):
        read_line(change(recorded().line))


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{}", b'{"phase":"perhaps"}', b'{"phase":"intent","new":1}', b'{"phase":' + b"[" * 5000 + b"}"],
    ids=["list", "empty", "phase", "field", "deep"],
)
def test_a_line_with_a_right_hash_that_is_no_record_is_refused(body: bytes) -> None:
    line = b'%b,"hash":"%b"}' % (body[:-1], hashlib.sha256(body).hexdigest().encode())
    with pytest.raises(RecordError):
        read_line(line)
