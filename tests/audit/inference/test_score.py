from itertools import combinations, product
from math import comb

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from lesion.audit.inference.disagreement import chance_taxicab
from lesion.audit.inference.score import BLOCK, MOST, promised, relabellings, score
from lesion.audit.inference.votes import side_by_side, votes

Labels = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]


def graded(dense: Labels, compressed: Labels, *, classes: int, paired: bool = False, seed: int = 0) -> Floats:
    both = side_by_side(votes(dense, classes), votes(compressed, classes), classes)
    by_chance = chance_taxicab(dense, compressed, both, classes=classes, paired=paired)
    rng = np.random.default_rng(seed)
    return score(dense, compressed, both, by_chance, classes=classes, paired=paired, rng=rng)


def sides(members: int, others: int, *, paired: bool) -> list[tuple[int, ...]]:
    """The rows of all that can be called dense, those that are first."""
    if paired:
        swapped = product([0, 1], repeat=members)
        return [tuple(sorted(k + members * swap for k, swap in enumerate(swaps))) for swaps in swapped]
    return list(combinations(range(members + others), members))


@pytest.mark.parametrize("paired", [False, True])
@given(members=st.integers(1, 9), others=st.integers(1, 9))
def test_the_models_are_called_otherwise_in_all_ways_or_in_many(paired: bool, members: int, others: int) -> None:
    others = members if paired else others
    found = relabellings(members, others, paired=paired, rng=np.random.default_rng(0))
    assert found[0].tolist() == [1.0] * members + [0.0] * others
    assert (found.sum(axis=1) == members).all()
    if paired:
        assert (found[:, :members] + found[:, members:] == 1).all()
    ways = 2**members if paired else comb(members + others, members)
    ways //= 1 + (members == others)
    assert len(found) == min(ways, MOST)
    if ways <= MOST:  # none twice, nor as its mirror image
        every = {tuple(np.flatnonzero(row)) for row in found}
        mirrored = {tuple(np.flatnonzero(1 - row)) for row in found} if members == others else set()
        assert every | mirrored == set(sides(members, others, paired=paired))


def brute_force(dense: Labels, compressed: Labels, classes: int, *, paired: bool) -> Floats:
    """The score by a loop over all ways to call the models, all examples and all thresholds."""
    pool, members = np.concatenate([dense, compressed]), len(dense)
    distance = []
    for one in sides(members, len(compressed), paired=paired):
        other = [row for row in range(len(pool)) if row not in one]
        shares = [(pool[list(rows), :, None] == np.arange(classes)).mean(axis=0) for rows in (one, other)]
        distance.append(np.abs(shares[0] - shares[1]).sum(axis=1))
    apart = np.array(distance)
    mean = apart.mean(axis=0)
    beyond = np.round(np.where(mean < 2, np.maximum(apart - mean, 0) / np.maximum(2 - mean, 1e-9), 0), 6)
    seen = beyond[0]
    rates = {level: (beyond >= level).sum() / len(beyond) / (seen >= level).sum() for level in np.unique(seen)}
    return np.array([max(0, 1 - min(rate for level, rate in rates.items() if level <= own)) for own in seen])


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    members=st.sampled_from([(2, 2), (3, 3), (1, 4), (2, 6), (5, 1), (4, 4)]),
    paired=st.booleans(),
    classes=st.integers(2, 6),
)
def test_the_score_is_that_of_a_loop(seed: int, members: tuple[int, int], paired: bool, classes: int) -> None:
    rng = np.random.default_rng(seed)
    likely = rng.dirichlet(np.full(classes, 0.5), 25)
    others = members[0] if paired else members[1]
    dense, compressed = (
        np.array([rng.choice(classes, size=count, p=of_example) for of_example in likely]).T
        for count in (members[0], others)
    )
    compressed = np.where(rng.random(25) < 0.3, (compressed + 1) % classes, compressed)
    found = graded(dense, compressed, classes=classes, paired=paired)
    np.testing.assert_allclose(found, brute_force(dense, compressed, classes, paired=paired), atol=1e-6)


