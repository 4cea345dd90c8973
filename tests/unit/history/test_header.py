"""What a record says of itself comes back as it was, and a record of before is read with what it says."""

import json
from dataclasses import replace

import pytest

from console.domain.rollout.stages import PAPER, Dialect
from console.history.frames import RecordError
from console.history.header import header_document, header_of
from tests.unit.history.records import HEADER, RULES


def test_a_header_comes_back_as_it_was() -> None:
    header = replace(HEADER, rules=replace(RULES, server="db-1", dialect=replace(PAPER, at_start=True)))
    assert header_of(json.loads(json.dumps(header_document(header)))) == header


def test_a_record_from_before_the_pinned_server_was_kept_pins_none() -> None:
    document = header_document(HEADER)
    del document["server"]
    assert header_of(document) == HEADER


def test_a_record_from_before_the_dialect_was_kept_has_the_documents() -> None:
    document = header_document(HEADER)
    del document["dialect"]
    assert header_of(document).rules.dialect == Dialect()


@pytest.mark.parametrize("dialect", [None, {}, {"symbol_stages": 1}])
def test_a_dialect_that_no_console_wrote_is_refused(dialect: object) -> None:
    with pytest.raises(RecordError, match="not a console's header"):
        header_of({**header_document(HEADER), "dialect": dialect})
