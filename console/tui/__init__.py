"""The screen: it shows an Assessment and decides nothing."""
