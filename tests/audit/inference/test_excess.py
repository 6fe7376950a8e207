"""The excess over seed noise: its arithmetic, and how often its interval holds the truth."""

import numpy as np
import pytest
from scipy.special import expit

from lesion.audit.inference.excess import Excess, counted, excess, shared_variance
from lesion.audit.inference.halves import draw_sets
from lesion.audit.inference.kinds import KINDS, kinds
from lesion.audit.inference.resampling import Pool

EXAMPLES, CLASSES = 40, 3
LABEL = np.arange(EXAMPLES) % CLASSES


def study(rng: np.random.Generator, members: int, *, able: float, harm: float) -> np.ndarray:
    """Dense and then as many compressed members, which are right by their ability and the ease of the example."""
    easy = rng.normal(1, 1.5, EXAMPLES)
    logit = easy + rng.normal(0, able, (2 * members, 1)) - np.repeat([0, harm], members)[:, None]
    return np.asarray((LABEL + (rng.random(logit.shape) > expit(logit))) % CLASSES)


def measured(rng: np.random.Generator, said: np.ndarray, *, paired: bool, draws: int = 10) -> Excess:
    members = len(said) // 2
    pool = Pool(said, LABEL, CLASSES, "member")
    sets = draw_sets(members, members, draws, rng, paired=paired)
    again = sets.again(40, rng)
    return excess(counted(pool, sets), counted(pool, again), again, units=EXAMPLES, cluster=None, size=1.0)


def test_the_kinds_add_up_and_are_those_of_a_loop() -> None:
    rng = np.random.default_rng(0)
    before, after, label = rng.integers(0, 3, (3, 50))
    pie, *parts = kinds(before, after, label)
    assert np.array_equal(pie, sum(np.array(parts, dtype=int)))
    said = []
    for was, now, true in zip(before, after, label, strict=True):
        said.append(None if was == now else "forgotten" if was == true else "learnt" if now == true else "moved")
    assert [[kind == name for kind in said] for name in KINDS[1:]] == [part.tolist() for part in parts]
    assert np.array_equal(kinds(before, after, None), [pie])


@pytest.mark.parametrize(("drawn", "of"), [(12, 12), (6, 12)])
def test_what_members_share_is_the_variance_of_a_mean_less_that_of_its_terms(drawn: int, of: int) -> None:
    """Of a mean over members the variance is known, however they are drawn: all of them again, or half of them."""
    rng, units, draws = np.random.default_rng(1), 8, 20_000
    each = rng.normal(size=(of, units)) + rng.normal(size=(of, 1))
    chosen = np.argsort(rng.random((draws, of)), axis=1)[:, :drawn]
    again = np.take_along_axis(chosen, rng.integers(0, drawn, (draws, drawn)), axis=1)
    uses = np.array([np.bincount(rows, minlength=of) for rows in again])
    found = shared_variance(uses, uses @ each / drawn)
    expected = (each.sum(axis=1).var(ddof=1) - each.var(axis=0, ddof=1).sum()) / of
    assert found == pytest.approx(expected, rel=0.1)
    assert shared_variance(uses, rng.normal(size=(draws, units))) < 0.05 * expected


def test_the_excess_is_the_same_whatever_the_order_of_the_examples() -> None:
    said, order = study(np.random.default_rng(2), 6, able=0.5, harm=1), np.random.default_rng(3).permutation(EXAMPLES)
    one = measured(np.random.default_rng(0), said, paired=False)
    pool = Pool(said[:, order], LABEL[order], CLASSES, "member")
    rng = np.random.default_rng(0)
    sets = draw_sets(6, 6, 10, rng, paired=False)
    again = sets.again(40, rng)
    cluster = np.argsort(order)  # a cluster an example
    other = excess(counted(pool, sets), counted(pool, again), again, units=EXAMPLES, cluster=cluster, size=1.0)
    for name in ("mean", "low", "high"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-4)


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize(("members", "able", "harm"), [(4, 1.0, 0.0), (4, 0.3, 1.5), (8, 1.0, 1.5), (8, 0.0, 0.0)])
def test_the_interval_holds_the_excess_of_such_studies(members: int, able: float, harm: float, paired: bool) -> None:
    rng, trials = np.random.default_rng(4), 60
    studies = [measured(rng, study(rng, members, able=able, harm=harm), paired=paired) for _ in range(trials)]
    true = np.mean([found.mean for found in studies], axis=0)
    held = np.mean([(found.low <= true) & (true <= found.high) for found in studies], axis=0)
    assert (held >= 0.95 - 4 * np.sqrt(0.05 * 0.95 / trials)).all()
