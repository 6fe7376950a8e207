from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lesion.audit.impact import Normalise, class_impact, recalls, welch_t_test
from lesion.audit.populations import Population
from lesion.errors import InputError
from lesion.params.impact import Impact
from tests.synthetic import labels, population

PAPER = Impact(alpha=0.05, normalise="population")


def pair(seed: int, *, members: tuple[int, int] = (5, 7), classes: int = 4) -> tuple[Population, Population]:
    rng = np.random.default_rng(seed)
    label = labels(rng, 12 * classes, classes)
    one, other = (
        population(rng, label, members=count, classes=classes, skill=rng.uniform(0.2, 0.95, classes))
        for count in members
    )
    return one, other


def recall_by_loop(made: Population, label: int, member: int) -> float:
    right = [bool(p == t) for p, t in zip(made.prediction[member], made.label, strict=True) if t == label]
    return sum(right) / len(right)


def normalised_by_loop(made: Population, label: int, normalise: Normalise) -> list[float]:
    members = range(len(made.member))
    accuracy = [float((made.prediction[member] == made.label).mean()) for member in members]
    subtract = [sum(accuracy) / len(accuracy)] * len(accuracy) if normalise == "population" else accuracy
    return [recall_by_loop(made, label, member) - subtract[member] for member in members]


@pytest.mark.filterwarnings("ignore:Precision loss:RuntimeWarning")  # scipy, of a sample without variance
@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    members=st.tuples(st.integers(2, 8), st.integers(2, 8)),
    classes=st.integers(2, 9),
    normalise=st.sampled_from(["population", "member"]),
    alpha=st.floats(0.001, 0.5),
)
def test_each_class_agrees_with_scipy(
    seed: int, members: tuple[int, int], classes: int, normalise: Normalise, alpha: float
) -> None:
    dense, compressed = pair(seed, members=members, classes=classes)
    found = class_impact(
        dense, compressed, classes=classes, settings=Impact(alpha=alpha, normalise=normalise)
    ).set_index("class")
    for label in range(classes):
        before, after = (normalised_by_loop(made, label, normalise) for made in (dense, compressed))
        row = found.loc[label]
        np.testing.assert_allclose(row["normalised_change"], np.mean(after) - np.mean(before), atol=1e-12)
        if max(np.ptp(before), np.ptp(after)) < 1e-9:
            continue  # no variance: the next test
        expected = stats.ttest_ind(after, before, equal_var=False)
        np.testing.assert_allclose(row["t"], expected.statistic, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(row["p"], expected.pvalue, rtol=1e-9)
        np.testing.assert_allclose(row["degrees_of_freedom"], expected.df, rtol=1e-9)
        assert row["significant"] == (row["p"] < alpha)
        assert row["direction"] == ("gain" if row["t"] > 0 else "loss" if row["t"] < 0 else "none")


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), classes=st.integers(1, 9))
def test_recalls_are_those_of_a_loop(seed: int, classes: int) -> None:
    dense, compressed = pair(seed, classes=classes)
    expected = [[recall_by_loop(dense, label, member) for label in range(classes)] for member in range(5)]
    np.testing.assert_array_equal(recalls(dense.correct, dense.label, classes), expected)
    table = class_impact(dense, compressed, classes=classes, settings=PAPER)
    np.testing.assert_allclose(table["dense_recall"], np.mean(expected, axis=0), atol=1e-15)
    np.testing.assert_allclose(table["change"], table["compressed_recall"] - table["dense_recall"], atol=1e-15)
    np.testing.assert_array_equal(table["examples"], [12] * classes)


def test_columns_that_are_constant_in_both_samples() -> None:
    a = np.array([[0.1, 0.7, 0.3, 0.5], [0.1, 0.7, 0.3, 0.6], [0.1, 0.7, 0.3, 0.7]])
    b = np.array([[0.1, 0.3, 0.7, 0.5], [0.1, 0.3, 0.7, 0.5]])
    t, freedom, p = welch_t_test(a, b)
    assert t[:3].tolist() == [0, np.inf, -np.inf]
    assert p[:3].tolist() == [1, 0, 0]
    assert np.isfinite(freedom).all()
    expected = stats.ttest_ind(a[:, 3], b[:, 3], equal_var=False)  # one sample constant is an ordinary test
    np.testing.assert_allclose([t[3], p[3], freedom[3]], [expected.statistic, expected.pvalue, expected.df], rtol=1e-12)


def test_a_population_against_itself_is_not_significant() -> None:
    dense, _ = pair(3)
    table = class_impact(dense, dense, classes=4, settings=PAPER)
    assert (table["normalised_change"] == 0).all()
    assert (table["p"] == 1).all()
    assert (table["direction"] == "none").all()


def test_without_an_effect_about_alpha_of_the_classes_are_significant() -> None:
    rng, classes, rounds = np.random.default_rng(1911), 200, 8
    label = labels(rng, 40 * classes, classes)
    found = 0
    for _ in range(rounds):
        one, other = (population(rng, label, members=30, classes=classes, skill=0.8) for _ in range(2))
        found += int(class_impact(one, other, classes=classes, settings=PAPER)["significant"].sum())
    low, high = stats.binom.interval(0.9999, rounds * classes, PAPER.alpha)
    assert low <= found <= high


@pytest.mark.parametrize("members", [(1, 5), (5, 1)])
def test_one_member_is_too_few(members: tuple[int, int]) -> None:
    with pytest.raises(InputError, match=r"two members at least, the (dense|compressed) population has 1$"):
        class_impact(*pair(0, members=members), classes=4, settings=PAPER)


def test_a_class_without_example() -> None:
    with pytest.raises(InputError, match="class 4 has no test example"):
        class_impact(*pair(0), classes=5, settings=PAPER)


def test_a_label_that_no_class_has() -> None:
    with pytest.raises(InputError):
        class_impact(*pair(0), classes=3, settings=PAPER)


def test_populations_of_different_examples() -> None:
    dense, compressed = pair(0)
    shifted = replace(compressed, example_id=np.append(compressed.example_id[1:], np.int32(9999)))
    with pytest.raises(InputError, match="2 example ids are in one population and not in the other"):
        class_impact(dense, shifted, classes=4, settings=PAPER)


def test_populations_of_different_labels() -> None:
    dense, compressed = pair(0)
    relabelled = compressed.label.copy()
    relabelled[:3] = (relabelled[:3] + 1) % 4
    with pytest.raises(InputError, match="3 examples have another label"):
        class_impact(dense, replace(compressed, label=relabelled), classes=4, settings=PAPER)
