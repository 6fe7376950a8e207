from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.populations import Population
from lesion.audit.contract import Audited, Finding, Statistic
from lesion.audit.inference.multiplicity import q_values
from lesion.audit.inference.recall import recalls
from lesion.audit.statistics import impact
from lesion.errors import InputError
from lesion.params.design import Design
from lesion.params.impact import Impact
from lesion.params.normalise import Normalise
from tests.compared import compared
from tests.synthetic import labels, population

PAPER = Impact(alpha=0.05, normalise="population")
OWN = Impact(alpha=0.05, normalise="member")
STATISTIC: Statistic = impact  # mypy checks the module here


def class_impact(
    dense: Population, compressed: Population, *, classes: int, settings: Impact, design: Design = "auto"
) -> pd.DataFrame:
    return impact.table(compared(dense, compressed, classes=classes, design=design), settings=settings)


def pair(
    seed: int, *, members: tuple[int, int] = (5, 7), classes: int = 4, origins: tuple[int, ...] | None = None
) -> tuple[Population, Population]:
    rng = np.random.default_rng(seed)
    label = labels(rng, 12 * classes, classes)
    one, other = (
        population(rng, label, members=count, classes=classes, skill=rng.uniform(0.2, 0.95, classes), origins=origins)
        for count in members
    )
    return one, other


def recall_by_loop(made: Population, label: int, member: int) -> float:
    right = [bool(p == t) for p, t in zip(made.prediction[member], made.known_label, strict=True) if t == label]
    return sum(right) / len(right)


def normalised_by_loop(made: Population, label: int, normalise: Normalise) -> list[float]:
    members = range(len(made.member))
    accuracy = [float((made.prediction[member] == made.known_label).mean()) for member in members]
    subtract = [sum(accuracy) / len(accuracy)] * len(accuracy) if normalise == "population" else accuracy
    return [recall_by_loop(made, label, member) - subtract[member] for member in members]


@pytest.mark.filterwarnings("ignore:Precision loss:RuntimeWarning")  # scipy, of a sample without variance
@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    members=st.tuples(st.integers(2, 8), st.integers(2, 8)),
    classes=st.integers(2, 9),
    normalise=st.sampled_from(["population", "member"]),
    alpha=st.floats(0.001, 0.5),
    paired=st.booleans(),
)
def test_the_test_of_the_paper_agrees_with_scipy(
    seed: int, members: tuple[int, int], classes: int, normalise: Normalise, alpha: float, paired: bool
) -> None:
    members = (members[0], members[0]) if paired else members
    dense, compressed = pair(seed, members=members, classes=classes)
    using = Impact(alpha=alpha, normalise=normalise)
    design: Design = "paired" if paired else "independent"
    table = class_impact(dense, compressed, classes=classes, settings=using, design=design)
    found = table.set_index("class")
    for label in range(classes):
        before, after = (normalised_by_loop(made, label, "population") for made in (dense, compressed))
        row = found.loc[label]
        np.testing.assert_allclose(row["normalised_change"], np.mean(after) - np.mean(before), atol=1e-12)
        if max(np.ptp(before), np.ptp(after)) < 1e-9:
            continue  # no variance: test_significance
        test = stats.ttest_ind(after, before, equal_var=False)
        np.testing.assert_allclose(row["paper_t"], test.statistic, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(row["paper_p"], test.pvalue, rtol=1e-9)
    assert (found["paper_significant"] == (found["paper_p"] < alpha)).all()
    assert impact.columns(table, alpha=alpha)["paper_significant_classes"] == found["paper_significant"].sum()
    if normalise == "population" and not paired:
        assert (found["test"] == "welch").all()
        np.testing.assert_array_equal(found[["t", "p"]], found[["paper_t", "paper_p"]])


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    members=st.tuples(st.integers(2, 8), st.integers(2, 8)),
    classes=st.integers(2, 9),
    alpha=st.floats(0.001, 0.5),
    paired=st.booleans(),
)
def test_flags_follow_t_and_p(seed: int, members: tuple[int, int], classes: int, alpha: float, paired: bool) -> None:
    members = (members[0], members[0]) if paired else members
    dense, compressed = pair(seed, members=members, classes=classes)
    using = Impact(alpha=alpha, normalise="member")
    design: Design = "paired" if paired else "independent"
    found = class_impact(dense, compressed, classes=classes, settings=using, design=design)
    assert (found["test"] == ("moderated-paired" if paired else "moderated")).all()
    assert ((found["p"] > 0) & (found["p"] <= 1)).all()
    np.testing.assert_allclose(found["p"], 2 * stats.t.sf(found["t"].abs(), found["degrees_of_freedom"]), rtol=1e-9)
    assert (np.sign(found["t"]) == np.sign(found["normalised_change"].round(12))).all()
    assert (found["significant"] == (found["p"] < alpha)).all()
    assert (found["significant_fdr"] == (found["q"] < alpha)).all()
    np.testing.assert_allclose(found["q"], q_values(found["p"].to_numpy()), rtol=1e-12)
    side = {1: "gain", -1: "loss", 0: "none"}
    assert found["direction"].tolist() == [side[int(np.sign(t))] for t in found["t"]]


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), design=st.sampled_from(["paired", "independent"]))
def test_intervals_lie_around_the_changes(seed: int, design: Design) -> None:
    dense, compressed = pair(seed, members=(4, 4))
    table = class_impact(dense, compressed, classes=4, settings=PAPER, design=design)
    relative = table["change"] - (compressed.correct.mean() - dense.correct.mean())
    np.testing.assert_allclose(table["normalised_change"], relative, atol=1e-12)
    for name in ("change", "normalised_change"):
        low, middle, high = (table[name + end] for end in ("_low", "", "_high"))
        assert ((low <= middle) & (middle <= high) & (low < high)).all()


