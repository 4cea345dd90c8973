"""Screen 8."""
