"""All that an audit found as one JSON document (docs/AUDIT.md), for programs that decide or draw."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lesion.audit.contract import Audited, AuditedCandidates, Candidate
from lesion.audit.headline import headline

FORMAT, VERSION = "lesion-audit", 1
ONLY_PIE = "pie"
"""Of the table of examples, the PIE alone: the others are as many as there are examples."""


def document(candidates: AuditedCandidates, verdicts: Sequence[Mapping[str, Any]] = ()) -> str:
    """The document: strict JSON in ASCII, without NaN; keys stand in one order: equal audits give equal text.

    Parameters
    ----------
    verdicts : each as in `verdict.json`
    """
    return json.dumps(_whole(candidates, verdicts), allow_nan=False)


def _whole(candidates: AuditedCandidates, verdicts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    comparison = candidates.all[0].audited.comparison
    return {
        "format": FORMAT,
        "version": VERSION,
        "examples": len(comparison.example_id),
        "dense_models": comparison.members[0],
        "labelled": comparison.label is not None,
        "candidates": [_candidate(one) for one in candidates.all],
        "tables": {name: records(table) for name, table in candidates.tables.items()},
        "notes": list(candidates.notes),
        "verdicts": list(verdicts),
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    audited = candidate.audited
    return {
        "name": candidate.name,
        "models": audited.comparison.members[1],
        "facts": dict(candidate.facts),
        "headline": headline(audited),
        "alpha": audited.alpha,
        "summary": {row["variant"]: row for row in records(audited.summary.reset_index())},
        "tables": {name: records(table) for name, table in _tables(audited).items()},
        "notes": list(audited.notes),
    }


def _tables(audited: Audited) -> dict[str, pd.DataFrame]:
    graded = audited.tables[ONLY_PIE]
    return {**audited.tables, ONLY_PIE: graded[graded[ONLY_PIE].astype(bool)]}


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table; what is missing, and what is no finite number, is None."""
    columns = {str(name): [_plain(value) for value in table[name].tolist()] for name in table}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _plain(value: Any) -> Any:
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.bool_ | np.integer):
        return value.item()
    return value if isinstance(value, bool | int | str) else str(value)
