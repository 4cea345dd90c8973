"""Rollout: changing the stages in the flags file, and what is shown of it."""
