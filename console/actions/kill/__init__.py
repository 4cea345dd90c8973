"""Tripping the kill switch: its actuators, and firing all of them at once."""
