"""Which logs a file or a folder of lm-evaluation-harness is."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lesion.errors import InputError

LOG = re.compile(r"samples_(?P<task>.+?)(?:_(?P<date>\d{4}-\d{2}-\d{2}T\d{2}[-:]\d{2}[-:]\d{2}(?:\.\d+)?))?\.jsonl")


@dataclass(frozen=True)
class Log:
    """The log of a run of a task.

    Attributes
    ----------
    date : of the run, as the name of the file has it; empty where it has none
    """

    path: Path
    task: str
    date: str


def logs_below(folder: Path) -> list[Path]:
    """The logs in an output folder: in itself, or in the folder of each model."""
    found = [path for pattern in ("samples_*.jsonl", "*/samples_*.jsonl") for path in folder.glob(pattern)]
    return sorted(path for path in found if LOG.fullmatch(path.name))


def chosen_logs(path: Path, tasks: Iterable[str] = ()) -> tuple[list[Log], int]:
    """The newest log of each task, in order of the tasks, and how many older ones are passed over.

    Parameters
    ----------
    path : a log, or a folder of logs
    tasks : those that are wanted; all without

    Raises
    ------
    InputError
        Where the folder holds logs of several models, or none of a task that is wanted.
    """
    paths = logs_below(path) if path.is_dir() else [path]
    if len(folders := {log.parent for log in paths}) > 1:
        names = ", ".join(sorted(folder.relative_to(path).as_posix() for folder in folders))
        raise InputError(f"{path}: holds logs of several models ({names}); the folder of one expected")
    newest: dict[str, Log] = {}
    for log in map(_log, paths):
        if log.task not in newest or log.date > newest[log.task].date:
            newest[log.task] = log
    known, older = sorted(newest), len(paths) - len(newest)
    if missing := [task for task in tasks if task not in newest]:
        raise InputError(f"{path}: has no log of the task {missing[0]}; it has {', '.join(known)}")
    wanted = set(tasks) or newest.keys()
    return [newest[task] for task in known if task in wanted], older


def _log(path: Path) -> Log:
    match = LOG.fullmatch(path.name)
    return Log(path, match["task"], match["date"] or "") if match else Log(path, path.stem, "")