def test_members_of_the_same_seeds_are_pairs_unless_told_otherwise() -> None:
    related = pair(4, members=(5, 5), origins=(3, 1, 4, 15, 9))
    alike, unlike = pair(4, members=(5, 5)), (related[0], replace(related[1], origins=(3, 1, 4, 15, 92)))

    def tests(two: tuple[Population, Population], design: Design) -> set[str]:
        return set(class_impact(*two, classes=4, settings=PAPER, design=design)["test"])

    assert tests(related, "auto") == tests(alike, "paired") == tests(unlike, "paired") == {"moderated-paired"}
    assert tests(related, "independent") == tests(alike, "auto") == tests(unlike, "auto") == {"welch"}


def test_pairs_need_as_many_members_of_both() -> None:
    with pytest.raises(InputError, match="pairs need as many compressed members as dense, there are 7 and 5"):
        class_impact(*pair(0), classes=4, settings=PAPER, design="paired")


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), classes=st.integers(2, 9))
def test_recalls_are_those_of_a_loop(seed: int, classes: int) -> None:
    dense, compressed = pair(seed, classes=classes)
    expected = [[recall_by_loop(dense, label, member) for label in range(classes)] for member in range(5)]
    np.testing.assert_array_equal(recalls(dense.correct, dense.known_label, classes), expected)
    table = class_impact(dense, compressed, classes=classes, settings=PAPER)
    np.testing.assert_allclose(table["dense_recall"], np.mean(expected, axis=0), atol=1e-15)
    np.testing.assert_allclose(table["change"], table["compressed_recall"] - table["dense_recall"], atol=1e-15)
    np.testing.assert_array_equal(table["examples"], [12] * classes)


@pytest.mark.parametrize("using", [PAPER, OWN])
def test_a_population_against_itself_is_not_significant(using: Impact) -> None:
    dense, _ = pair(3)
    table = class_impact(dense, dense, classes=4, settings=using)
    assert (table["normalised_change"] == 0).all()
    assert (table["p"] == 1).all()
    assert (table["direction"] == "none").all()


