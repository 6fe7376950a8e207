"""A run of a benchmark, read as predictions, and the sentence on what was read."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lesion.audit.comparison.files.benchmarks.logs import Names, chosen_logs
from lesion.audit.comparison.files.benchmarks.predictions import predictions
from lesion.audit.comparison.files.benchmarks.run import Documents, Task, read_tasks
from lesion.audit.comparison.files.contract import Reading
from lesion.audit.comparison.files.predictions import Predictions
from lesion.audit.comparison.source import source_of_files

NAMED = 5  # tasks


def read_run(path: Path, reading: Reading, names: Names, documents: Documents, *, benchmark: str) -> Predictions:
    """The newest log of each task, as choices or as graded answers.

    Parameters
    ----------
    path : a log, or a folder of logs
    documents : reads a log
    benchmark : what people call it

    Raises
    ------
    InputError
        Where a log is no such thing, or must be told how to be read: the message says by which option.
    """
    logs, older = chosen_logs(path, names, reading.task)
    tasks, left = read_tasks(path, logs, documents, filter=reading.filter, metric=reading.metric)
    found = predictions(path, tasks)
    said = [f"log of {benchmark}: {_dated(tasks)}"]
    if found.correct is None:
        said.append("the answer is the choice of the largest log probability")
    else:
        said.append(f"answers graded by {', '.join(sorted({task.metric for task in tasks}))}")
    if filters := sorted({task.filter for task in tasks} - {"none"}):
        said.append(f"filter {', '.join(filters)}")
    if older:
        said.append(f"{older:,} older logs of the same tasks passed over")
    if left:
        said.append(f"left out, for no metric is 0 or 1: {', '.join(left)}")
    return replace(found, source=source_of_files(path, [task.log.path for task in tasks], "; ".join(said)))


def _dated(tasks: Sequence[Task]) -> str:
    """The first tasks with the dates of their runs, and how many more there are."""
    first = [f"{task.log.task} of {task.log.date}" if task.log.date else task.log.task for task in tasks[:NAMED]]
    more = len(tasks) - NAMED
    return ", ".join(first) + (f" and {more:,} more tasks" if more > 0 else "")
