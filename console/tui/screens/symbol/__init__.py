"""Everything about one symbol."""