@pytest.mark.parametrize("design", ["independent", "paired"])
def test_without_an_effect_about_alpha_of_the_classes_are_significant(design: Design) -> None:
    rng, classes, rounds = np.random.default_rng(1911), 200, 8
    label = labels(rng, 40 * classes, classes)
    found = discoveries = 0
    for _ in range(rounds):
        one, other = (population(rng, label, members=30, classes=classes, skill=0.8) for _ in range(2))
        table = class_impact(one, other, classes=classes, settings=PAPER, design=design)
        found += int(table["significant"].sum())
        discoveries += bool(table["significant_fdr"].any())
    low, high = stats.binom.interval(0.9999, rounds * classes, PAPER.alpha)
    assert 0.6 * low <= found <= high  # the moderated test finds a little less where members differ by chance alone
    assert discoveries <= stats.binom.isf(1e-4, rounds, PAPER.alpha)


def easy(rng: np.random.Generator, members: int, *, classes: int, examples: int, hit: int | None) -> Population:
    """Members of unequal ability; examples of the second half of the classes are always right, but those of `hit`."""
    label = np.repeat(np.arange(classes), examples)
    ease = np.where(label >= classes // 2, 20, np.linspace(-1, 3, examples)[np.arange(len(label)) % examples])
    ease = np.where(label == hit, ease - 1.5, ease)
    able = rng.normal(0, 0.3, (members, 1))
    right = rng.random((members, len(label))) < 1 / (1 + np.exp(-ease - able))
    said = np.where(right, label, (label + 1) % classes)
    return Population(example_id=np.arange(len(label)), member=np.arange(members), label=label, prediction=said)


@pytest.mark.parametrize("members", [(2, 2), (2, 10), (30, 2), (3, 30), (3, 3), (10, 10)])
def test_few_and_unequal_members_and_easy_classes_give_no_false_alarm(members: tuple[int, int]) -> None:
    rng, rounds, alarms, found = np.random.default_rng(7), 100, 0, 0
    for _ in range(rounds):
        one, other = (easy(rng, count, classes=8, examples=30, hit=None) for count in members)
        table = class_impact(one, other, classes=8, settings=OWN)
        alarms += bool(table["significant_fdr"].any())
        found += int(table["significant"].sum())
    assert alarms <= stats.binom.isf(1e-5, rounds, 0.05)
    assert found <= 8 * stats.binom.isf(1e-5, rounds, 0.05)  # classes go up and down together


def test_the_class_that_pays_is_named_and_those_beside_it_do_not_gain() -> None:
    rng = np.random.default_rng(1)
    dense, compressed = (easy(rng, 10, classes=8, examples=60, hit=hit) for hit in (None, 2))
    comparison = compared(dense, compressed, classes=8, names=tuple("abcdefgh"))
    card = found_by(comparison)
    table = impact.table(comparison, settings=OWN).set_index("name")
    assert table["significant_fdr"].sum() > 1
    assert card.unit == "points of recall, c"
    assert card.text.startswith("c loses ")
    assert "gain" not in card.text
    assert "differ from the average because that moves" in card.text
    nothing = found_by(compared(dense, easy(rng, 10, classes=8, examples=60, hit=None), classes=8))
    assert nothing.number == "0"
    assert nothing.text.startswith("No class changes more or less than the average")
    assert "chance alone gives 0.4" in nothing.text


def test_a_class_that_gets_better_by_itself_gains() -> None:
    rng = np.random.default_rng(1)
    dense, compressed = (easy(rng, 10, classes=8, examples=60, hit=hit) for hit in (2, None))
    card = found_by(compared(dense, compressed, classes=8, names=tuple("abcdefgh")))
    assert "1 class gains recall: c (+" in card.text
    assert card.number == "0"


def test_examples_of_one_cluster_are_one_draw() -> None:
    dense, compressed = pair(0, members=(1, 1))
    alone = compared(dense, compressed, classes=4)
    rank = np.argsort(np.argsort(dense.known_label, kind="stable"))
    together = replace(alone, cluster=rank // 6)
    narrow, wide = (impact.table(one, settings=OWN) for one in (alone, together))
    pd.testing.assert_series_equal(narrow["change"], wide["change"])
    for name in ("change", "normalised_change"):
        width = [table[f"{name}_high"] - table[f"{name}_low"] for table in (narrow, wide)]
        assert (width[1] > width[0]).all()


def found_by(comparison: Comparison) -> Finding:
    table = impact.table(comparison, settings=OWN)
    card = impact.finding(Audited(comparison, {"impact": table}, pd.DataFrame(), 0.05))
    assert card is not None
    return card


def test_a_class_that_hardly_varies_is_told_of() -> None:
    rng = np.random.default_rng(2)
    one, other = (easy(rng, 10, classes=8, examples=60, hit=None) for _ in range(2))
    said = impact.caution(compared(one, other, classes=8))
    assert said is not None
    assert said.startswith("4 classes hardly vary")
    assert impact.caution(compared(*pair(0), classes=4)) is None
    assert impact.caution(compared(*pair(0, members=(1, 3)), classes=4)) is None


@pytest.mark.parametrize("members", [(1, 5), (5, 1), (1, 1)])
def test_one_member_has_recalls_and_intervals_and_no_test(members: tuple[int, int]) -> None:
    dense, compressed = pair(0, members=members)
    table = class_impact(dense, compressed, classes=4, settings=PAPER)
    assert table.columns.tolist() == impact.SCHEMA.names
    assert (table["test"] == "none").all()
    assert table[["t", "degrees_of_freedom", "p", "q", "paper_t", "paper_p"]].isna().all(axis=None)
    assert not table[["significant", "significant_fdr", "paper_significant"]].any(axis=None)
    np.testing.assert_allclose(table["change"], table["compressed_recall"] - table["dense_recall"], atol=1e-15)
    assert (table["change_low"] < table["change_high"]).all()
    row = impact.columns(table, alpha=0.05)
    assert row["classes"] == 4
    assert {name for name, value in row.items() if value is not None} == {"classes"}


def test_classes_without_example_have_no_row_and_their_names_stay_with_the_others() -> None:
    dense, compressed = (replace(one, label=one.known_label + 1, prediction=one.prediction + 1) for one in pair(0))
    comparison = compared(dense, compressed, classes=6, names=tuple("uvwxyz"))
    table, plain = impact.table(comparison, settings=PAPER), class_impact(*pair(0), classes=4, settings=PAPER)
    assert table["class"].tolist() == [1, 2, 3, 4]
    assert table["name"].tolist() == list("vwxy")
    pd.testing.assert_frame_equal(table.drop(columns=["class", "name"]), plain.drop(columns=["class", "name"]))


@pytest.mark.parametrize("label", [None, np.zeros(48, dtype=np.int16)])
def test_without_two_classes_there_is_no_row_and_the_summary_is_empty(label: Any) -> None:
    dense, compressed = (replace(one, label=label) for one in pair(0))
    table = class_impact(dense, compressed, classes=4, settings=PAPER)
    assert table.empty
    assert table.columns.tolist() == impact.SCHEMA.names
    row = impact.columns(table, alpha=0.05)
    assert set(row.values()) == {None}
    assert list(row) == list(impact.columns(class_impact(*pair(0), classes=4, settings=PAPER), alpha=0.05))


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
    relabelled = compressed.known_label.copy()
    relabelled[:3] = (relabelled[:3] + 1) % 4
    with pytest.raises(InputError, match="3 examples have another label"):
        class_impact(dense, replace(compressed, label=relabelled), classes=4, settings=PAPER)
