"""Exchanging two files in one step, so that what was replaced can still be looked at: Linux's `renameat2`."""

import errno
import os
from pathlib import Path

_HERE = -100  # AT_FDCWD
_EXCHANGE = 2  # RENAME_EXCHANGE


def exchange(left: Path, right: Path) -> bool:
    """Exchange what the two names stand for. False where the system or the file system can't do that.

    Raises OSError for what else goes wrong, such as a name that is gone.
    """
    import ctypes  # noqa: PLC0415 (a trip's flag, which replaces whatever is there, needs none of this)

    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:
        return False
    if call(_HERE, os.fsencode(left), _HERE, os.fsencode(right), _EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), str(right))
