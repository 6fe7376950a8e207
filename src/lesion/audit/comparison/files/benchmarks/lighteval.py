"""Details of lighteval, `--save-details`: a Parquet file a task, a row a document.

Since release 0.10 a row has the structs `doc`, `model_response` and `metric`; before, it has flat columns, whose values
may be the text of Python objects.
"""

import ast
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lesion.audit.comparison.files.benchmarks.document import Document, digest
from lesion.audit.comparison.files.benchmarks.responses import answer_text, choice_scores
from lesion.audit.comparison.files.formats import readable
from lesion.errors import InputError

NEW = ("doc", "metric", "model_response")
OLD = ("choices", "example", "gold_index", "metrics", "predictions")
ROWS = 256  # to a block
SHOWN = 1000  # letters of the end of a question

Row = Mapping[str, Any]


def is_details(path: Path) -> bool:
    """Whether a Parquet file has the columns of lighteval."""
    try:
        names = set(pq.read_schema(path).names)
    except (OSError, pa.ArrowException):  # the reader of tables tells why
        return False
    return names.issuperset(NEW) or names.issuperset(OLD)


def documents(path: Path) -> dict[str, dict[int | str, Document]]:
    """The documents of a task, by their places in the file: there are no filters.

    Raises
    ------
    InputError
        Where the file is no such thing; the message names the row.
    """
    found: dict[int | str, Document] = {}
    with readable(path):
        file = pq.ParquetFile(path)
        columns = NEW if set(NEW) <= set(file.schema_arrow.names) else OLD
        if missing := [name for name in columns if name not in file.schema_arrow.names]:
            raise InputError(f"{path}: has no column {missing[0]}, which details of lighteval have")
        wanted = [name for name in (*columns, "specifics") if name in file.schema_arrow.names]
        subject = _subject(path)
        for batch in file.iter_batches(batch_size=ROWS, columns=wanted):
            for row in batch.to_pylist():
                made = _new(row) if columns == NEW else _old(row)
                found[len(found)] = _document(path, len(found), made, subject)
    if not found:
        raise InputError(f"{path}: holds no rows")
    return {"none": found}


def _subject(path: Path) -> str | None:
    """What stands behind the colon in `details_leaderboard|mmlu:anatomy|5_….parquet`."""
    parts = path.name.split("|")
    return parts[1].partition(":")[2] or None if len(parts) > 1 else None


def _new(row: Row) -> Row:
    doc, said = row["doc"], row["model_response"]
    text = said.get("text_post_processed") or said.get("text") or []
    return {
        "question": doc["query"],
        "choices": doc["choices"],
        "gold": doc["gold_index"],
        "text": text,
        "logprobs": said.get("logprobs") or [],
        "metrics": row["metric"],
        "specific": doc.get("specific"),
    }


def _old(row: Row) -> Row:
    given = {name: _value(value) if name != "example" else value for name, value in row.items()}
    said = given["predictions"] if isinstance(given["predictions"], list | tuple) else [given["predictions"]]
    texts = [each for each in said if isinstance(each, str)]
    return {
        "question": given["example"],
        "choices": given["choices"],
        "gold": given["gold_index"],
        "text": texts,
        "logprobs": [] if texts else [list(each) if isinstance(each, tuple) else each for each in said],
        "metrics": given["metrics"],
        "specific": given.get("specifics"),
    }


def _value(value: Any) -> Any:
    """A value, or the Python object whose text it is."""
    if not isinstance(value, str):
        return value
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value


def _document(path: Path, place: int, row: Row, subject: str | None) -> Document:
    choices = tuple(str(choice).strip() for choice in row["choices"] or ())
    gold = row["gold"] if isinstance(row["gold"], list | tuple) else [row["gold"]]
    target = str(gold[0]) if len(gold) == 1 else str(list(gold))
    metrics = {name: value for name, value in (row["metrics"] or {}).items() if value is not None}
    logprobs: Sequence[Any] = row["logprobs"]
    logprobs = logprobs[: len(choices)] if len(logprobs) == 2 * len(choices) else logprobs  # also without the question
    try:
        scores = choice_scores(list(logprobs), ()) if not row["text"] and len(logprobs) == len(choices) else None
    except ValueError as error:
        raise InputError(f"{path}: log probabilities of row {place + 1}: {error}") from None
    specific = row["specific"] if isinstance(row["specific"], dict) else {}
    known = specific.get("subject")
    answer = None if scores is not None else answer_text(row["text"])
    return Document(
        doc_id=place,
        key=digest(json.dumps([row["question"], choices, target], ensure_ascii=False))[:16],
        target=target,
        scores=scores,
        choices=choices if scores is not None and len(set(choices)) == len(choices) else (),
        answer=answer,
        metrics=metrics,
        text=str(row["question"])[-SHOWN:],
        passage=None,
        subject=known if isinstance(known, str) else subject,
        line="",
    )
