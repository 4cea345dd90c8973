"""What a source says when it can't be read."""


class SourceError(Exception):
    """Why a source gave no answer, as one short sentence: `connection refused`, `HTTP 503`."""
