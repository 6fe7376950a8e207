from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product
from math import comb
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import fdrcorrection

from lesion.audit.comparison.populations import Population
from lesion.audit.contract import Statistic
from lesion.audit.inference.disagreement import chance_taxicab
from lesion.audit.inference.score import MOST
from lesion.audit.inference.votes import side_by_side, votes
from lesion.audit.statistics import pie
from lesion.errors import InputError
from lesion.params.design import Design
from tests.compared import compared, run
from tests.synthetic import labels, population, write_examples, write_population

SEEDS = st.integers(0, 2**32 - 1)
DESIGNS = st.sampled_from(["independent", "paired"])
Populations = tuple[Population, Population]
STATISTIC: Statistic = pie  # mypy checks the module here


def grade(dense: Population, compressed: Population, *, classes: int, design: Design = "auto") -> pd.DataFrame:
    return pie.table(compared(dense, compressed, classes=classes, design=design), ties="label")


def mode(said: list[int]) -> int:
    counted = Counter(said)
    return max(counted, key=lambda label: (counted[label], label))  # ties go to the largest class id


def margin(said: list[int]) -> float:
    first, second, *_ = [count for _, count in Counter(said).most_common()] + [0, 0]
    return (first - second) / len(said)


def pair(
    seed: int, *, members: tuple[int, int] = (4, 6), classes: int = 4, origins: tuple[int | str, ...] | None = None
) -> Populations:
    rng = np.random.default_rng(seed)
    label = labels(rng, 8 * classes, classes)
    one, other = (
        population(
            rng, label, members=count, classes=classes, skill=rng.random(), true_probability=True, origins=origins
        )
        for count in members
    )
    return one, other


def relabellings(dense: Population, compressed: Population, design: Design) -> Iterator[Populations]:
    """Every way to call as many of all models dense; for pairs, every way to exchange the two of a pair."""
    said = np.concatenate([dense.prediction, compressed.prediction])
    members, models = len(dense.member), range(len(said))
    if design == "paired":
        chosen = [[k + members * swap for k, swap in enumerate(swaps)] for swaps in product([0, 1], repeat=members)]
    else:
        chosen = [list(rows) for rows in combinations(models, members)]
    for rows in chosen:
        if design == "paired":
            others = [(row + members) % len(said) for row in rows]
        else:
            others = [row for row in models if row not in rows]
        yield replace(dense, prediction=said[rows]), replace(compressed, prediction=said[others])


@settings(max_examples=60)
@given(seed=SEEDS, members=st.tuples(st.integers(1, 6), st.integers(1, 6)), classes=st.integers(2, 7))
def test_each_example_is_graded_as_by_a_loop(seed: int, members: tuple[int, int], classes: int) -> None:
    dense, compressed = pair(seed, members=members, classes=classes)
    rows = grade(dense, compressed, classes=classes).to_dict("records")
    assert [row["example_id"] for row in rows] == dense.example_id.tolist()
    for column, row in enumerate(rows):
        said = [made.prediction[:, column].tolist() for made in (dense, compressed)]
        assert row["label"] == dense.known_label[column]
        assert (row["dense_label"], row["compressed_label"]) == (mode(said[0]), mode(said[1]))
        assert row["pie"] == (mode(said[0]) != mode(said[1]))
        shares = [[answers.count(label) / len(answers) for label in range(classes)] for answers in said]
        assert row["taxicab"] == pytest.approx(sum(abs(a - b) for a, b in zip(*shares, strict=True)), abs=1e-6)
        assert 0 <= row["taxicab"] <= 2 + 1e-6
        assert row["dense_share"] == pytest.approx(max(shares[0]))
        assert row["compressed_share"] == pytest.approx(max(shares[1]))
        assert (row["dense_margin"], row["compressed_margin"]) == pytest.approx((margin(said[0]), margin(said[1])))
        assert dense.true_probability is not None
        assert compressed.true_probability is not None
        before, after = (known[:, column].tolist() for known in (dense.true_probability, compressed.true_probability))
        assert row["probability_change"] == pytest.approx(np.mean(after) - np.mean(before), abs=1e-6)


