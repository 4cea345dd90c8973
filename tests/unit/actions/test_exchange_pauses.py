"""A pause that an exchange has asked for is kept to by every process of one state folder."""

import stat
from pathlib import Path

import pytest

from console.actions.exchange_pauses import LONGEST, ExchangePauses
from tests.unit.actions.people import Wall

FAPI, DAPI = "https://fapi.example.com", "https://dapi.example.com/"


def test_another_process_waits_for_as_long_as_the_exchange_has_said_and_for_no_other_exchange(
    tmp_path: Path,
) -> None:
    clock = Wall()
    told, other = ExchangePauses(tmp_path / "state", clock), ExchangePauses(tmp_path / "state", clock)
    assert other.left(FAPI) == 0
    told.keep(f"{FAPI}/", 60)
    clock.at += 20
    assert (other.left(FAPI), other.left(f"{FAPI}:8443"), other.left(DAPI)) == (40, 0, 0)
    other.keep(FAPI, 10)  # a shorter one doesn't end it
    other.keep(DAPI, 5)
    assert (told.left(FAPI), told.left(DAPI)) == (40, 5)
    clock.at += 40
    assert told.left(FAPI) == 0


def test_a_clock_that_is_set_back_and_a_mistaken_answer_make_it_no_longer_than_a_ban_is(
    tmp_path: Path,
) -> None:
    clock = Wall()
    pauses = ExchangePauses(tmp_path, clock)
    pauses.keep(FAPI, 999_999_999)
    assert pauses.left(FAPI) == LONGEST
    clock.at -= 3600
    assert pauses.left(FAPI) == LONGEST - 3600
    clock.at += 1e9
    pauses.keep(DAPI, 60)
    clock.at -= 1e9  # it was told by a clock that was years ahead
    assert pauses.left(DAPI) == 0


def test_no_figure_in_the_file_makes_it_longer_than_a_ban_is(tmp_path: Path) -> None:
    clock = Wall()
    (tmp_path / "pauses").mkdir()
    (tmp_path / "pauses" / "exchange.json").write_text(
        f'{{"fapi.example.com": {{"told": {clock.at}, "seconds": 1e300}},'
        f' "dapi.example.com": {{"told": 1e300, "seconds": 1e300}}}}'
    )
    pauses = ExchangePauses(tmp_path, clock)
    assert (pauses.left(FAPI), pauses.left(DAPI)) == (LONGEST, 0)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"a:1": {"told": "now", "seconds": 1}}',
        f'{{"fapi.example.com": {{"told": {Wall().at}, "seconds": Infinity}}}}',
        '{"fapi.example.com": {"told": NaN, "seconds": 1}}',
        f'{{"fapi.example.com": {{"told": {Wall().at}, "seconds": 1{"0" * 400}}}}}',
    ],
)
def test_a_damaged_file_stops_nobody_and_is_named(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "pauses").mkdir()
    (tmp_path / "pauses" / "exchange.json").write_text(text)
    pauses = ExchangePauses(tmp_path, Wall())
    assert pauses.left(FAPI) == 0
    assert f"{tmp_path}/pauses/exchange.json: " in caplog.text
    if "Infinity" in text:
        assert (
            "the pause of fapi.example.com isn't told and seconds, each a finite number: none" in caplog.text
        )
    pauses.keep(FAPI, 1)


def test_those_who_share_the_state_folder_share_it(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o2770)
    ExchangePauses(tmp_path / "state", Wall()).keep(FAPI, 1)
    assert stat.S_IMODE((tmp_path / "state" / "pauses").stat().st_mode) == 0o2770
