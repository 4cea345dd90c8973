"""Releases of an engine's code: recorded copies of its files, and the ways back to one."""