def p_of_label(before: list[int], after: list[int], label: int, design: Design) -> float:
    """SciPy's p that both give the label alike."""
    if design == "paired":
        lost = sum(a == label != b for a, b in zip(before, after, strict=True))
        gained = sum(b == label != a for a, b in zip(before, after, strict=True))
        return float(stats.binomtest(lost, lost + gained).pvalue) if lost + gained else 1.0
    counted = [[said.count(label), len(said) - said.count(label)] for said in (before, after)]
    return float(stats.fisher_exact(counted).pvalue)


@settings(max_examples=40)
@given(seed=SEEDS, members=st.tuples(st.integers(1, 7), st.integers(2, 7)), design=DESIGNS)
def test_each_example_is_tested_as_by_scipy(seed: int, members: tuple[int, int], design: Design) -> None:
    members = (members[1], members[1]) if design == "paired" else members
    dense, compressed = pair(seed, members=members, classes=3)
    table = grade(dense, compressed, classes=3, design=design)
    for column, p in enumerate(table["p"]):
        before, after = (made.prediction[:, column].tolist() for made in (dense, compressed))
        counts = Counter(before + after)
        tied = [label for label, count in counts.items() if count == max(counts.values())]
        expected = max(p_of_label(before, after, label, design) for label in tied)
        assert p == pytest.approx(expected, rel=1e-8)
    np.testing.assert_allclose(table["q"], fdrcorrection(table["p"])[1], rtol=1e-9)


@pytest.mark.parametrize(("members", "design"), [((3, 3), "independent"), ((2, 5), "independent"), ((5, 5), "paired")])
def test_p_is_at_most_as_often_small_as_it_says(members: tuple[int, int], design: Design) -> None:
    dense, compressed = pair(11, members=members, classes=3)
    all_p = np.array(
        [grade(*two, classes=3, design=design)["p"].to_numpy() for two in relabellings(dense, compressed, design)]
    )
    assert all_p.min() < 0.2  # some can be small
    for of_example in all_p.T:
        for level in np.unique(of_example):
            assert (of_example <= level + 1e-9).mean() <= level + 1e-9


@pytest.mark.parametrize(("members", "design"), [((3, 3), "independent"), ((2, 5), "independent"), ((5, 5), "paired")])
def test_the_distance_by_chance_is_the_mean_over_all_relabellings(members: tuple[int, int], design: Design) -> None:
    dense, compressed = pair(12, members=members, classes=3)
    distances = [
        grade(*two, classes=3, design=design)["taxicab"].to_numpy() for two in relabellings(dense, compressed, design)
    ]
    both = side_by_side(votes(dense.prediction, 3), votes(compressed.prediction, 3), 3)
    found = chance_taxicab(dense.prediction, compressed.prediction, both, classes=3, paired=design == "paired")
    np.testing.assert_allclose(found, np.mean(distances, axis=0), atol=1e-6)
    table = grade(dense, compressed, classes=3, design=design)
    beyond = np.maximum(table["taxicab"] - found, 0) / (2 - found)
    np.testing.assert_allclose(table["beyond_chance"], beyond, atol=1e-6)


@settings(max_examples=40)
@given(seed=SEEDS, members=st.tuples(st.integers(1, 7), st.integers(2, 7)), design=DESIGNS)
def test_the_score_rises_with_the_distance_and_is_never_certain(
    seed: int, members: tuple[int, int], design: Design
) -> None:
    members = (members[1], members[1]) if design == "paired" else members
    table = grade(*pair(seed, members=members), classes=4, design=design)
    assert table["pie_score"].between(0, 0.99).all()
    assert (np.diff(table.sort_values("beyond_chance")["pie_score"]) >= 0).all()
    assert (table["pie_score"][table["beyond_chance"] == 0] == 0).all()
    assert (table["p"] > 0).all()
    assert table["p"].between(0, table["q"]).all()


