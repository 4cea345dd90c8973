"""Why a backup can't be made, read or trusted."""


class BackupError(Exception):
    """One line, without SQL, addresses of memory or credentials. Nothing is left half-done."""
