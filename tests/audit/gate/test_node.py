"""The nodes of the pipeline: the verdict is written whatever it is, and the gate passes or does not."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesion.audit.gate.node import gate, write_verdict
from lesion.errors import GateError
from lesion.params.budget import StudyBudget
from tests import compared, synthetic

SHARDS = ["0-1"]
SKILLS = {"dense": 0.95, "good": 0.95, "bad": 0.5}


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Predictions of two members a variant, below the current folder; `good` answers nearly as dense does."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    label = synthetic.labels(rng, 2000, 3)
    for name, skill in SKILLS.items():
        made = synthetic.population(np.random.default_rng(5), label, members=2, classes=3, skill=skill, origins=(1, 2))
        synthetic.write_population("made-up", name, SHARDS[0], made)
    synthetic.write_examples("made-up", made, ["cat", "dog", "emu"])
    return "made-up"


def judged(study: str, budget: dict[str, Any], *variants: str) -> Path:
    folder = Path("results") / study / "gate"
    write_verdict(
        study=study,
        examples=compared.examples_path(study),
        predictions={name: compared.predictions(study, name, SHARDS) for name in ("dense", *variants)},
        verdict=folder / "verdict.json",
        markdown=folder / "verdict.md",
        budget=StudyBudget.read({"version": 1} | budget, where=""),
        root_seed=1,
        design="auto",
        cluster=None,
    )
    return folder / "verdict.json"


def test_a_broken_budget_is_written_down_and_stopped_by_the_gate(study: str) -> None:
    path = judged(study, {"all": {"loss": 5.0}}, "good", "bad")
    found = json.loads(path.read_text())
    assert [(one["name"], one["status"]) for one in found["candidates"]] == [("good", "passed"), ("bad", "failed")]
    assert found["budget"]["name"] == "studies.made-up.budget"
    assert (path.parent / "verdict.md").read_text().startswith("### Compression budget: ❌ failed")
    passed = path.parent / "passed.txt"
    with pytest.raises(GateError) as raised:
        gate(verdict=path, passed=passed)
    assert raised.value.code == 1
    lines = str(raised.value).splitlines()
    assert lines[0] == "good passed: 1 limit kept."
    assert lines[1] == "bad failed: 1 of 1 limit failed."
    assert lines[2].startswith("  bad: Accuracy falls by ")
    assert lines[-1] == f"All limits are in {path}."
    assert not passed.exists()


def test_a_budget_that_is_kept_passes(study: str) -> None:
    path = judged(study, {"all": {"loss": 5.0}}, "good")
    gate(verdict=path, passed=path.parent / "passed.txt")
    assert (path.parent / "passed.txt").read_text() == "good passed: 1 limit kept.\n"


def test_what_cannot_be_told_stops_with_another_code(study: str) -> None:
    path = judged(study, {"all": {"loss": 5.0, "examples": 3000}}, "good")
    with pytest.raises(GateError, match="2,000 examples, and the budget asks for 3,000") as raised:
        gate(verdict=path, passed=path.parent / "passed.txt")
    assert raised.value.code == 3


def test_inputs_are_the_predictions_with_their_digests(study: str) -> None:
    found = json.loads(judged(study, {"all": {"loss": 5.0}}, "good").read_text())
    inputs = found["candidates"][0]["inputs"]
    assert [one["name"] for one in inputs] == [
        f"results/made-up/predictions/{variant}/0-1.parquet" for variant in ("dense", "good")
    ]
    for one in inputs:
        content = Path(one["name"]).read_bytes()
        assert (one["sha256"], one["size"]) == (hashlib.sha256(content).hexdigest(), len(content))


def test_the_digest_of_the_budget_is_of_its_values(study: str) -> None:
    one = json.loads(judged(study, {"all": {"loss": 5}}, "good").read_text())
    other = json.loads(judged(study, {"all": {"loss": 5.0}}, "good").read_text())
    assert one == other