def test_many_examples_are_counted_in_blocks_as_few_are() -> None:
    rng = np.random.default_rng(4)
    dense, compressed = rng.integers(0, 3, (2, 4, 50))
    compressed[:, :5] = dense[0, :5] = 0
    once = graded(dense, compressed, classes=3)
    times = 2 * BLOCK // 50 + 1
    often = graded(np.tile(dense, times), np.tile(compressed, times), classes=3)
    np.testing.assert_allclose(often, np.tile(once, times), atol=1e-9)


def test_a_higher_step_never_promises_less() -> None:
    found, relabelled = np.array([90, 5, 3, 2, 0]), np.array([950, 40, 5, 5, 0])
    assert promised(found, relabelled, 10).tolist() == pytest.approx([0, 0.5, 0.8, 0.8, 0.8])


def test_models_that_all_agree_have_no_score() -> None:
    same = np.tile(np.arange(4), (3, 1))
    assert graded(same, same, classes=4).tolist() == [0, 0, 0, 0]


def study(
    rng: np.random.Generator, members: tuple[int, int], *, changed: float, paired: bool, clustered: bool, easy: float
) -> tuple[Labels, Labels, npt.NDArray[np.bool_]]:
    """Populations of 200 examples, and which of them compression makes harder."""
    hard, cluster = rng.normal(easy, 1.5, 200), np.arange(200) // 10
    harmed = rng.random(200) < changed
    able = [rng.normal(0, 0.5, (count, 1)) for count in members]
    shared = [rng.normal(0, 1.5 * clustered, (count, 20))[:, cluster] for count in members]
    if paired:
        able[1], shared[1] = able[0], shared[0]
    said = []
    for logit, harm in zip((a + s for a, s in zip(able, shared, strict=True)), (0, 3), strict=True):
        wrong = rng.random(logit.shape) >= expit(hard + logit - harm * harmed)
        said.append(wrong * rng.integers(1, 3, logit.shape))
    return said[0], said[1], harmed


@pytest.mark.parametrize(
    ("members", "changed", "paired", "clustered", "easy"),
    [
        ((3, 3), 0.0, False, False, 1.5),
        ((10, 10), 0.0, False, True, 1.5),
        ((10, 10), 0.1, False, False, 1.5),
        ((2, 10), 0.1, False, False, 1.5),
        ((6, 6), 0.2, True, False, 1.5),
        ((8, 8), 0.1, True, True, 4.0),
    ],
)
def test_at_most_the_promised_share_is_false(
    members: tuple[int, int], changed: float, paired: bool, clustered: bool, easy: float
) -> None:
    rng, runs, levels = np.random.default_rng(6), 120, np.array([0.5, 0.8, 0.95])
    false = np.zeros((runs, len(levels)))
    for run in range(runs):
        dense, compressed, harmed = study(rng, members, changed=changed, paired=paired, clustered=clustered, easy=easy)
        found = graded(dense, compressed, classes=3, paired=paired, seed=run) >= levels[:, None] - 1e-9
        false[run] = (found & ~harmed).sum(axis=1) / np.maximum(found.sum(axis=1), 1)
    promise = 1 - levels
    assert (false.mean(axis=0) <= promise + 4 * np.sqrt(promise * (1 - promise) / runs)).all()


def test_where_nothing_changes_three_against_three_score_next_to_nothing() -> None:
    rng, runs = np.random.default_rng(7), 40
    scores = []
    for run in range(runs):
        dense, compressed, _ = study(rng, (3, 3), changed=0, paired=False, clustered=False, easy=1.5)
        scores.append(graded(dense, compressed, classes=3, seed=run))
    assert np.mean(np.array(scores) > 0.8) < 0.002
    assert np.mean(scores) < 0.1


def test_the_examples_that_change_score_high() -> None:
    dense, compressed, harmed = study(
        np.random.default_rng(8), (30, 30), changed=0.3, paired=False, clustered=False, easy=1.5
    )
    found = graded(dense, compressed, classes=3)
    assert np.mean(found[harmed] > 0.8) > 0.5
    assert np.mean(found[~harmed] > 0.8) < 0.1
