"""Files that only their owner may read, replaced as a whole."""

import json
import os
from pathlib import Path


def write_private(path: Path, document: object) -> None:
    """Write JSON that only the owner may read; readers see the old file or the new one, never a part."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
