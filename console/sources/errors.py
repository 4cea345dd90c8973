"""What a source says when it can't be read."""


class SourceError(Exception):
    """Why a source gave no answer, as one short sentence: `connection refused`, `HTTP 503`."""


class NothingThereError(SourceError):
    """There is nothing to ask yet, so asking again at the usual pace costs nobody anything."""


class NoConnectionError(SourceError):
    """Nobody answered: no connection came about, or it was lost."""
