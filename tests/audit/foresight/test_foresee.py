from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import lesion
from lesion.audit.foresight.perturbations import PERTURBATIONS, WIDER, span
from lesion.errors import InputError
from tests.audit.statistics.test_foresight import LABEL, ONE, PRUNED, TEN

KINDS = [kind.name for kind in PERTURBATIONS]


def test_examples_are_ranked_by_the_margin_of_one_model() -> None:
    confidence = np.asarray(ONE.confidence)
    found = lesion.foresee(ONE.prediction, LABEL, confidence=confidence).examples
    assert found["rank"].tolist() == list(range(1, 401))
    assert found["example_id"].tolist() == np.argsort(confidence[0], kind="stable").tolist()
    assert found["margin"].to_numpy() == pytest.approx(-np.log1p(-np.sort(confidence[0].astype(float))), rel=1e-5)
    assert (found["right"] == (found["label"] == found["answer"])).all()


def test_flips_are_expected_by_the_chance_of_each_example() -> None:
    found = lesion.foresee(ONE.prediction, confidence=np.asarray(ONE.confidence))
    margin = found.examples["margin"].to_numpy()
    for kind, row in zip(PERTURBATIONS, found.expected.to_dict("records"), strict=True):
        low, typical, high = (np.median(margin) * size for size in kind.over_median)
        sizes = (row["size_low"], row["size"], row["size_high"])
        assert sizes == pytest.approx((low / WIDER, typical, high * WIDER))
        chance = stats.norm.cdf(-margin / typical)
        assert found.examples[f"chance_{kind.name}"].to_numpy() == pytest.approx(chance)
        assert row["flips"] == pytest.approx(chance.sum())
        assert row["low"] < row["flips"] < row["high"]


def test_parts_add_up_and_their_shares_are_of_the_riskiest_tenth() -> None:
    groups = {"half": np.arange(400) // 200}
    found = lesion.foresee(TEN.prediction, LABEL, confidence=np.asarray(TEN.confidence), groups=groups)
    parts = found.parts.set_index(["attribute", "group"])
    assert set(parts.index.get_level_values("attribute")) == {"all", "class", "answers", "half"}
    top = found.examples.head(40)
    for name in ("class", "half", "answers"):
        of = parts.loc[name]
        assert of["examples"].sum() == 400
        for column in ("riskiest", *(f"flips_{kind}" for kind in KINDS)):
            assert of[column].sum() == pytest.approx(parts.loc[("all", "all"), column])
    for label in range(4):
        assert parts.loc[("class", str(label)), "riskiest"] == pytest.approx((top["label"] == label).sum())
    assert found.parts["share"].iloc[1:].is_monotonic_decreasing
    of_all = found.expected.set_index("kind")["flips"]
    assert [parts.loc[("all", "all"), f"flips_{kind}"] for kind in KINDS] == pytest.approx(of_all[KINDS].tolist())


def test_several_members_tell_what_another_seed_does() -> None:
    found = lesion.foresee(TEN.prediction, confidence=np.asarray(TEN.confidence))
    said = TEN.prediction
    apart = np.mean([(said[one] != said[two]).sum() for one in range(10) for two in range(one)])
    seeds = found.expected.set_index("kind").loc["retrained"]
    assert seeds["flips"] == pytest.approx(apart, rel=1e-3)
    assert seeds["size_low"] == seeds["size_high"]
    pruned = found.expected.set_index("kind").loc["pruned_90"]
    pruned_90 = next(kind for kind in PERTURBATIONS if kind.name == "pruned_90")
    assert pruned_90.over_seeds is not None
    assert pruned["size"] == pytest.approx(seeds["size"] * pruned_90.over_seeds[1])
    assert found.examples["margin"].min() < found.examples["margin"].max()
    assert (found.examples["agreement"] <= 1).all()


def test_the_riskiest_examples_change_most_often() -> None:
    found = lesion.foresee(TEN.prediction, LABEL, confidence=np.asarray(TEN.confidence)).examples
    changed = (TEN.prediction != PRUNED.prediction).mean(axis=0)[found["example_id"]]
    tenths = changed.reshape(10, 40).mean(axis=1)
    assert tenths[0] > 3 * tenths[5]


def test_members_that_agree_need_no_confidence_but_then_no_flips_are_told() -> None:
    found = lesion.foresee(TEN.prediction, LABEL)
    assert found.expected.empty
    share = np.mean(TEN.prediction == found.examples.sort_values("example_id")["answer"].to_numpy(), axis=0)
    assert found.examples.sort_values("example_id")["agreement"].to_numpy() == pytest.approx(share)
    assert found.examples["agreement"].is_monotonic_increasing


def test_one_model_without_confidence_is_refused_in_one_line() -> None:
    with pytest.raises(InputError, match="one model without confidence tells nothing") as refused:
        lesion.foresee(ONE.prediction[0], LABEL)
    assert "\n" not in str(refused.value)


def test_what_was_read_from_a_file_holds_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "dense.csv"
    path.write_text("example_id,prediction,confidence\nx,cat,0.9\ny,dog,0.6\n")
    read = lesion.read_predictions(path)
    found = lesion.foresee(read)
    assert found.examples["example_id"].tolist() == ["y", "x"]
    assert found.parts["attribute"].tolist() == ["all", "answer", "answer"]
    for same in (path, str(path), pd.read_csv(path)):
        assert lesion.foresee(same).examples.equals(found.examples)
    with pytest.raises(InputError, match="nothing else is expected"):
        lesion.foresee(read, [0, 1])
    unsure = replace(read, population=replace(read.population, confidence=None))
    with pytest.raises(InputError, match="without confidence"):
        lesion.foresee(unsure)


def test_sizes_of_seeds_are_used_where_members_tell_them() -> None:
    pruned = next(kind for kind in PERTURBATIONS if kind.name == "pruned_50")
    assert span(pruned, median=2.0, seeds=None)[1] == pytest.approx(2 * pruned.over_median[1])
    assert pruned.over_seeds is not None
    assert span(pruned, median=2.0, seeds=3.0)[1] == pytest.approx(3 * pruned.over_seeds[1])
    int8 = next(kind for kind in PERTURBATIONS if kind.name == "int8")
    assert span(int8, median=2.0, seeds=3.0) == span(int8, median=2.0, seeds=None)
