"""The table of every screen."""
