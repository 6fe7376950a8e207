"""Logs of lm-evaluation-harness, `--log_samples`: a line a document and filter."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lesion.audit.comparison.files.benchmarks.document import Document, digest
from lesion.audit.comparison.files.benchmarks.responses import answer_text, choice_scores, choice_texts
from lesion.audit.comparison.files.json_rows import records
from lesion.errors import InputError

NEEDED = ("doc_id", "doc", "target", "filtered_resps")
NO_METRICS = frozenset(
    (*NEEDED, "arguments", "resps", "filter", "metrics", "doc_hash", "prompt_hash", "target_hash", "schema_version")
)
QUESTION = ("question", "query", "problem", "goal", "ctx", "sentence", "input", "prompt", "text", "instruction")
"""Keys of a document under which benchmarks keep what is asked, the likeliest first."""

PASSAGE = ("passage", "story", "article", "context", "paragraph", "background", "document", "support")
"""Keys under which they keep a text that several questions may be about."""

SUBJECT = ("subject", "category")

PROMPT = 1000  # letters of the end of a prompt, shown where no key tells the question


def documents(path: Path) -> dict[str, dict[int | str, Document]]:
    """Filter → the documents of a log by their ids.

    A log is appended to: a line that is there twice with the same answer counts once.

    Raises
    ------
    InputError
        Where a line is no such thing, or a document has two answers; the message names the line.
    """
    found: dict[str, dict[int | str, Document]] = {}
    for number, row in records(path):
        if missing := [key for key in NEEDED if key not in row]:
            raise InputError(
                f"{path}: line {number} has no key {missing[0]}, which each line of lm-evaluation-harness has"
            )
        document = _document(path, number, row)
        of_filter = found.setdefault(str(row.get("filter", "none")), {})
        if of_filter.setdefault(document.doc_id, document).line != document.line:
            raise InputError(
                f"{path}: document {document.doc_id} is there twice, with another answer in line {number}: two runs in"
                " one file? One expected"
            )
    if not found:
        raise InputError(f"{path}: holds no lines")
    return found


def _document(path: Path, number: int, row: Mapping[str, Any]) -> Document:
    doc, target = row["doc"], str(row["target"])
    of_doc = row.get("doc_hash") or digest(json.dumps(doc, indent=2, ensure_ascii=False))  # as the harness does
    of_target = row.get("target_hash") or digest(target)
    fields = doc if isinstance(doc, dict) else {}
    arguments = row.get("arguments")
    texts = choice_texts(arguments)
    try:
        scores = choice_scores(row["filtered_resps"], texts)
    except ValueError as error:
        raise InputError(f"{path}: filtered_resps of line {number}: {error}") from None
    choices = texts[: len(scores)] if scores is not None and len(set(texts[: len(scores)])) == len(scores) else ()
    metrics = {name: value for name, value in row.items() if name not in NO_METRICS}
    answer = None if scores is not None else answer_text(row["filtered_resps"])
    return Document(
        doc_id=row["doc_id"],
        key=digest(of_doc + of_target)[:16],
        target=target,
        scores=scores,
        choices=choices,
        answer=answer,
        metrics=metrics,
        text=_question(fields, arguments),
        passage=_first(fields, PASSAGE),
        subject=_first(fields, SUBJECT),
        line=repr((scores, answer, metrics)),
    )


def _first(fields: Mapping[str, Any], keys: Sequence[str]) -> str | None:
    return next((value for key in keys if isinstance(value := fields.get(key), str) and value.strip()), None)


def _question(fields: Mapping[str, Any], arguments: Any) -> str:
    """What is asked: a field of the document, else the end of the prompt."""
    if (said := _first(fields, QUESTION)) is not None:
        return said
    requests = list(arguments.values()) if isinstance(arguments, dict) else arguments or [""]
    first = requests[0]
    parts = list(first.values()) if isinstance(first, dict) else first
    return str(parts[0] if isinstance(parts, list) and parts else parts)[-PROMPT:]