def test_of_a_single_pair_of_models_nothing_is_told_from_chance() -> None:
    table = grade(*pair(3, members=(1, 1)), classes=4)
    assert table[["p", "q", "beyond_chance", "pie_score"]].isna().all(axis=None)
    assert table["pie"].equals(table["dense_label"] != table["compressed_label"])
    assert (table["taxicab"] == 2 * table["pie"]).all()
    assert pie.columns(table, alpha=0.05) == {"pie": table["pie"].sum(), "pie_fdr": None}


def test_confidence_is_the_mean_over_members() -> None:
    rng = np.random.default_rng(8)
    one, other = pair(8)
    sure = [rng.random(made.prediction.shape, dtype=np.float32) for made in (one, other)]
    table = grade(replace(one, confidence=sure[0]), replace(other, confidence=sure[1]), classes=4)
    for side, of_side in zip(("dense", "compressed"), sure, strict=True):
        expected = [np.mean([float(value) for value in of_example]) for of_example in of_side.T]
        np.testing.assert_allclose(table[f"{side}_confidence"], expected, rtol=1e-6)
    half = grade(replace(one, confidence=sure[0]), other, classes=4)
    assert half["dense_confidence"].equals(table["dense_confidence"])
    assert half["compressed_confidence"].isna().all()


@settings(max_examples=30)
@given(seed=SEEDS, members=st.sampled_from([(3, 3), (2, 5)]))
def test_which_population_is_compressed_does_not_matter(seed: int, members: tuple[int, int]) -> None:
    dense, compressed = pair(seed, members=members)  # so few that all ways to call them are counted
    there, back = grade(dense, compressed, classes=4), grade(compressed, dense, classes=4)
    assert there["pie"].equals(back["pie"])
    for name in ("taxicab", "p", "q", "beyond_chance", "pie_score"):
        np.testing.assert_allclose(there[name], back[name], rtol=1e-6, atol=1e-7)
    for name in ("label", "share", "margin"):
        assert there[f"dense_{name}"].equals(back[f"compressed_{name}"])
    assert there["probability_change"].equals(-back["probability_change"])


@settings(max_examples=30)
@given(seed=SEEDS)
def test_the_names_of_classes_do_not_matter(seed: int) -> None:
    names = np.random.default_rng(seed).permutation(4)
    one, other = pair(seed)
    there = grade(one, other, classes=4)
    back = grade(*(replace(made, prediction=names[made.prediction]) for made in (one, other)), classes=4)
    for name in ("taxicab", "p", "q", "beyond_chance", "pie_score"):
        np.testing.assert_allclose(there[name], back[name], rtol=1e-6, atol=1e-7)


@settings(max_examples=30)
@given(seed=SEEDS)
def test_a_population_against_itself_has_no_pie(seed: int) -> None:
    dense, _ = pair(seed)
    shuffled = replace(dense, prediction=np.random.default_rng(seed).permutation(dense.prediction, axis=0))
    table = grade(dense, shuffled, classes=4)
    assert not table["pie"].any()
    assert (table[["taxicab", "beyond_chance", "pie_score"]] == 0).all(axis=None)
    assert table["p"].to_numpy() == pytest.approx(1)


