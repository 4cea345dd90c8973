"""A pause that an exchange has asked for is kept to by every process of one state folder."""

import stat
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.actions.exchange_pauses import LONGEST, ExchangePauses

FAPI, DAPI = "https://fapi.example.com", "https://dapi.example.com/"


@dataclass
class Hand:
    """A clock that is set by hand."""

    at: float = 1_800_000_000.0

    def now(self) -> float:
        return self.at

    def wall(self) -> float:
        return self.at


def test_another_process_waits_for_as_long_as_the_exchange_has_said_and_for_no_other_exchange(
    tmp_path: Path,
) -> None:
    clock = Hand()
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
    clock = Hand()
    pauses = ExchangePauses(tmp_path, clock)
    pauses.keep(FAPI, 999_999_999)
    clock.at -= 3600
    assert pauses.left(FAPI) == LONGEST


@pytest.mark.parametrize("text", ["{", "[]", '{"a:1": {"told": "now", "seconds": 1}}'])
def test_a_damaged_file_stops_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "pauses").mkdir()
    (tmp_path / "pauses" / "exchange.json").write_text(text)
    pauses = ExchangePauses(tmp_path, Hand())
    assert pauses.left(FAPI) == 0
    pauses.keep(FAPI, 1)


def test_those_who_share_the_state_folder_share_it(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o2770)
    ExchangePauses(tmp_path / "state", Hand()).keep(FAPI, 1)
    assert stat.S_IMODE((tmp_path / "state" / "pauses").stat().st_mode) == 0o2770
