"""Logs of lm-evaluation-harness: a samples_*.jsonl file, or a folder of them."""

from dataclasses import replace
from pathlib import Path

from lesion.audit.comparison.files.contract import Reading
from lesion.audit.comparison.files.predictions import Predictions

ORDER = 10
READS = "samples_*.jsonl or a folder of lm-evaluation-harness"
START = 2**20  # bytes of a line in which to look for its keys
NAMED = 5  # tasks


def recognises(path: Path) -> bool:
    """A folder by the names in it, a file by the keys of its first line."""
    from lesion.audit.comparison.files.harness.logs import logs_below

    if path.is_dir():
        return bool(logs_below(path))
    if path.suffix.lower() not in (".jsonl", ".json") or not path.is_file():
        return False
    with path.open("rb") as file:
        return b'"filtered_resps"' in file.readline(START)


def read(path: Path, reading: Reading) -> Predictions:
    """The newest log of each task, as choices or as graded answers."""
    from lesion.audit.comparison.files.harness.logs import chosen_logs
    from lesion.audit.comparison.files.harness.predictions import predictions
    from lesion.audit.comparison.files.harness.run import read_tasks
    from lesion.audit.comparison.source import source_of_files

    logs, older = chosen_logs(path, reading.task)
    tasks, left = read_tasks(path, logs, filter=reading.filter, metric=reading.metric)
    found = predictions(path, tasks)
    many = len(tasks) - NAMED
    dated = [f"{task.log.task} of {task.log.date}" if task.log.date else task.log.task for task in tasks[:NAMED]]
    said = [f"log of lm-evaluation-harness: {', '.join(dated)}{f' and {many:,} more tasks' if many > 0 else ''}"]
    if found.correct is None:
        said.append("the answer is the choice of the largest log probability")
    else:
        metrics = sorted({task.metric for task in tasks})
        said.append(f"answers graded by {', '.join(metrics)}")
    if filters := sorted({task.filter for task in tasks} - {"none"}):
        said.append(f"filter {', '.join(filters)}")
    if older:
        said.append(f"{older:,} older logs of the same tasks passed over")
    if left:
        said.append(f"left out, for no metric is 0 or 1: {', '.join(left)}")
    return replace(found, source=source_of_files(path, [task.log.path for task in tasks], "; ".join(said)))
