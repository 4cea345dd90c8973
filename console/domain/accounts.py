"""The accounts that the two engines keep (ENGINE section 1)."""

USDM_ACCOUNT = 2
COIN_ACCOUNT = 3
