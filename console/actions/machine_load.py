"""Whether this machine has so much to do that the console itself may be what is late."""

import os

BUSY = 2.0
"""Processes that want to run for each processor, over the last minute, from which on each waits for long."""


def busy() -> str:
    """That it is so, with what helps, in words; empty where the machine keeps up."""
    try:
        load, processors = os.getloadavg()[0], os.cpu_count() or 1
    except OSError:
        return ""  # where nobody can tell, nothing is refused or said for that
    if load < BUSY * processors:
        return ""
    crowded = f"this machine is busy (load {load:.0f} on {processors} processors)"
    return f"{crowded}: it may be this console that is late; ask again, or from another machine"
