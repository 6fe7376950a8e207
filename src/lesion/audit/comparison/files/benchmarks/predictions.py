"""Tasks as a table of predictions, a row a document."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lesion.audit.comparison.files.benchmarks.choices import ACCURACY, answer, letter, names, probabilities
from lesion.audit.comparison.files.benchmarks.document import Document
from lesion.audit.comparison.files.benchmarks.run import Task
from lesion.audit.comparison.files.formats import MemoryTable
from lesion.audit.comparison.files.predictions import Predictions
from lesion.audit.comparison.files.rows import of_table

Row = dict[str, Any]

NOT_TOLD = "(not told)"


def predictions(path: Path, tasks: Sequence[Task]) -> Predictions:
    """The answers to the documents of all tasks: choices where all tasks have them, else graded.

    An example is a document with its target, by their hashes and the task. Documents with one passage are a cluster.
    """
    pairs = [(task, document) for task in tasks for document in task.documents]
    ids = _ids(pairs)
    rows = _choices(tasks) if all(task.right is not None for task in tasks) else _graded(tasks)
    columns = {name: [row[name] for row in rows] for name in rows[0]} | {"example_id": ids} | _facts(tasks, pairs, ids)
    found, _ = of_table(path, MemoryTable("log", pa.table(columns)))
    order = np.argsort(np.array(ids))
    return replace(
        found,
        text=_texts([_text(document) for _, document in pairs])[order],
        called=_texts([f"{task.log.task}/{document.doc_id}" for task, document in pairs])[order],
    )


def _texts(values: Sequence[str]) -> npt.NDArray[np.object_]:
    return np.array([*values, None], dtype=object)[:-1]


def _ids(pairs: Sequence[tuple[Task, Document]]) -> list[str]:
    """An id for each: of the same document twice in a task, the second is numbered."""
    seen: Counter[str] = Counter()
    ids = []
    for task, document in pairs:
        name = f"{task.log.task}/{document.key}"
        seen[name] += 1
        ids.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return ids


def _choices(tasks: Sequence[Task]) -> list[Row]:
    called = names([document for task in tasks for document in task.documents])
    rows = []
    for task in tasks:
        for document, right in zip(task.documents, task.right or (), strict=True):
            said, sure = answer(document), probabilities(document)
            rows.append(
                {
                    "prediction": called(document, said),
                    "label": called(document, right),
                    "confidence": sure[said],
                    "true_probability": sure[right],
                }
            )
    return rows


def _graded(tasks: Sequence[Task]) -> list[Row]:
    """Whether each answer is right, and its text where the logs of some tasks tell it."""
    rows = []
    for task in tasks:
        correct = task.correct or [
            answer(document) == right for document, right in zip(task.documents, task.right or (), strict=True)
        ]
        for document, right in zip(task.documents, correct, strict=True):
            rows.append({"correct": right, "prediction": _said(task, document)})
    if all(row["prediction"] is None for row in rows):
        return [{"correct": row["correct"]} for row in rows]
    return [row | {"prediction": NOT_TOLD if row["prediction"] is None else row["prediction"]} for row in rows]


def _said(task: Task, document: Document) -> str | None:
    """The text of an answer; None where the log does not tell it, as of choices graded by another metric than `acc`."""
    if document.scores is None or task.metric != ACCURACY:
        return document.answer
    place = answer(document)
    return document.choices[place] if document.choices else letter(place)


def _facts(tasks: Sequence[Task], pairs: Sequence[tuple[Task, Document]], ids: Sequence[str]) -> dict[str, list[Any]]:
    """Task, subject and cluster, where they tell examples apart."""
    facts: dict[str, list[Any]] = {}
    if len(tasks) > 1:
        facts["task"] = [task.log.task for task, _ in pairs]
    if any(document.subject for _, document in pairs):
        facts["subject"] = [document.subject for _, document in pairs]
    passages = Counter(document.passage for _, document in pairs if document.passage)
    if passages and max(passages.values()) > 1:
        place = {passage: f"passage {number}" for number, passage in enumerate(sorted(passages))}
        facts["cluster"] = [
            place[document.passage] if document.passage else name
            for (_, document), name in zip(pairs, ids, strict=True)
        ]
    return facts


def _text(document: Document) -> str:
    """What is asked, with the choices."""
    choices = (f"{letter(place)}. {text}" for place, text in enumerate(document.choices))
    return "\n".join((document.text, *choices))
