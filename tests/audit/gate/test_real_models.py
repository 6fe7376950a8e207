"""Gates on language models at int8 and int4, and on made-up ones, whose verdicts are what counting says."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.from_files import from_files
from lesion.audit.gate.budget import given_budget
from lesion.audit.gate.contract import Judged, Status, Verdict
from lesion.audit.gate.judge import judge_all

ANSWERS = Path(__file__).parents[3].parent / "shared" / "data" / "llm-flips"
LLAMA, QWEN = "llama-3.2-3b-instruct", "qwen2.5-1.5b-instruct"


def judged(budget: Mapping[str, Any], comparison: Comparison) -> tuple[Verdict, dict[str, Judged]]:
    [found] = judge_all(given_budget({"version": 1, **budget}), {"it": comparison})
    return found, {f"{one.limit.measure} {one.limit.attribute} {one.limit.group}": one for one in found.judged}


def counted(dense: pd.DataFrame, compressed: pd.DataFrame, where: str, level: float) -> tuple[float, float, float]:
    """Of the examples that a query finds: the loss of accuracy, and its normal bounds at the level, by their pairs."""
    table = dense.merge(compressed, on="example_id", suffixes=("", "_after")).query(where)
    right = (table["prediction"] == table["label"]).astype(int)
    lost = right - (table["prediction_after"] == table["label"])
    margin = norm.isf(level) * lost.std() / np.sqrt(len(lost))
    return lost.mean(), lost.mean() - margin, lost.mean() + margin


def check_by_counting(found: Judged, folder: tuple[Path, Path], where: str, level: float) -> None:
    """The loss is that of a count, and its bounds are within a point of normal ones (failing at `level`)."""
    dense, compressed = map(pd.read_csv, folder)
    loss, low, _ = counted(dense, compressed, where, level)
    _, _, high = counted(dense, compressed, where, 0.05)
    assert found.measured.estimate == pytest.approx(loss)
    assert (found.measured.low, found.measured.high) == pytest.approx((low, high), abs=0.01)


def files(model: str, bits: str) -> tuple[Path, Path]:
    if not ANSWERS.is_dir():
        pytest.skip("the answers of the language models are not here")
    return ANSWERS / f"{model}-fp16.csv", ANSWERS / f"{model}-{bits}.csv"


@pytest.mark.parametrize(
    ("model", "bits", "budget", "status"),
    [
        (QWEN, "int8", {"all": {"loss": 1.0, "broken": 3.0}}, "passed"),
        (QWEN, "int4", {"all": {"loss": 1.0}}, "failed"),
        (QWEN, "int4", {"all": {"loss": 3.0}}, "inconclusive"),
        (QWEN, "int4", {"all": {"loss": 6.0}}, "passed"),
        (LLAMA, "int8", {"all": {"loss": 2.0}}, "passed"),
        (LLAMA, "int4", {"all": {"loss": 1.0}}, "inconclusive"),
        (LLAMA, "int4", {"all": {"loss": 1.0, "examples": 5000}}, "inconclusive"),
    ],
)
def test_language_models_pass_fail_or_cannot_be_told(
    model: str, bits: str, budget: dict[str, Any], status: Status
) -> None:
    pair = files(model, bits)
    found, limits = judged(budget, from_files(*pair))
    assert found.status == status
    check_by_counting(limits["loss all all"], pair, "label == label", 0.05 / len(found.judged))


def test_a_letter_that_pays_fails_a_model_whose_accuracy_passes() -> None:
    pair = files(LLAMA, "int4")
    found, limits = judged({"all": {"loss": 3.0}, "every_class": {"loss": 2.0}}, from_files(*pair))
    assert found.status == "failed"
    assert [name for name, one in limits.items() if one.status == "failed"] == ["loss class C"]
    assert limits["loss all all"].status == "passed"
    assert limits["loss class C"].said.startswith("Recall of class C falls by 5.68 points (")
    assert limits["loss class B"].said.startswith("Recall of class B rises by ")
    check_by_counting(limits["loss class C"], pair, "label == 'C'", 0.05 / 2 / 4)


def test_groups_are_judged_by_their_questions() -> None:
    pair = files(QWEN, "int4")
    found, limits = judged({"every_group": {"benchmark": {"loss": 2.0}}}, from_files(*pair))
    assert {name: one.status for name, one in limits.items()} == {
        "loss benchmark arc": "failed",
        "loss benchmark csqa": "passed" if limits["loss benchmark csqa"].measured.high <= 0.02 else "inconclusive",
        "loss benchmark mmlu": "inconclusive",
    }
    for name in ("arc", "csqa", "mmlu"):
        check_by_counting(limits[f"loss benchmark {name}"], pair, f"benchmark == '{name}'", 0.05 / 3)
    assert found.status == "failed"


@pytest.fixture
def made_up(tmp_path: Path) -> tuple[Path, Path]:
    """The letter C is forgotten now and then, and the letter B is won: the accuracy hardly moves."""
    rng = np.random.default_rng(11)
    label = np.repeat(["A", "B", "C", "D"], 700)
    right = rng.random(2800) < 0.75
    draw = rng.random(2800)
    after = np.where((label == "C") & right & (draw < 0.12), False, right)
    after = np.where((label == "B") & ~right & (draw < 0.3), True, after)
    other = np.roll(np.array(["A", "B", "C", "D"]), 1)[np.repeat(range(4), 700)]
    paths = tmp_path / "fp16.csv", tmp_path / "int4.csv"
    for path, answers in zip(paths, (right, after), strict=True):
        table = pd.DataFrame({"example_id": np.arange(2800), "label": label})
        table.assign(prediction=np.where(answers, label, other)).to_csv(path, index=False)
    return paths


@pytest.mark.parametrize(
    ("budget", "failed", "status"),
    [
        ({"all": {"loss": 3.0}}, [], "passed"),
        ({"all": {"loss": 0.4}}, [], "inconclusive"),
        ({"all": {"loss": 3.0}, "every_class": {"loss": 4.0}}, ["loss class C"], "failed"),
        ({"all": {"broken": 0.5}}, ["broken all all"], "failed"),
    ],
)
def test_made_up_models_pass_fail_or_cannot_be_told(
    made_up: tuple[Path, Path], budget: dict[str, Any], failed: list[str], status: Status
) -> None:
    found, limits = judged(budget, from_files(*made_up))
    assert (found.status, [name for name, one in limits.items() if one.status == "failed"]) == (status, failed)
    if "loss all all" in limits:
        level = 0.05 if len(limits) == 1 else 0.05 / 2
        check_by_counting(limits["loss all all"], made_up, "label == label", level)
