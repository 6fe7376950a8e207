from typing import Any

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import fdrcorrection

from lesion import Candidates
from tests.audit.candidates.test_estimator import answers

OPTIONS: dict[str, Any] = {"splits": 2, "resamples": 2}


def several(rng: np.random.Generator, examples: int = 300) -> tuple[Any, dict[str, Any]]:
    label = rng.integers(0, 3, examples)
    skills = {"a": 0.9, "b": 0.85, "c": 0.7}
    return label, {
        name: np.where(rng.random(examples) < skill, label, (label + 1) % 3) for name, skill in skills.items()
    }


def test_pairs_of_candidates_agree_with_statsmodels() -> None:
    label, said = several(np.random.default_rng(1))
    table = Candidates(**OPTIONS).fit(label, said, label).between_
    assert list(zip(table["one"], table["other"], strict=True)) == [("a", "b"), ("a", "c"), ("b", "c")]
    for row in table.to_dict("records"):
        one, other = (said[row[side]] == label for side in ("one", "other"))
        counts = np.array([[(one & other).sum(), (one & ~other).sum()], [(~one & other).sum(), (~one & ~other).sum()]])
        assert (row["only_one_right"], row["only_other_right"]) == (counts[0, 1], counts[1, 0])
        assert row["p"] == pytest.approx(mcnemar(counts, exact=True).pvalue)
        assert row["difference"] == pytest.approx(other.mean() - one.mean())
        assert row["difference_low"] < row["difference"] < row["difference_high"]
        assert (row["test"], row["examples"]) == ("mcnemar", 300)
    np.testing.assert_allclose(table["q"], fdrcorrection(table["p"])[1])


def test_copies_of_examples_in_clusters_add_nothing() -> None:
    label, said = several(np.random.default_rng(2))
    once = Candidates(**OPTIONS).fit(label, said, label).between_
    copies = {name: np.repeat(values, 10) for name, values in said.items()}
    many = np.repeat(label, 10)
    told = Candidates(**OPTIONS).fit(many, copies, many, cluster=np.repeat(np.arange(300), 10)).between_
    blind = Candidates(**OPTIONS).fit(many, copies, many).between_
    assert set(told["test"]) == {"sign-flips-of-clusters"}
    np.testing.assert_allclose(told["p"], once["p"])
    longer, length, short = (each["difference_high"] - each["difference_low"] for each in (told, once, blind))
    assert (longer / length).between(0.99, 1.2).all()  # what copies are worth is estimated
    assert (short < length / 3).all()
    assert (blind["p"] < told["p"]).all()


def test_populations_are_tested_by_their_accuracies() -> None:
    dense, compressed, label = answers(3, members=6, examples=400)
    row = Candidates(**OPTIONS).fit(dense, compressed, label).between_.iloc[0]
    one, other = ((said == label).mean(axis=1) for said in compressed.values())
    assert row["test"] == "welch"
    assert row["difference"] == pytest.approx(other.mean() - one.mean())
    assert 0 < row["p"] < 1e-4
    assert stats.ttest_ind(one, other, equal_var=False).pvalue < 1e-4
    paired = Candidates(design="paired", **OPTIONS).fit(dense, compressed, label).between_.iloc[0]
    assert paired["test"] == "paired"
    for side, other_side, name in ((0, 1, "only_one_right"), (1, 0, "only_other_right")):
        share = [(said == label).mean(axis=0) for said in compressed.values()]
        sure = (share[side] > 0.5) & (share[other_side] < 0.5)  # two of six answers that are wrong may differ
        assert sure.sum() <= row[name] <= ((share[side] >= 0.5) & (share[other_side] <= 0.5)).sum()


def test_a_single_model_beside_a_population_has_an_interval_alone() -> None:
    dense, compressed, label = answers(4, members=3, examples=200)
    compressed["int4"] = compressed["int4"][:1]
    row = Candidates(**OPTIONS).fit(dense, compressed, label).between_.iloc[0]
    assert row["test"] == "none"
    assert np.isnan(row["p"])
    assert np.isnan(row["q"])
    assert row["difference_low"] < row["difference"] < row["difference_high"]


def test_candidates_that_say_the_same() -> None:
    label, said = several(np.random.default_rng(5))
    row = Candidates(**OPTIONS).fit(label, {"a": said["a"], "copy": said["a"]}, label).between_.iloc[0]
    assert (row["only_one_right"], row["only_other_right"], row["difference"]) == (0, 0, 0)
    assert np.isnan(row["p"])
    assert row["difference_low"] < 0 < row["difference_high"]
