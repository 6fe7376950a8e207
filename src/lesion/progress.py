"""Progress bars on a terminal; nothing in a log file."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Advance = Callable[[], None]


@contextmanager
def progress(**totals: int) -> Iterator[dict[str, Advance]]:
    """Show a bar on standard error for each of `totals`, if it is a terminal. Yields functions that advance one by 1.

    A full bar starts again, so an inner bar (steps) can run once for each step of an outer one (members).
    """
    if not sys.stderr.isatty():
        yield dict.fromkeys(totals, lambda: None)
        return
    from rich.console import Console  # a twentieth of a second, which a node of an engine need not spend
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:

        def advance(name: str) -> Advance:
            task = bars.add_task(name, total=totals[name])

            def one() -> None:
                if bars.tasks[task].finished:
                    bars.reset(task)
                bars.advance(task)

            return one

        yield {name: advance(name) for name in totals}
