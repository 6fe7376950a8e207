from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lesion import Candidates
from lesion.audit.candidates.rights import changed
from lesion.audit.candidates.worst import worst
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.populations import Population
from lesion.audit.inference import pairs

OPTIONS: dict[str, Any] = {"splits": 2, "resamples": 2}


def study(rng: np.random.Generator, *, classes: int, size: int, broken: float, fixed: float) -> tuple[Any, Any, Any]:
    """Dense and compressed answers and labels; four fifths of the dense ones are right, whatever the class."""
    label = np.repeat(np.arange(classes), size)
    dense = np.where(np.arange(len(label)) % 5 > 0, label, (label + 1) % classes)
    drawn = rng.random(len(label))
    after = np.where((dense == label) & (drawn < broken / 0.8), (label + 1) % classes, dense)
    return dense, np.where((dense != label) & (drawn < fixed / 0.2), label, after), label


def test_the_upper_end_is_of_all_classes_and_the_lower_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    dense, after, label = study(np.random.default_rng(1), classes=8, size=50, broken=0.1, fixed=0.02)
    fitted = Candidates(**OPTIONS).fit(dense, {"a": after}, label)
    row, parts = fitted.table_.iloc[0], fitted.parts_.set_index("group")
    worst = parts.loc[row["worst_class"]]
    assert row["worst_class_low"] == worst["change_low"]
    here = label == int(row["worst_class"])
    lost = ((dense == label) & (after != label) & here).sum()
    won = ((dense != label) & (after == label) & here).sum()
    z = stats.norm.ppf(1 - 0.025 / 8)
    added = pairs.ADDED * (z / stats.norm.ppf(0.975)) ** 2
    total = 50 + 2 * added
    shares = (lost + added) / total, (won + added) / total
    error = np.sqrt((sum(shares) - (shares[1] - shares[0]) ** 2) / total)
    assert row["worst_class_high"] == pytest.approx(shares[1] - shares[0] + z * error)
    assert row["worst_class_high"] > worst["change_high"]


def test_of_a_tie_the_larger_and_none_of_a_single_one() -> None:
    label = np.array([0] * 10 + [1] * 20)
    after = label.copy()
    after[[0, 10, 11]] = [1, 0, 0]
    groups = {"one": np.full(30, "x"), "two": np.where(np.arange(30) % 10 < 5, "a", "b")}
    row = Candidates(**OPTIONS).fit(label, {"a": after}, label, groups=groups).table_.iloc[0]
    assert (row["worst_class"], row["worst_class_examples"]) == ("1", 20)
    assert row["worst_group"] == "two: a"  # an attribute of one value is all examples
    row = Candidates(**OPTIONS).fit(label, {"a": after}, label, groups={"one": groups["one"]}).table_.iloc[0]
    assert pd.isna(row["worst_group"])


def test_it_holds_the_change_of_whichever_class_seems_worst() -> None:
    """400 studies of 12 classes that change alike; the usual interval of the worst misses in more than a tenth."""
    rng, runs, held, usual = np.random.default_rng(2), 400, 0, 0
    for _ in range(runs):
        dense, after, label = study(rng, classes=12, size=400, broken=0.06, fixed=0.04)
        ids, none = np.arange(len(label)), np.arange(1)
        before, then = (Population(ids, none, label, said[None]) for said in (dense, after))
        comparison = Comparison(before, then, np.arange(12), ids)
        found = changed(before.correct, then.correct, label, 12, paired=False, cluster=None)
        ends = {"change": found.change, "change_low": found.low, "change_high": found.high}
        rows = pd.DataFrame({"attribute": "class", "group": np.arange(12).astype(str), "examples": 400, **ends})
        row = worst(comparison, rows)
        held += row["worst_class_low"] <= -0.02 <= row["worst_class_high"]
        own = rows.set_index("group").loc[row["worst_class"]]
        usual += own["change_low"] <= -0.02 <= own["change_high"]
    assert held / runs > 0.95 - 4 * np.sqrt(0.95 * 0.05 / runs)
    assert usual < held
    assert usual / runs < 0.9
