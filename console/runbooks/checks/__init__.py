"""Checks of the world, for runbooks and for `opsconsole verify`: each passes, fails or is unknown."""