@pytest.mark.parametrize("design", ["independent", "paired"])
@pytest.mark.parametrize("members", [2, 4, 30])
def test_unanimous_populations_that_disagree_are_as_far_apart_as_can_be(members: int, design: Design) -> None:
    dense, compressed = pair(0, members=(members, members))
    one = replace(dense, prediction=np.zeros_like(dense.prediction))
    other = replace(compressed, prediction=np.full_like(compressed.prediction, 3))
    table = grade(one, other, classes=4, design=design)
    assert (table["taxicab"] == 2).all()
    assert table["pie"].all()
    assert (table["beyond_chance"] == 1).all()
    assert (table[["dense_margin", "compressed_margin"]] == 1).all(axis=None)
    relabelled = 2**members if design == "paired" else comb(2 * members, members)
    assert table["p"].to_numpy() == pytest.approx(2 / relabelled)  # this one and its mirror image are the extremes
    false = max(2 / relabelled, 1 / MOST)  # all or none are as far apart, whatever the models are called
    assert table["pie_score"].to_numpy() == pytest.approx(1 - false, abs=1e-6)


def test_members_of_the_same_seeds_are_pairs_unless_told_otherwise() -> None:
    related = pair(4, members=(5, 5), origins=(3, 1, 4, 15, 9))
    unlike = (related[0], replace(related[1], origins=(3, 1, 4, 15, 92)))
    paired, independent = (grade(*related, classes=4, design=design) for design in ("paired", "independent"))
    assert not paired["p"].equals(independent["p"])
    assert grade(*related, classes=4).equals(paired)
    assert grade(*unlike, classes=4).equals(independent)
    assert grade(*unlike, classes=4, design="paired").equals(paired)


def test_pairs_need_as_many_members_of_both() -> None:
    with pytest.raises(InputError, match="pairs need as many compressed members as dense, there are 6 and 4"):
        grade(*pair(0), classes=4, design="paired")


def test_what_is_not_known_is_left_empty() -> None:
    dense, compressed = (replace(made, label=None, true_probability=None) for made in pair(0))
    bare, full = grade(dense, compressed, classes=4), grade(*pair(0), classes=4)
    assert bare[["label", "probability_change"]].isna().all(axis=None)
    kept = [name for name in full if name not in ("label", "probability_change")]
    assert bare[kept].equals(full[kept])


def test_populations_of_different_examples() -> None:
    dense, compressed = pair(0)
    with pytest.raises(InputError, match="example ids are in one population and not in the other"):
        grade(dense, replace(compressed, example_id=compressed.example_id + 1), classes=4)


@pytest.mark.parametrize("beyond", [-1, 4])
def test_a_prediction_that_no_class_has(beyond: int) -> None:
    dense, compressed = pair(0)
    prediction = compressed.prediction.copy()
    prediction[0, 5] = beyond
    with pytest.raises(InputError):
        grade(dense, replace(compressed, prediction=prediction), classes=4)


@pytest.mark.parametrize("origins", [None, (3, 1, 4, 15), ("a", "b", "c", "d")])
def test_the_node_writes_every_example(
    origins: tuple[int | str, ...] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Members are pairs where they have one seed, or were taken from one file."""
    monkeypatch.chdir(tmp_path)
    sure = np.random.default_rng(0).random((2, 4, 32), dtype=np.float32)
    dense, compressed = (
        replace(made, confidence=of_side)
        for made, of_side in zip(pair(7, members=(4, 4), origins=origins), sure, strict=True)
    )
    write_examples("toy", dense, list("abcd"))
    write_population("toy", "dense", "0-3", dense)
    write_population("toy", "half", "0-3", compressed)
    expected = grade(dense, compressed, classes=4, design="paired" if origins else "independent")
    found = pd.read_parquet(run("pie", "toy", "half", ["0-3"], ties="label"))
    pd.testing.assert_frame_equal(found, expected.astype(found.dtypes.to_dict()))


def test_the_summary_counts_them_at_the_level_that_is_given() -> None:
    table = grade(*pair(1, members=(9, 9)), classes=4)
    for alpha in (0.05, 0.9, 1.1):
        surely = (table["q"] < alpha) & table["pie"]
        assert pie.columns(table, alpha=alpha) == {"pie": table["pie"].sum(), "pie_fdr": surely.sum()}
    assert pie.columns(table, alpha=0.9)["pie_fdr"] > 0
