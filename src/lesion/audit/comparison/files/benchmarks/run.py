"""The tasks of a run, each with one filter, and whether their answers are choices or graded by a metric."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lesion.audit.comparison.files.benchmarks.choices import ACCURACY, answer, graded, right_choices
from lesion.audit.comparison.files.benchmarks.document import Document
from lesion.audit.comparison.files.benchmarks.logs import Log
from lesion.errors import InputError

Documents = Callable[[Path], Mapping[str, Mapping[int | str, Document]]]


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
    path: Path, logs: Sequence[Log], documents: Documents, *, filter: str | None, metric: str | None
) -> tuple[list[Task], list[str]]:
    """The tasks that can be compared, and the names of those that have no answers that are right or wrong.

    Parameters
    ----------
    documents : reads a log: filter → the documents by their ids
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
    if right is not None and _is_the_score(chosen, right):
        return Task(log, filter, chosen, tuple(right), ACCURACY, ())
    name = _metric(log, chosen, metric, of_choices=of_choices)
    correct = tuple(bool(graded(document.metrics.get(name))) for document in chosen)
    return Task(log, filter, chosen, None, name, correct) if name else None


def _is_the_score(chosen: Sequence[Document], right: Sequence[int]) -> bool:
    """Whether the largest log probability is what the benchmark scores by: `acc`, which was looked at, or another."""
    known = _marks(chosen)
    if ACCURACY in known or not known:
        return True
    return tuple(answer(document) == place for document, place in zip(chosen, right, strict=True)) in known.values()


def _marks(chosen: Sequence[Document]) -> dict[str, tuple[bool | None, ...]]:
    """The metrics that are 0 or 1 for each document, and whether they are 1."""
    values = {name: tuple(graded(document.metrics.get(name)) for document in chosen) for name in chosen[0].metrics}
    return {name: marks for name, marks in values.items() if None not in marks}


def _metric(log: Log, chosen: Sequence[Document], wanted: str | None, *, of_choices: bool) -> str:
    """The metric that tells what is right: the one that is wanted, else the only one; empty for none."""
    known = _marks(chosen)
    if wanted in known:
        return wanted or ""
    if of_choices and ACCURACY in known:
        return ACCURACY
    if len(set(known.values())) > 1:
        raise InputError(
            f"{log.path}: the metrics {', '.join(known)} say other things of what is right; choose one with --metric"
        )
    return next(iter(known), "")
