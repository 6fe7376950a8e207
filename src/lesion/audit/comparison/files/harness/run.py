"""The tasks of a run, each with one filter, and whether their answers are choices or graded by a metric."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lesion.audit.comparison.files.harness.choices import ACCURACY, graded, right_choices
from lesion.audit.comparison.files.harness.documents import Document, documents
from lesion.audit.comparison.files.harness.logs import Log
from lesion.errors import InputError


@dataclass(frozen=True)
class Task:
    """A task of which answers are right or wrong.

    Attributes
    ----------
    filter : of the answers
    documents : in order of their ids
    right : the right choice of each; None where answers are no choices, or it cannot be told
    metric : which tells whether an answer is right; empty where no metric is 0 or 1
    correct : whether each is, by this metric
    """

    log: Log
    filter: str
    documents: tuple[Document, ...]
    right: tuple[int, ...] | None
    metric: str
    correct: tuple[bool, ...]


def read_tasks(
    path: Path, logs: Sequence[Log], *, filter: str | None, metric: str | None
) -> tuple[list[Task], list[str]]:
    """The tasks that can be compared, and the names of those that have no answers that are right or wrong.

    Parameters
    ----------
    filter : which is taken of tasks with several
    metric : which tells what is right, of tasks that have it

    Raises
    ------
    InputError
        Where a task has several filters, or several metrics of 0 or 1 that disagree, and none is chosen; where no task
        has the one that is; or where no task has answers that are right or wrong.
    """
    filters: set[str] = set()
    metrics: set[str] = set()
    tasks, left = [], []
    for log in logs:
        found = documents(log.path)
        filters |= found.keys()
        name = _filter(log, sorted(found), filter)
        chosen = tuple(found[name][key] for key in sorted(found[name], key=lambda key: (isinstance(key, str), key)))
        metrics |= chosen[0].metrics.keys()
        task = _task(log, name, chosen, metric)
        if task is None:
            left.append(log.task)
        else:
            tasks.append(task)
    for option, known, what in ((filter, filters, "filter"), (metric, metrics, "metric")):
        if option is not None and option not in known:
            raise InputError(f"{path}: no task has the {what} {option}; there is {', '.join(sorted(known)) or 'none'}")
    if not tasks:
        raise InputError(
            f"{path}: no metric of {left[0]} is 0 or 1 for each document, so no answer is right or wrong; it has"
            f" {', '.join(sorted(metrics)) or 'none'}"
        )
    return tasks, left


def _filter(log: Log, known: Sequence[str], wanted: str | None) -> str:
    if len(known) == 1:
        return known[0]
    if wanted is None or wanted not in known:
        raise InputError(f"{log.path}: has the filters {', '.join(known)}; choose one with --filter")
    return wanted


def _task(log: Log, filter: str, chosen: tuple[Document, ...], metric: str | None) -> Task | None:
    of_choices = all(document.scores is not None for document in chosen)
    plain = metric in (None, ACCURACY) or metric not in chosen[0].metrics
    right = right_choices(chosen) if of_choices and plain else None
    if right is not None:
        return Task(log, filter, chosen, tuple(right), ACCURACY, ())
    name = _metric(log, chosen, metric, of_choices=of_choices)
    correct = tuple(bool(graded(document.metrics.get(name))) for document in chosen)
    return Task(log, filter, chosen, None, name, correct) if name else None


def _metric(log: Log, chosen: Sequence[Document], wanted: str | None, *, of_choices: bool) -> str:
    """The metric that tells what is right: the one that is wanted, else the only one; empty for none."""
    values = {name: tuple(graded(document.metrics.get(name)) for document in chosen) for name in chosen[0].metrics}
    known = {name: marks for name, marks in values.items() if None not in marks}
    if wanted in known:
        return wanted or ""
    if of_choices and ACCURACY in known:
        return ACCURACY
    if len(set(known.values())) > 1:
        raise InputError(
            f"{log.path}: the metrics {', '.join(known)} say other things of what is right; choose one with --metric"
        )
    return next(iter(known), "")
