"""Screen 6: the way back, chosen by what is true now."""
