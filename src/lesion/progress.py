"""Progress on a terminal, and none in a log file."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[[], None]


@contextmanager
def progress(**totals: int) -> Iterator[dict[str, Advance]]:
    """Bars on standard error named by `totals`, where that is a terminal; yields what advances each by one.

    A bar that is full starts again, so that an inner bar (steps) may run once for each of an outer one (members).
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as bars:

        def advance(name: str) -> Advance:
            task = bars.add_task(name, total=totals[name])

            def one() -> None:
                if bars.tasks[task].finished:
                    bars.reset(task)
                bars.advance(task)

            return one

        yield {name: advance(name) for name in totals}
