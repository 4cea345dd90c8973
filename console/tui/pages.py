"""Which alerts page, so that the bell rings when another one begins to."""

from collections.abc import Sequence

from console.domain.alert_rows import AlertRow


class Pages:
    """Remembers what pages, look by look: the bell rings once for it, and again for another."""

    def __init__(self) -> None:
        self._rows: Sequence[AlertRow] = ()
        self._keys: frozenset[str] = frozenset()

    def new(self, rows: Sequence[AlertRow]) -> bool:
        """Whether one of `rows` pages that didn't when this was asked last."""
        if rows is self._rows:
            return False
        before, self._rows = self._keys, rows
        self._keys = frozenset(row.key for row in rows if row.pages)
        return not self._keys <= before
