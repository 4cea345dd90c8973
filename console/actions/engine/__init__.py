"""An engine's processes: which they are, by pid and start, and how they are ended."""
