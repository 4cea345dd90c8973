"""A program that tells what it has been given, for the test of `tests.forked`."""
