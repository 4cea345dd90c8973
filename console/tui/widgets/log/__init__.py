"""The lines of a log, and the header above them."""
