"""Screen 1: every symbol against its limits."""
