"""What can go wrong with the journal, said in one line."""


class JournalError(Exception):
    """The journal can't be written or read. The message says where and why, on one line."""


class AnchorError(Exception):
    """An anchor can't be kept or read. The message says which and why, on one line."""


class NoAnchorError(AnchorError):
    """Nobody has made the anchor: there is none to keep, and nothing is wrong."""
