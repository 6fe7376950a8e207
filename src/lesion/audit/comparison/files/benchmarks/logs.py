"""Which logs a file or a folder of a benchmark is."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lesion.errors import InputError

DATE = r"\d{4}-\d{2}-\d{2}T\d{2}[-:]\d{2}[-:]\d{2}(?:\.\d+)?"


@dataclass(frozen=True)
class Names:
    """How a benchmark names its logs.

    Attributes
    ----------
    pattern : of the name of a log, with its task and, if it has one, the date of the run
    start, end : of the name
    depth : how many folders deep below the output folder logs may lie
    """

    pattern: re.Pattern[str]
    start: str
    end: str
    depth: int

    def below(self, folder: Path) -> list[Path]:
        """The logs in an output folder."""
        found = (
            path for depth in range(self.depth + 1) for path in folder.glob("*/" * depth + f"{self.start}*{self.end}")
        )
        return sorted(path for path in found if self.pattern.fullmatch(path.name))


def names(start: str, end: str, *, depth: int) -> Names:
    """Logs that are called `start`, the task, perhaps the date, `end`."""
    pattern = rf"{re.escape(start)}(?P<task>.+?)(?:_(?P<date>{DATE}))?{re.escape(end)}"
    return Names(re.compile(pattern), start, end, depth)


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


def chosen_logs(path: Path, names: Names, tasks: Iterable[str] = ()) -> tuple[list[Log], int]:
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
    paths = names.below(path) if path.is_dir() else [path]
    if len(folders := {_of_model(log) for log in paths}) > 1:
        models = ", ".join(sorted(folder.relative_to(path).as_posix() for folder in folders))
        raise InputError(f"{path}: holds logs of several models ({models}); the folder of one expected")
    newest: dict[str, Log] = {}
    for log in (_log(each, names) for each in paths):
        if log.task not in newest or log.date > newest[log.task].date:
            newest[log.task] = log
    known, older = sorted(newest), len(paths) - len(newest)
    if missing := [task for task in tasks if task not in newest]:
        raise InputError(f"{path}: has no log of the task {missing[0]}; it has {', '.join(known)}")
    wanted = set(tasks) or newest.keys()
    return [newest[task] for task in known if task in wanted], older


def _of_model(path: Path) -> Path:
    """The folder of the model: that of the log, or the one above where that is called by a date."""
    return path.parent.parent if re.fullmatch(DATE, path.parent.name) else path.parent


def _log(path: Path, names: Names) -> Log:
    match = names.pattern.fullmatch(path.name)
    return Log(path, match["task"], match["date"] or "") if match else Log(path, path.stem, "")
