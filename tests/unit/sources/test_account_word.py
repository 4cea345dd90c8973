"""What the exchange's account says, which alone proves that an empty list of positions means flat."""

from decimal import Decimal

import pytest

from console.sources.exchange_rows import AccountWord, account_word


@pytest.mark.parametrize(
    ("answer", "wallet", "maintenance"),
    [
        ({"totalWalletBalance": "100.5", "totalMaintMargin": "0"}, "100.5", "0"),
        ({"totalMaintMargin": "0", "assets": [{"maintMargin": "3"}, {"maintMargin": "2"}]}, None, "5"),
        ({"totalMaintMargin": "7", "assets": [{"maintMargin": "7"}]}, None, "7"),
        ({"assets": [{"asset": "BTC", "walletBalance": "2", "maintMargin": "0"}]}, None, "0"),
        ({"assets": []}, None, None),
        ({"totalMaintMargin": 0, "assets": [{"maintMargin": "NaN"}, 4]}, None, None),
        ({"totalWalletBalance": "1E+99999"}, None, None),
        ({}, None, None),
        ([], None, None),
        ("[]", None, None),
    ],
)
def test_an_account_says_what_is_a_number_in_it(
    answer: object, wallet: str | None, maintenance: str | None
) -> None:
    amounts = (None if text is None else Decimal(text) for text in (wallet, maintenance))
    assert account_word(answer) == AccountWord(*amounts)
