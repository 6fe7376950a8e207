import numpy as np
import pytest
from scipy import stats

from lesion.audit.comparison.populations import Population
from lesion.audit.inference.disagreement import taxicab
from lesion.audit.inference.recall import takes_own_accuracy
from lesion.audit.inference.resampling import Pool, bootstrap, counts, draw_members, pie_flags
from lesion.audit.inference.votes import modal_label, side_by_side, votes
from lesion.params.design import Design
from lesion.params.ties import Ties
from tests.resampled import RESAMPLES, counted_draw_by_draw, made, picked, pooled, settings


def pool(dense: Population, compressed: Population, classes: int) -> Pool:
    return Pool(np.concatenate([dense.prediction, compressed.prediction]), dense.label, classes, "label")


@pytest.mark.parametrize("normalise", ["population", "member"])
@pytest.mark.parametrize(("members", "others", "classes"), [(6, 6, 4), (9, 5, 4), (2, 3, 7), (10, 10, 30)])
@pytest.mark.parametrize("paired", [False, True])
def test_counts_are_those_of_the_audit_of_each_drawn_population(
    normalise: str, members: int, others: int, classes: int, paired: bool
) -> None:
    others = members if paired else others
    dense = made(members=members, classes=classes)
    compressed = made(members=others, seed=1, skill=0.3, classes=classes)
    rng, using = np.random.default_rng(5), settings(normalise)
    drawn = bootstrap(rng, dense=members, compressed=others, resamples=RESAMPLES, paired=paired)
    own = takes_own_accuracy(normalise, paired=paired)
    found = counts(pool(dense, compressed, classes), *drawn, alpha=using.alpha, own=own, paired=paired)
    design: Design = "paired" if paired else "independent"
    expected = list(counted_draw_by_draw(pooled(dense, compressed), drawn, using, classes, design))
    assert list(found.itertuples(index=False, name=None)) == expected
    assert found["pie"].nunique() > 1


def test_rows_of_both_sides_lie_in_their_populations_and_pairs_are_drawn_together() -> None:
    for paired in (False, True):
        ones, others = bootstrap(np.random.default_rng(0), dense=5, compressed=5, resamples=50, paired=paired)
        assert set(np.unique(ones)) == set(range(5))
        assert set(np.unique(others)) == set(range(5, 10))
        assert np.array_equal(ones, others - 5) == paired


def test_members_are_drawn_with_replacement_and_alike() -> None:
    drawn = draw_members(np.random.default_rng(0), members=10, resamples=4000)
    assert drawn.shape == (4000, 10)
    assert any(len(set(row)) < 10 for row in drawn.tolist())
    assert stats.chisquare(np.bincount(drawn.ravel(), minlength=10)).pvalue > 0.001


def test_without_labels_pie_alone_are_counted() -> None:
    dense, compressed = made(), made(seed=1)
    unlabelled = Pool(np.concatenate([dense.prediction, compressed.prediction]), None, 4, "label")
    drawn = bootstrap(np.random.default_rng(5), dense=6, compressed=6, resamples=5, paired=False)
    found = counts(unlabelled, *drawn, alpha=0.2, own=False, paired=False)
    known = counts(pool(dense, compressed, 4), *drawn, alpha=0.2, own=False, paired=False)
    assert list(found) == ["pie"]
    assert found["pie"].tolist() == known["pie"].tolist()


def test_classes_that_no_example_has_are_not_counted() -> None:
    dense, compressed = made(), made(seed=1)
    drawn = bootstrap(np.random.default_rng(5), dense=6, compressed=6, resamples=5, paired=False)
    few, many = (
        counts(pool(dense, compressed, classes), *drawn, alpha=0.2, own=False, paired=False) for classes in (4, 9)
    )
    assert few.equals(many)


def test_flags_name_the_examples_whose_modal_label_differs() -> None:
    dense, compressed = made(members=3), made(members=3, seed=1)
    whole = pooled(dense, compressed)
    rows, others = np.array([[0, 0, 2]]), np.array([[3, 4, 4]])
    (flags,) = pie_flags(pool(dense, compressed, 4), rows, others)
    modes = [stats.mode(4 - picked(whole, side[0]).prediction, axis=0).mode for side in (rows, others)]
    assert (
        flags.tolist() == (modes[0] != modes[1]).tolist()
    )  # SciPy takes the smallest of ties: of 4 - label the largest


@pytest.mark.parametrize("ties", ["member", "label"])
def test_modal_labels_of_drawn_rows_are_those_of_a_population_of_them(ties: Ties) -> None:
    dense, compressed = made(), made(seed=1)
    whole = np.concatenate([dense.prediction, compressed.prediction])
    drawn = Pool(whole, None, 4, ties)
    for rows in np.random.default_rng(2).integers(0, len(whole), (30, 4)):  # four: many ties
        expected, _ = modal_label(votes(whole[rows], 4), 4, ties)
        assert drawn.modal_label(rows).tolist() == expected.tolist()


def test_the_distance_of_drawn_models_is_that_of_their_votes() -> None:
    rng = np.random.default_rng(3)
    said = rng.integers(0, 4, (9, 50))
    ones, others = np.array([0, 2, 2, 5]), np.array([6, 7, 8])
    one, other = (votes(said[rows], 4) for rows in (ones, others))
    expected = taxicab(side_by_side(one, other, 4), members=(4, 3), examples=50, classes=4)
    assert Pool(said, None, 4, "member").taxicab(ones, others) == pytest.approx(expected)
