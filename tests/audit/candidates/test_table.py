from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

import lesion
from lesion import Candidates
from lesion.audit.candidates.table import COLUMNS
from tests.audit.candidates.test_estimator import answers
from tests.audit.statistics.test_flips import ANSWERS, BENCHMARKS, COUNTED

OPTIONS: dict[str, Any] = {"splits": 2, "resamples": 2}


def single(seed: int = 1) -> tuple[Candidates, Any, dict[str, Any], Any, Any]:
    dense, compressed, label = answers(seed, examples=400)
    group = np.random.default_rng(seed).choice(["a", "b"], 400)
    sure = {name: np.full((1, 400), 0.8, dtype=np.float32) for name in compressed}
    confidence = np.full((1, 400), 0.9, dtype=np.float32), sure
    fitted = Candidates(**OPTIONS).fit(dense, compressed, label, groups={"g": group}, confidence=confidence)
    return fitted, dense[0], {name: said[0] for name, said in compressed.items()}, label, group


def test_each_column_recomputed() -> None:
    fitted, dense, compressed, label, group = single()
    table = fitted.table_.set_index("name")
    assert [table.index.name, *table.columns] == list(COLUMNS)
    for name, after in compressed.items():
        row, was, now = table.loc[name], dense == label, after == label
        assert (row["members"], row["examples"]) == (1, 400)
        assert row["dense_accuracy"] == pytest.approx(was.mean())
        assert row["accuracy"] == pytest.approx(now.mean())
        wilson = proportion_confint(now.sum(), 400, method="wilson")
        assert tuple(row[["accuracy_low", "accuracy_high"]]) == pytest.approx(wilson)
        assert row["change"] == pytest.approx(now.mean() - was.mean())
        counts = (was & ~now).sum(), (~was & now).sum(), (~was & ~now & (dense != after)).sum()
        assert tuple(row[["broken", "fixed", "moved"]]) == counts
        assert row["mcnemar_p"] == pytest.approx(stats.binomtest(int(counts[0]), int(sum(counts[:2]))).pvalue)
        of_class = {str(c): (now[label == c].mean() - was[label == c].mean()) for c in range(3)}
        assert row["worst_class"] == min(of_class, key=of_class.__getitem__)
        assert row["worst_class_change"] == pytest.approx(min(of_class.values()))
        assert row["worst_class_examples"] == (label == int(row["worst_class"])).sum()
        of_group = {f"g: {g}": now[group == g].mean() - was[group == g].mean() for g in "ab"}
        assert row["worst_group"] == min(of_group, key=of_group.__getitem__)
        calibration = next(one for one in fitted.audited_.all if one.name == name).audited.tables["calibration"]
        ece = calibration[(calibration["attribute"] == "all") & (calibration["measure"] == "ece")].iloc[0]
        assert tuple(row[["dense_ece", "ece", "ece_change"]]) == tuple(ece[["dense", "compressed", "change"]])


def test_the_best_alone_is_corrected_and_the_note_says_by_how_much() -> None:
    fitted, *_ = single()
    table = fitted.table_.set_index("name")
    assert table.index[table["corrected_change"].notna()].tolist() == [table["change"].idxmax()] == ["int8"]
    assert table.loc["int8", "corrected_change"] <= table.loc["int8", "change"]
    assert fitted.notes_[0].startswith("int8 keeps the most accuracy")
    assert fitted.table_.equals(single()[0].table_)  # seeded


def test_candidates_that_are_alike_flatter_the_one_that_is_chosen() -> None:
    rng, label = np.random.default_rng(5), np.zeros(500, dtype=int)
    label[250:] = 1
    drawn = {f"c{k}": np.where(rng.random(500) < 0.05, 1 - label, label) for k in range(6)}
    fitted = Candidates(**OPTIONS).fit(label, drawn, label)
    best = fitted.table_.loc[fitted.table_["change"].idxmax()]
    error = np.sqrt(0.05 * 0.95 / 500)
    assert 0.1 * error < best["change"] - best["corrected_change"] < 2 * error
    assert "The best of 6 looks better than it is" in fitted.notes_[0]


