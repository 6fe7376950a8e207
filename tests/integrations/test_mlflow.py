"""An audit logged by MLflow itself, to a store of files."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lesion
from lesion.audit.gate.gate import Gate
from lesion.errors import InputError, NotFittedError
from lesion.integrations.mlflow import log

mlflow = pytest.importorskip("mlflow")
LABEL = np.repeat(["cat", "dog"], 200)
BROKEN = np.where(np.arange(400) < 60, "dog", LABEL)
FIXED = np.where(np.arange(400) < 2, "dog", LABEL)
FEW: dict[str, Any] = {"splits": 2, "resamples": 2}
BUDGET = {"version": 1, "all": {"loss": 1.0}}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())
    yield mlflow.MlflowClient()
    mlflow.set_tracking_uri(before)


def text(client: Any, run: Any, name: str, folder: Path) -> str:
    return Path(client.download_artifacts(run.info.run_id, name, str(folder))).read_text(encoding="utf-8")


def test_one_audit_with_a_verdict(store: Any, tmp_path: Path) -> None:
    audit = lesion.Audit(**FEW).fit(LABEL, BROKEN, LABEL)
    gate = Gate(BUDGET)
    with mlflow.start_run() as run:
        log(audit, gate)
    found = store.get_run(run.info.run_id).data
    assert found.metrics["lesion/change"] == pytest.approx(-0.15)
    assert (found.metrics["lesion/broken"], found.metrics["lesion/fixed"]) == (60, 0)
    assert found.tags["lesion/worst_class"] == "cat"
    assert found.tags["lesion/verdict"] == "failed"
    assert found.tags["lesion/headline"] in repr(audit)
    paths = {one.path for one in store.list_artifacts(run.info.run_id, "lesion")}
    assert paths == {
        f"lesion/{name}" for name in ("index.html", "audit.json", "verdict.json", "verdict.md", "verdict.xml")
    }
    assert "failed" in text(store, run, "lesion/index.html", tmp_path)
    assert json.loads(text(store, run, "lesion/verdict.json", tmp_path)) == gate.document_
    assert text(store, run, "lesion/audit.json", tmp_path) == audit.to_json()


def test_several_candidates_whose_names_mlflow_would_refuse(store: Any) -> None:
    candidates = lesion.Candidates(**FEW).fit(
        LABEL,
        {"int8 (a)": FIXED, "int4": BROKEN},
        LABEL,
        facts={"int4": {"size (MB)": 3.0}, "int8 (a)": {"size (MB)": 6.0}},
    )
    with mlflow.start_run() as run:
        log(candidates, Gate(BUDGET), folder="audit")
    found = store.get_run(run.info.run_id).data
    assert found.metrics["audit/int4/broken"] == 60
    assert found.metrics["audit/int8 _a_/broken"] == 2
    assert found.metrics["audit/int4/size _MB_"] == 3.0
    assert found.tags["audit/int4/verdict"] == "failed"
    assert found.tags["audit/verdict"] == "failed"


def test_without_labels_and_without_a_gate(store: Any) -> None:
    with mlflow.start_run() as run:
        log(lesion.Audit(**FEW).fit(LABEL, BROKEN))
    found = store.get_run(run.info.run_id).data
    assert "lesion/verdict" not in found.tags
    assert "lesion/change" not in found.metrics
    assert all(np.isfinite(value) for value in found.metrics.values())


def test_what_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"a fitted lesion.Audit or lesion.Candidates expected"):
        log("audit")  # type: ignore[arg-type]
    with pytest.raises(NotFittedError):
        log(lesion.Audit())
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(InputError, match="pip install mlflow"):
        log(lesion.Audit(**FEW).fit(LABEL, BROKEN))
