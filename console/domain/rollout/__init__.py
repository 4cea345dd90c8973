"""Which feature trades which symbols, and what a change of that would do: pure rules on values."""
