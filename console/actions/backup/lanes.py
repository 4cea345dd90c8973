"""A dump's tables in lanes, each for a client of its own, so that a server loads two of them at once.

A client reads a statement, then waits for the server to write it: one alone keeps neither busy. What is for
one table stands together in a dump, behind a line that names it, and needs of the rest only how the dump
begins. No value holds such a line: whoever dumps writes a line break in one as two other characters.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from console.domain.backup import Manifest

LANES = 2
"""Loads at once. Each takes two connections, one to load and one to add up what it has loaded."""
LARGE = 8 << 20
"""Bytes of a dump from which on it is worth more than one client."""
_SECTION = b"\n-- Table structure for table "


def lanes_of(manifest: Manifest) -> Sequence[Sequence[str]]:
    """The tables of a backup, in the order of its dump, as they are to be loaded at once."""
    if (manifest.length or 0) < LARGE:
        return [list(manifest.columns)]
    values = {
        name: len(columns) * (manifest.tables[name].rows if name in manifest.tables else 0)
        for name, columns in manifest.columns.items()
    }
    lanes: list[set[str]] = [set() for _ in range(LANES)]
    for name in sorted(values, key=lambda each: values[each], reverse=True):
        min(lanes, key=lambda lane: sum(values[each] for each in lane)).add(name)
    return [[name for name in values if name in lane] for lane in lanes if lane]


def stands_apart(beginning: bytes) -> bool:
    """Whether the dump that begins so has lines that name its tables: one without comments has none."""
    return _SECTION in beginning


def only(parts: Iterable[bytes], wanted: Collection[str], known: Collection[str]) -> Iterator[bytes]:
    """What of a dump is for `wanted` of the tables `known`, up to where the last of them ends."""
    names = b"|".join(re.escape(name.encode()) for name in known)
    beginning = re.compile(_SECTION + rb"[`\"]?(" + names + rb")[`\"]?\n")
    longest = len(beginning.pattern)
    left, buffer, keeps = set(wanted), b"", True
    for part in parts:
        buffer, done = buffer + part, 0
        for found in beginning.finditer(buffer):
            if keeps:
                yield buffer[done : found.start()]
            name = found[1].decode()
            keeps, done = name in wanted, found.start()
            if not keeps and not left:
                return
            left.discard(name)
        whole = max(done, len(buffer) - longest)  # behind it, a table may begin that ends in the next part
        if keeps:
            yield buffer[done:whole]
        buffer = buffer[whole:]
    if keeps:
        yield buffer
