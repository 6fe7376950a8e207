from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.populations import Population
from lesion.audit.contract import Audited, Statistic
from lesion.audit.inference.calibration import calibration_error
from lesion.audit.inference.parts import Parts
from lesion.audit.statistics import calibration
from lesion.params.subgroups import Subgroups
from tests.compared import compared, run
from tests.synthetic import labels, population, write_examples, write_population

STATISTIC: Statistic = calibration  # mypy checks the module here
CLASSES = 3
MEASURES = ["ece", "brier", "log_loss", "overconfidence", "true_log_loss"]


def made(*, members: int = 4, seed: int = 0, skill: float = 0.8, **known: Any) -> Population:
    """Members with made-up confidences; the labels are the same whatever the seed."""
    label = labels(np.random.default_rng(9), 90, CLASSES)
    said = {"confidence": True, "true_probability": True} | known
    return population(np.random.default_rng(seed), label, members=members, classes=CLASSES, skill=skill, **said)


def measured(dense: Population, compressed: Population, **known: Any) -> pd.DataFrame:
    """The table by class and by hand."""
    hand = {"hand": np.array(["left", "right"] * 45)}
    comparison = compared(dense, compressed, classes=CLASSES, groups=hand, **known)
    return calibration.table(comparison, groups=[["hand"]], settings=Subgroups(smallest=31))


def row(table: pd.DataFrame, attribute: str, group: str, measure: str) -> pd.Series:
    """The only row of these names."""
    chosen = (table["attribute"] == attribute) & (table["group"] == group) & (table["measure"] == measure)
    [place] = np.flatnonzero(chosen)
    return table.iloc[place]


def test_all_then_classes_then_groups_each_with_every_measure() -> None:
    table = measured(made(), made(seed=1))
    names = [("all", "all"), *(("class", name) for name in "012"), ("hand", "left"), ("hand", "right")]
    expected = [(*name, measure) for name in names for measure in MEASURES]
    assert list(table[["attribute", "group", "measure"]].itertuples(index=False, name=None)) == expected
    assert table["examples"].tolist() == [count for count in (90, 30, 30, 30, 45, 45) for _ in MEASURES]
    assert table["small"].tolist() == (table["examples"] == 30).tolist()
    assert (table["low"] <= table["change"]).all()
    assert (table["change"] <= table["high"]).all()
    assert table["change"].tolist() == pytest.approx((table["compressed"] - table["dense"]).tolist())


def test_losses_are_means_over_members_of_those_of_scikit_learn() -> None:
    dense, compressed = made(), made(seed=1, members=2)
    table = measured(dense, compressed)
    for side, one in (("dense", dense), ("compressed", compressed)):
        held = one.known_label == 2
        assert one.confidence is not None
        assert one.true_probability is not None
        pairs = [(right[held], sure[held]) for right, sure in zip(one.correct, one.confidence, strict=True)]
        for measure, score in (("brier", brier_score_loss), ("log_loss", log_loss)):
            expected = np.mean([score(right, sure, labels=[False, True]) for right, sure in pairs])
            assert row(table, "class", "2", measure)[side] == pytest.approx(expected, rel=1e-5)
        beyond = np.mean([sure.mean() - right.mean() for right, sure in pairs])
        assert row(table, "class", "2", "overconfidence")[side] == pytest.approx(beyond, abs=1e-6)
        likelihood = -np.log(one.true_probability[:, held]).mean()
        assert row(table, "class", "2", "true_log_loss")[side] == pytest.approx(likelihood, rel=1e-5)
        parts = Parts(np.zeros(held.sum(), dtype=int), 1)
        error = calibration_error(one.confidence[:, held], one.correct[:, held], parts).row.mean()
        assert row(table, "class", "2", "ece")[side] == pytest.approx(error)


def test_intersections_are_groups() -> None:
    dense, compressed = made(), made(seed=1)
    values = {"hand": np.array(["left", "right"] * 45), "age": np.array(["old"] * 40 + ["young"] * 50)}
    comparison = compared(dense, compressed, classes=CLASSES, groups=values)
    table = calibration.table(comparison, groups=[["hand", "age"]], settings=Subgroups(smallest=30))
    found = table[table["attribute"] == "hand & age"]
    assert found["group"].unique().tolist() == ["left, old", "left, young", "right, old", "right, young"]
    held = (values["hand"] == "left") & (values["age"] == "old")
    assert dense.confidence is not None
    expected = (dense.confidence - dense.correct)[:, held].mean()
    assert row(table, "hand & age", "left, old", "overconfidence")["dense"] == pytest.approx(expected, abs=1e-6)


