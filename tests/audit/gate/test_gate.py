"""The gate from Python: a budget of any kind, an audit or candidates, and what is said of a mistake."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lesion
from lesion.audit.gate.contract import FILES
from lesion.params.budget import Budget
from tests.audit.gate.judging import comparison

BUDGET: dict[str, Any] = {"version": 1, "all": {"loss": 5.0}}


def audit(seed: int = 1, **known: Any) -> lesion.Audit:
    return lesion.Audit(splits=2, resamples=2).compare(comparison(seed, **known))


def test_an_audit_is_judged(tmp_path: Path) -> None:
    path = tmp_path / "budget.yaml"
    path.write_text("version: 1\nall: {loss: 5.0}\n")
    bad = audit(skill=0.5, examples=3000)
    for budget in (BUDGET, Budget.read(BUDGET, where=""), path, str(path)):
        [verdict] = lesion.Gate(budget).judge(bad)
        assert (verdict.candidate, verdict.status) == ("compressed", "failed")
    [verdict] = lesion.Gate(BUDGET).judge(bad.audited_)
    assert verdict.status == "failed"


def test_candidates_are_judged_together() -> None:
    rng = np.random.default_rng(0)
    label = np.tile([0, 1, 2], 1000)
    broken = np.where(rng.random(3000) < 0.3, (label + 1) % 3, label)
    both = lesion.Candidates(splits=2, resamples=2).fit(label, {"int8": label, "int4": broken}, label)
    gate = lesion.Gate(BUDGET)
    verdicts = gate.judge(both)
    assert [(one.candidate, one.status) for one in verdicts] == [("int8", "passed"), ("int4", "failed")]
    assert gate.verdicts_ == verdicts
    assert gate.status_ == "failed"
    assert tuple(gate.files_) == FILES


def test_what_a_gate_was_made_with_is_told() -> None:
    assert lesion.Gate(BUDGET).get_params() == {"budget": BUDGET}
    assert repr(lesion.Gate("budget.yaml")) == "Gate('budget.yaml')"


@pytest.mark.parametrize("what", [None, 5, lesion.Audit(), lesion.Candidates(), [1]])
def test_what_is_no_fitted_audit_is_refused(what: Any) -> None:
    with pytest.raises(lesion.InputError, match=r"Gate.judge: a fitted Audit or Candidates is expected, found .*fit"):
        lesion.Gate(BUDGET).judge(what)


@pytest.mark.parametrize("budget", [None, 5, ["all"]])
def test_what_is_no_budget_is_refused(budget: Any) -> None:
    with pytest.raises(lesion.InputError, match="Gate: a path, a dict or a Budget is expected"):
        lesion.Gate(budget).judge(audit(examples=60))


def test_a_mistake_in_a_dict_names_its_key() -> None:
    with pytest.raises(lesion.InputError, match=r"budget: all.lost: there is no such key \(the nearest is loss\)"):
        lesion.Gate({"version": 1, "all": {"lost": 5}}).judge(audit(examples=60))
