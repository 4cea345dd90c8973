"""Backups of an engine's book: made, checked against their manifests, rehearsed, and thrown away."""