def test_what_is_not_known_has_no_row() -> None:
    bare = made(confidence=False, true_probability=False)
    assert measured(bare, made(seed=1)).empty
    assert measured(replace(made(), label=None), replace(made(seed=1), label=None)).empty
    no_confidence = measured(made(confidence=False), made(seed=1))
    assert set(no_confidence["measure"]) == {"true_log_loss"}
    no_truth = measured(made(), made(seed=1, true_probability=False))
    assert no_truth["measure"].unique().tolist() == MEASURES[:-1]
    for table in (no_truth, no_confidence, measured(bare, bare)):
        assert table.columns.tolist() == calibration.SCHEMA.names


def test_examples_of_one_class_have_no_row_of_a_class() -> None:
    label = np.zeros(30, dtype=np.int16)
    sides = [population(np.random.default_rng(seed), label, members=2, classes=2, confidence=True) for seed in range(2)]
    comparison = compared(sides[0], sides[1], classes=2)
    table = calibration.table(comparison, groups=[], settings=Subgroups(smallest=30))
    assert table["attribute"].unique().tolist() == ["all"]


def test_clusters_widen_intervals_where_their_examples_agree() -> None:
    def copied(one: Population) -> Population:
        """Ten examples in a row like the first of them."""
        first = 10 * (np.arange(90) // 10)
        columns = {name: getattr(one, name)[:, first] for name in ("prediction", "confidence", "true_probability")}
        return replace(one, label=one.known_label[first], correct_top5=None, **columns)

    dense, compressed = (copied(made(seed=seed, members=1)) for seed in range(2))
    alone, together = (measured(dense, compressed, cluster=cluster) for cluster in (None, np.arange(90) // 10))
    linear = together["measure"] != "ece"  # from which more is taken off with clusters
    assert together.loc[linear, "change"].tolist() == pytest.approx(alone.loc[linear, "change"].tolist())
    whole = linear & (together["attribute"] == "all")
    width, plain = (table.loc[whole, "high"] - table.loc[whole, "low"] for table in (together, alone))
    assert (width > 2 * plain).all()  # about √10 times


def test_the_summary_has_the_changes_over_all_examples() -> None:
    table = measured(made(), made(seed=1))
    found = calibration.columns(table, alpha=0.05)
    empty = calibration.columns(table.iloc[:0], alpha=0.05)
    assert list(found) == [
        f"{measure}_change{end}" for measure in ("ece", "brier", "log_loss") for end in ("", "_low", "_high")
    ]
    assert empty == dict.fromkeys(found)
    brier = row(table, "all", "all", "brier")
    assert [found[f"brier_change{end}"] for end in ("", "_low", "_high")] == brier[["change", "low", "high"]].tolist()


def finding(comparison: Comparison) -> str:
    """The sentences of the card."""
    table = calibration.table(comparison, groups=[], settings=Subgroups(smallest=30))
    found = calibration.finding(Audited(comparison, {"calibration": table}, pd.DataFrame(), 0.05))
    return "" if found is None else found.text


def test_the_card_claims_no_change_that_the_interval_does_not_carry() -> None:
    label = np.zeros(2000, dtype=np.int16)
    rng = np.random.default_rng(3)

    def side(skill: float) -> Population:
        one = population(rng, label, members=1, classes=2, skill=skill)
        return replace(one, confidence=np.full((1, 2000), 0.9, dtype=np.float32))

    same, worse = (finding(compared(side(0.8), side(skill), classes=2)) for skill in (0.8, 0.4))
    assert "The interval holds 0: no change can be told from chance." in same
    assert "holds 0" not in worse
    assert finding(compared(made(confidence=False), made(), classes=CLASSES)) == ""


def test_the_node_writes_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    dense, compressed = made(), made(seed=1)
    write_examples("toy", dense, list("abc"))
    for variant, one in (("dense", dense), ("half", compressed)):
        write_population("toy", variant, "0-3", one)
    settings: dict[str, Any] = {"groups": [], "settings": Subgroups(smallest=30)}
    table = pd.read_csv(run("calibration", "toy", "half", ["0-3"], design="independent", **settings))
    expected = measured(dense, compressed)
    expected = expected[expected["attribute"] != "hand"].replace({"group": dict(zip("012", "abc", strict=True))})
    pd.testing.assert_frame_equal(table, expected.assign(small=False), check_exact=False)
