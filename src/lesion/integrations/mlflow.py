"""Log an audit, and the verdict on it, to MLflow."""

import re
from typing import Any

from lesion.audit.candidates.table import table
from lesion.audit.contract import AuditedCandidates
from lesion.audit.document import records
from lesion.audit.gate.gate import Gate
from lesion.audit.headline import headline
from lesion.errors import InputError
from lesion.views.notebook import Shown

ODD = re.compile(r"[^\w. /:-]")  # signs that names of MLflow may not hold


def log(audit: Shown, gate: Gate | None = None, *, folder: str = "lesion") -> None:
    """Log to the active run of MLflow, or to a new one: metrics, tags, the page, and the verdict.

    Metrics are the numbers of `candidates.csv` (docs/AUDIT.md): `lesion/change`, `lesion/broken`, `lesion/fixed`,
    `lesion/worst_class_change` and so on; of several candidates `lesion/int8/change`. Tags are `lesion/headline`,
    `lesion/worst_class`, and `lesion/verdict`, which is passed, failed or inconclusive. Artifacts are `index.html`,
    `audit.json`, and the files of the gate, such as `verdict.json`.

    Parameters
    ----------
    audit : a fitted `lesion.Audit`, or fitted `lesion.Candidates`
    gate : judges the audit, where it is given
    folder : what names of metrics and tags begin with, and where the artifacts lie

    Raises
    ------
    InputError
        Where MLflow is not installed, or `audit` is not fitted.
    """
    if not isinstance(audit, Shown):
        raise InputError(f"mlflow.log: a fitted lesion.Audit or lesion.Candidates expected, found {audit!r:.80}")
    mlflow, found = _mlflow(), audit.candidates()
    verdicts = () if gate is None else gate.judge(found)
    metrics, tags = _told(found, folder)
    files = {"index.html": audit.to_html(verdicts=verdicts), "audit.json": audit.to_json()}
    if gate is not None:
        tags[f"{folder}/verdict"] = gate.status_
        if len(verdicts) > 1:
            tags |= {f"{folder}/{_plain(one.candidate)}/verdict": one.status for one in verdicts}
        files |= {name: content.decode() for name, content in gate.files_.items()}
    mlflow.log_metrics(metrics)
    mlflow.set_tags(tags)
    for name, text in files.items():
        mlflow.log_text(text, f"{folder}/{name}")


def _mlflow() -> Any:
    try:
        import mlflow
    except ImportError:
        raise InputError("mlflow.log: MLflow is not installed; pip install mlflow, or mlflow-skinny") from None
    return mlflow


def _told(found: AuditedCandidates, folder: str) -> tuple[dict[str, float], dict[str, str]]:
    """Metrics and tags, by name."""
    metrics: dict[str, float] = {}
    tags: dict[str, str] = {}
    rows = records(found.tables.get("candidates", table(found.all, None)))
    for candidate, row in zip(found.all, rows, strict=True):
        start = folder if len(found.all) == 1 else f"{folder}/{_plain(candidate.name)}"
        tags[f"{start}/headline"] = headline(candidate.audited)
        for name, value in row.items():
            if isinstance(value, str) and name != "name":
                tags[f"{start}/{_plain(name)}"] = value
            elif value is not None and not isinstance(value, str):
                metrics[f"{start}/{_plain(name)}"] = float(value)
    return metrics, tags


def _plain(name: str) -> str:
    return ODD.sub("_", name)
