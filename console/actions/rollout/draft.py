"""From the changes that a plan asks for to the bytes of the flags file, checked as an engine reads them."""

from collections.abc import Sequence

from console.actions.flags_file import Draft
from console.domain.edits import Edit
from console.domain.rollout.stages import same_meaning
from console.domain.surfaces import Flags
from console.sources.errors import SourceError
from console.sources.flags import parse_flags
from console.yaml_span import SpanError, edited


def drafted(seen: bytes, edits: Sequence[Edit], meant: Flags, name: str) -> Draft:
    """The file after `edits`, which an engine has to read as `meant`; `name` is what messages call the file.

    Raises SpanError where the file can't be edited, or would be read as something else.
    """
    mine = edited(seen, edits, name)
    try:
        read = parse_flags(mine, name)
    except SourceError as error:
        raise SpanError(str(error)) from None
    if not same_meaning(read, meant):
        raise SpanError(f"{name}:1:1: engines would read something else than is meant; edit it by hand")
    return Draft(seen, mine)
