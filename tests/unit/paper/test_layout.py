"""The lock of a paper engine's state folder."""

import fcntl
import threading
from pathlib import Path

from console.paper.layout import StateFolder


def test_somebody_who_just_looks_at_the_lock_keeps_no_engine_out(tmp_path: Path) -> None:
    with (tmp_path / "engine.lock").open("w") as looked_at:
        fcntl.flock(looked_at, fcntl.LOCK_SH)
        gone = threading.Timer(0.05, fcntl.flock, (looked_at, fcntl.LOCK_UN))
        gone.start()
        StateFolder(tmp_path).lock().release()
        gone.join()
