"""Read-only adapters: each turns one surface of an engine into a value."""
