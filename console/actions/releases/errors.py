"""What goes wrong with releases."""


class ReleaseError(Exception):
    """Why something about a release was not done, or can't be told, as one line."""
