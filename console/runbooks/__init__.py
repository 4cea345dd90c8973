"""Procedures as data, what they ask the world, and runs of them that survive whoever drives them."""