def test_populations_have_intervals_and_no_mcnemar() -> None:
    dense, compressed, label = answers(3, members=5, examples=300)
    table = Candidates(**OPTIONS).fit(dense, compressed, label).table_.set_index("name")
    for name, after in compressed.items():
        row = table.loc[name]
        assert row["accuracy"] == pytest.approx((after == label).mean())
        assert row["accuracy_low"] < row["accuracy"] < row["accuracy_high"]
        assert row["change_low"] < row["change"] < row["change_high"]
        assert pd.isna(row["mcnemar_p"])
        of_class = [(after == label)[:, label == c].mean() - (dense == label)[:, label == c].mean() for c in range(3)]
        assert row["worst_class_change"] == pytest.approx(min(of_class))
        assert row["worst_class_low"] < row["worst_class_change"] < row["worst_class_high"]


def test_without_labels_little_is_said() -> None:
    dense, compressed, _ = answers(4)
    fitted = Candidates(**OPTIONS).fit(dense, compressed)
    assert fitted.table_.drop(columns=["name", "members", "examples"]).isna().all().all()
    assert fitted.between_.empty
    assert fitted.parts_.empty
    assert fitted.notes_ == ()


def bank(model: str) -> Candidates:
    """Both candidates of a language model: the answers on file, else as many made-up ones of the same int4 counts."""
    if ANSWERS.is_dir():
        paths = {name: ANSWERS / f"{model}-{name}.csv" for name in ("fp16", "int8", "int4")}
        dense = lesion.read_predictions(paths.pop("fp16"))
        compressed = {name: lesion.read_predictions(path) for name, path in paths.items()}
        return Candidates(**OPTIONS).fit(dense, compressed)
    parts = []
    for name, (changed, broken, fixed) in zip(BENCHMARKS, COUNTED[model], strict=True):
        true = np.arange(1_000) % 4
        one, other = true.copy(), true.copy()
        other[:broken] = (true[:broken] + 1) % 4
        one[broken : broken + fixed] = (true[broken : broken + fixed] + 1) % 4
        one[broken + fixed : changed] = (true[broken + fixed : changed] + 1) % 4
        other[broken + fixed : changed] = (true[broken + fixed : changed] + 2) % 4
        parts.append(pd.DataFrame({"dense": one, "int4": other, "label": true, "benchmark": name}))
    made = pd.concat(parts)
    both = {"int8": made["dense"], "int4": made["int4"]}
    return Candidates(**OPTIONS).fit(made["dense"], both, made["label"], groups=made[["benchmark"]])


@pytest.mark.parametrize("model", COUNTED)
def test_counts_of_language_models_are_those_that_another_program_counted(model: str) -> None:
    table = bank(model).table_.set_index("name")
    changed, broken, fixed = (sum(counts) for counts in zip(*COUNTED[model], strict=True))
    row = table.loc["int4"]
    assert (row["broken"], row["fixed"], row["moved"]) == (broken, fixed, changed - broken - fixed)
    assert table["change"].idxmax() == "int8"


@pytest.mark.skipif(not ANSWERS.is_dir(), reason="the answers of the language models are not here")
@pytest.mark.parametrize("model", COUNTED)
@pytest.mark.parametrize("name", ["int8", "int4"])
def test_counts_on_file_by_another_way(model: str, name: str) -> None:
    one, other = (pd.read_csv(Path(ANSWERS) / f"{model}-{which}.csv") for which in ("fp16", name))
    both = one.merge(other, on="example_id", suffixes=("", "_then"))
    was, now = both["prediction"] == both["label"], both["prediction_then"] == both["label"]
    moved = ~was & ~now & (both["prediction"] != both["prediction_then"])
    row = bank(model).table_.set_index("name").loc[name]
    assert (row["broken"], row["fixed"], row["moved"]) == ((was & ~now).sum(), (~was & now).sum(), moved.sum())
