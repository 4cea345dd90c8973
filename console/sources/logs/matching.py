"""Looks for one regular expression in blocks of lines: a process of its own, which ends itself when it takes
too long. Run by `pattern` as `python matching.py EXPRESSION`; it imports nothing of the console.

It is asked on stdin: the number of matches wanted of a line at most, the length of the block, and the block.
It answers on stdout: the length of what follows, and three numbers for each match: line, begin and end.
"""

import re
import signal
import struct
import sys
import warnings
from array import array
from itertools import islice
from typing import BinaryIO

LONGEST = 64 * 1024
"""Characters of one line that are looked at."""
PATIENCE = 1.0
"""Seconds of a processor that one block may take. Then the alarm, which nobody handles, ends the process."""


def main(expression: str, questions: BinaryIO, answers: BinaryIO) -> None:
    warnings.simplefilter("ignore")
    pattern = re.compile(expression)
    while header := questions.read(8):
        most, length = struct.unpack("<II", header)
        lines = questions.read(length).decode("utf-8", "replace").removesuffix("\n").split("\n")
        signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)
        found = matches(pattern, lines, most).tobytes()
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        answers.write(struct.pack("<I", len(found)) + found)
        answers.flush()


def matches(pattern: re.Pattern[str], lines: list[str], most: int) -> "array[int]":
    """Line, begin and end of each match, of `most` in one line at most."""
    found = array("I")
    for number, line in enumerate(lines):
        if pattern.search(looked_at := line.removesuffix("\r")[:LONGEST]):
            for match in islice(pattern.finditer(looked_at), most):
                found.extend((number, *match.span()))
    return found


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main(sys.argv[1], sys.stdin.buffer, sys.stdout.buffer)
