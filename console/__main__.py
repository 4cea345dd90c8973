"""The process of the command line: `opsconsole`, and `python -m console`."""

import atexit
import gc
import os
import sys
import threading

from console.late_methods import compile_late

_THRESHOLDS = (50_000, 10, 10)
"""Objects made between two looks for garbage at the newest ones, and such looks between those at older ones.

What is imported stays: to look for garbage in it each 700 objects took a fifteenth of a command.
"""


def run() -> None:
    """Run the command that `sys.argv` asks for, and end the process with its exit code.

    Daemon threads that still wait for a server would wake up while the interpreter is taken down, which
    Python 3.11 doesn't always survive. Where there are any, the process ends before that, once all else that
    belongs to an orderly end is done.
    """
    end = _End()
    atexit.register(end.come)  # what is registered first is called last
    compile_late()
    gc.set_threshold(*_THRESHOLDS)
    from console.cli import main  # noqa: PLC0415 (its imports register ends of their own)

    try:
        main()
    except SystemExit as leaving:
        end.code = _exit_code(leaving)
        raise


class _End:
    """The end of the process, with the exit code of an unforeseen error until another one is known."""

    code = 1

    def come(self) -> None:
        """End the process here, if there are other threads: only daemons are left by now."""
        if _threads() > 1:
            os._exit(self.code if _flushed() else _UNFLUSHED)


def _threads() -> int:
    """How many there are for the system: one that is just ending is none to `threading` any more."""
    try:
        with os.scandir("/proc/self/task") as threads:
            return sum(1 for _ in threads)
    except OSError:
        return threading.active_count()


_UNFLUSHED = 120
"""Python's own exit code where what was written last could not be."""


def _exit_code(leaving: SystemExit) -> int:
    """The code that Python makes of it; None is success, and of words it is 1."""
    if leaving.code is None:
        return 0
    return leaving.code if isinstance(leaving.code, int) else 1


def _flushed() -> bool:
    """Whether everything that was written to standard output and standard error is out."""
    flushed = True
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except (OSError, ValueError, KeyboardInterrupt):
            flushed = False
    return flushed


if __name__ == "__main__":
    run()
