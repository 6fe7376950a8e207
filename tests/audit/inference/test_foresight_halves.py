import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from lesion.audit.inference.foresight_halves import draw, foreseen
from lesion.audit.inference.foresight_scores import lead
from lesion.audit.inference.foresight_targets import rankings, targets
from lesion.audit.inference.resampling import Pool

RNG = np.random.default_rng(0)
LABEL = RNG.integers(0, 3, 300)
HARD = RNG.random(300) < 0.2
SAID = np.where(RNG.random((12, 300)) < np.where(HARD, 0.45, 0.03), (LABEL + 1) % 3, LABEL)
SAID[6:] = np.where(RNG.random((6, 300)) < 0.5 * HARD, (LABEL + 2) % 3, SAID[6:])
WEIGHT = RNG.random((12, 300)) + 0.1


def test_halves_are_disjoint_and_pairs_stay_together() -> None:
    for paired in (False, True):
        for one, other in draw(6, 6, 20, np.random.default_rng(1), paired=paired):
            assert sorted([*one[0], *other[0]]) == list(range(6))
            assert sorted([*one[1], *other[1]]) == list(range(6, 12))
            if paired:
                assert (one[1] == one[0] + 6).all()
                assert (other[1] == other[0] + 6).all()
    one, other = draw(5, 4, 1, np.random.default_rng(2), paired=False)[0]
    assert [len(rows) for half in (one, other) for rows in half] == [2, 2, 3, 2]


def test_areas_are_means_over_both_directions_of_every_split() -> None:
    split = draw(6, 6, 3, np.random.default_rng(3), paired=False)
    found = foreseen(Pool(SAID, LABEL, 3, "member"), WEIGHT, split, [1, 3])

    def modal(rows: np.ndarray) -> np.ndarray:
        said = SAID[rows]
        counts = np.array([(said == row).sum(axis=0) for row in said])
        return np.asarray(said[counts.argmax(axis=0), np.arange(300)])

    expected = []
    for one, other in split:
        for (dense, compressed), unseen in ((one, other), (other, one)):
            before, after = modal(unseen[0]), modal(unseen[1])
            shares = [np.mean(SAID[rows][..., None] == np.arange(3), axis=0) for rows in (dense, compressed)]
            scores = [
                -lead(SAID[dense[:1]], WEIGHT[dense[:1]])[1],
                -lead(SAID[dense], WEIGHT[dense])[1],
                np.abs(shares[0] - shares[1]).sum(axis=1).round(6),
            ]
            changed = before != after
            expected.append([roc_auc_score(changed, score) for score in scores])
    mean = np.mean(expected, axis=0)
    assert found.margin[:, 0] == pytest.approx(mean[:2])
    assert found.taxicab[0] == pytest.approx(mean[2])
    assert found.ceiling[0] > 0.8  # hard examples are told from easy ones


def test_what_never_happens_has_no_area() -> None:
    same = np.tile(LABEL, (8, 1))
    split = draw(4, 4, 2, np.random.default_rng(4), paired=True)
    found = foreseen(Pool(same, LABEL, 3, "member"), np.ones((8, 300)), split, [2])
    assert np.isnan(found.ceiling).all()
    assert found.margin.shape == (1, 3)


def test_targets_are_of_all_or_of_right_answers() -> None:
    before, after, label = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 0]), np.array([0, 0, 0, 0])
    changed, broken, of_right = targets(before, after, label)
    assert changed.true.tolist() == [False, True, False, True]
    assert broken.true.tolist() == [False, True, False, False]
    assert of_right.asked.tolist() == [True, True, False, False]
    assert len(targets(before, after, None)) == 1
    ranked = rankings(np.array([1.0, 2.0, 3.0, 4.0]), [changed, broken, of_right])
    assert ranked[0] is ranked[1]
    assert len(ranked[2].order) == 2
