"""Screen 4: what is wrong, what was done about it, and what the rules can't tell."""
