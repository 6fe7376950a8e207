"""Show how far a run of Snakemake is: `snakemake … 2>&1 | python -m lesion.pipeline.steps_left`.

"12 of 79 steps, about 2 min left", in one line that changes on a terminal, at each tenth of the way elsewhere. What
tells of an error is shown as it comes; the whole output lies in .snakemake/log.
"""

import re
import sys
import time
from collections.abc import Iterable
from typing import TextIO

DONE = re.compile(r"(\d+) of (\d+) steps")
TOLD = re.compile(r"Nothing to be done|Error|Exception|\bWARNING\b|lesion: ")


def duration(seconds: float) -> str:
    """Seconds in the unit that a person would choose."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def follow(lines: Iterable[str], out: TextIO, *, terminal: bool) -> None:
    """Copy progress, and everything from the first sign of an error on, from `lines` to `out`."""
    start, tenth, failed = time.monotonic(), 0, False
    for line in lines:
        failed = failed or bool(TOLD.search(line))
        if failed:
            print(line, end="", file=out, flush=True)
        if match := DONE.search(line):
            failed = False
            done, total = int(match[1]), int(match[2])
            left = (time.monotonic() - start) / done * (total - done)
            text = f"{done} of {total} steps" + (f", about {duration(left)} left" if done < total else "")
            if terminal:
                print(f"\r{text:<60}", end="" if done < total else "\n", file=out, flush=True)
            elif done == total or 10 * done // total > tenth:
                tenth = 10 * done // total
                print(text, file=out, flush=True)


if __name__ == "__main__":
    follow(sys.stdin, sys.stdout, terminal=sys.stdout.isatty())
