"""The tests of all answers together: against brute force, and how often they err where nothing changes."""

from itertools import combinations, product

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from lesion.audit.inference.answers_test import answers_test
from lesion.audit.inference.energy import agreements, least_p, permutation_p
from lesion.audit.inference.pair_changes import few_pairs_p, inner_products, sign_flip_p

EXAMPLES, CLASSES = 40, 3


def answers(rng: np.random.Generator, members: int, others: int, harm: float = 0.0, shared: float = 0.0) -> np.ndarray:
    """Dense and then compressed members; of examples some are easy, of members some able and biased to a class."""
    label, easy = np.arange(EXAMPLES) % CLASSES, rng.normal(1, 2, EXAMPLES)
    able, noise = rng.normal(0, 0.5, (members + others, CLASSES)), rng.normal(size=(members + others, EXAMPLES))
    if shared:  # the members of a pair have most of their noise in common
        noise[members:] = shared * noise[:members] + np.sqrt(1 - shared**2) * noise[members:]
    worse = np.where(np.arange(members + others) < members, 0.0, harm)[:, None]
    wrong = stats.norm.cdf(noise) > expit(easy + able[:, label] - worse)
    return np.asarray((label + wrong) % CLASSES)


def onehot(said: np.ndarray) -> np.ndarray:
    return np.asarray((said[:, :, None] == np.arange(CLASSES)).reshape(len(said), -1), dtype=float)


def test_agreements_are_inner_products() -> None:
    said = answers(np.random.default_rng(0), 4, 3)
    np.testing.assert_array_equal(agreements(said), onehot(said) @ onehot(said).T)


@pytest.mark.parametrize(("dense", "compressed"), [(4, 4), (2, 5), (5, 3)])
def test_the_permutation_test_is_that_of_the_distance_of_the_shares(dense: int, compressed: int) -> None:
    said = answers(np.random.default_rng(1), dense, compressed, harm=1.5)
    each, members = onehot(said), range(dense + compressed)

    def distance(chosen: tuple[int, ...]) -> float:
        rest = [member for member in members if member not in chosen]
        return float(((each[list(chosen)].mean(axis=0) - each[rest].mean(axis=0)) ** 2).sum())

    seen = distance(tuple(range(dense)))
    expected = np.mean([distance(chosen) >= seen - 1e-9 for chosen in combinations(members, dense)])
    assert permutation_p(agreements(said), dense, np.random.default_rng(0)) == pytest.approx(expected)
    assert expected >= least_p(dense, compressed)


def test_many_relabellings_are_drawn() -> None:
    said = answers(np.random.default_rng(2), 12, 12, harm=2.0)
    assert permutation_p(agreements(said), 12, np.random.default_rng(0)) == pytest.approx(1e-4)


def test_sign_flips_are_those_of_the_changes_of_pairs() -> None:
    pairs = 6
    said = answers(np.random.default_rng(3), pairs, pairs, harm=0.7, shared=0.8)
    change = onehot(said[pairs:]) - onehot(said[:pairs])
    inner = inner_products(agreements(said))
    np.testing.assert_array_equal(inner, change @ change.T)
    length = [float(((np.array(signs) @ change) ** 2).sum()) for signs in product([1, -1], repeat=pairs)]
    expected = np.mean(np.array(length) >= length[0] - 1e-9)
    assert sign_flip_p(inner, np.random.default_rng(0)) == pytest.approx(expected)


def test_of_few_pairs_it_is_the_larger_of_two_known_tests() -> None:
    rng = np.random.default_rng(4)
    one = rng.normal(0.8, 1, 5)  # of a single direction the F test is the t-test, which is the larger here
    inner = np.outer(one, one)
    products = [inner[pair] for pair in combinations(range(5), 2)]
    expected = max(stats.ttest_1samp(one, 0).pvalue, stats.ttest_1samp(products, 0, alternative="greater").pvalue)
    assert few_pairs_p(inner) == pytest.approx(expected)


@pytest.mark.parametrize("pairs", [4, 5])
def test_few_pairs_that_change_alike_or_not_at_all(pairs: int) -> None:
    assert few_pairs_p(np.zeros((pairs, pairs))) == 1
    assert few_pairs_p(np.ones((pairs, pairs))) == 2 / 4**pairs
    assert few_pairs_p(np.eye(pairs)) == 1  # each changes another example


def test_where_no_answer_differs_p_is_one_whatever_the_test() -> None:
    same = np.zeros((14, EXAMPLES), dtype=int)
    rng = np.random.default_rng(0)
    for members, paired, name in (
        (7, False, "permutation"), (7, True, "sign-flip"), (5, True, "inner-products")
    ):  # fmt: skip
        found = answers_test(same[: 2 * members], dense=members, paired=paired, rng=rng)
        assert (found.test, found.p) == (name, 1)


@pytest.mark.parametrize(
    ("members", "others", "shared"),
    [(4, 4, 0.0), (8, 8, 0.0), (2, 10, 0.0), (10, 4, 0.0), (4, 4, 0.9), (5, 5, 0.5), (6, 6, 0.9), (10, 10, 0.9)],
)
def test_where_nothing_changes_five_in_a_hundred_are_significant_at_most(
    members: int, others: int, shared: float
) -> None:
    rng, trials = np.random.default_rng(5), 300
    tested = [
        answers_test(answers(rng, members, others, shared=shared), dense=members, paired=shared > 0, rng=rng)
        for _ in range(trials)
    ]
    error = np.sqrt(0.05 * 0.95 / trials)
    assert np.mean([found.p < 0.05 for found in tested]) <= 0.05 + 4 * error


@pytest.mark.parametrize(("members", "shared"), [(4, 0.0), (10, 0.0), (4, 0.9), (5, 0.9), (6, 0.9), (10, 0.9)])
def test_harm_is_found(members: int, shared: float) -> None:
    rng = np.random.default_rng(6)
    tested = [
        answers_test(answers(rng, members, members, 3.0, shared), dense=members, paired=shared > 0, rng=rng)
        for _ in range(30)
    ]
    assert np.mean([found.p < 0.05 for found in tested]) > 0.8
