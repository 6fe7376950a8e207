from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from lesion.audit.inference import pays_more
from lesion.audit.inference.pays_more import Net, pays_more_of_clusters_p, pays_more_p


def drawn(rng: np.random.Generator, examples: int, broken: float, fixed: float) -> Net:
    lost, won, _ = rng.multinomial(examples, [broken, fixed, 1 - broken - fixed])
    return Net(int(lost), int(won), examples)


def p_of(part: Net, rest: Net) -> float:
    return pays_more_p(part, Net(*np.add(part, rest).tolist()))


def test_of_equal_flips_it_is_a_permutation_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """All ways to take the part from the examples, counted one by one; odds of 1 make all of them equally likely."""
    monkeypatch.setattr(pays_more, "FEW", 0)
    monkeypatch.setattr(pays_more, "_under_the_hypothesis", lambda *_: [(0.2, 0.2, 0.6)] * 2)
    change = np.array([-1] * 4 + [1] * 2 + [0] * 5)
    part, everyone = Net(3, 0, 4), Net(4, 2, 11)
    added = pays_more.SMOOTHING * 11 / 6

    def statistic(own: npt.NDArray[np.integer]) -> float:
        total, variance = 0.0, 0.0
        for sign, values in ((1, change[own]), (-1, np.delete(change, own))):
            size, net = len(values), values.mean()
            spread = (np.sum(values**2) + pays_more.SMOOTHING - size * net**2) / (size + added)
            total, variance = total + sign * net, variance + spread / size
        return float(abs(total) / np.sqrt(variance))

    found = np.array([statistic(np.array(own)) for own in combinations(range(11), 4)])
    seen = statistic(np.array([0, 1, 2, 6]))
    assert pays_more_p(part, everyone) == pytest.approx(np.mean(found >= seen * (1 - 1e-9)))


def test_the_outcomes_follow_the_noncentral_distribution_of_scipy() -> None:
    part, everyone = Net(6, 0, 30), Net(20, 0, 100)
    cells = [(0.3, 1e-9, 0.7 - 1e-9), (0.1, 1e-9, 0.9 - 1e-9)]
    probability = pays_more._probability(np.arange(21)[:, None], np.zeros(1, int), part.examples, everyone, cells)
    expected = stats.nchypergeom_fisher.pmf(np.arange(21), 100, 20, 30, (0.3 / 0.7) / (0.1 / 0.9))
    np.testing.assert_allclose(probability[:, 0], expected, atol=1e-7)


def test_it_does_not_matter_which_is_the_part_or_which_way_is_loss() -> None:
    part, rest = Net(12, 3, 150), Net(20, 11, 800)
    p = p_of(part, rest)
    assert p_of(rest, part) == pytest.approx(p, rel=1e-6)
    assert p_of(Net(3, 12, 150), Net(11, 20, 800)) == pytest.approx(p, rel=1e-6)


def test_there_is_no_p_where_nothing_flips_or_no_rest_is() -> None:
    assert np.isnan(pays_more_p(Net(0, 0, 10), Net(0, 0, 100)))
    assert np.isnan(pays_more_p(Net(3, 1, 10), Net(3, 1, 10)))


@pytest.mark.parametrize(
    "counts", [(0, 5, 5, 5, 5), (5, 0, 5, 5, 5), (1, 0, 1, 0, 1), (0, 1, 5, 9, 9), (5, 0, 5, 0, 5)]
)
def test_extreme_counts_have_a_p(counts: tuple[int, ...]) -> None:
    lost, won, size, others, rest = counts
    assert 0 <= p_of(Net(lost, won, size), Net(others, 0, rest)) <= 1


def test_a_part_that_loses_is_found_and_a_few_flips_prove_nothing() -> None:
    assert p_of(Net(75, 5, 500), Net(173, 19, 9_500)) < 1e-6
    assert p_of(Net(0, 0, 500), Net(240, 20, 9_500)) < 0.001  # it pays less
    assert p_of(Net(1, 0, 5), Net(60, 40, 9_995)) > 0.05


def test_many_flips_are_close_to_the_normal_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    part, rest = Net(420, 300, 20_000), Net(800, 800, 40_000)
    exact = p_of(part, rest)
    monkeypatch.setattr(pays_more, "LARGEST", 0)
    assert p_of(part, rest) == pytest.approx(exact, rel=0.05)


@pytest.mark.parametrize(
    ("examples", "rest", "own"),
    [
        (20, (0.02, 0.02), (0.02, 0.02)),
        (20, (0.06, 0.04), (0.16, 0.14)),
        (100, (0.01, 0.005), (0.025, 0.02)),
        (500, (0.02, 0.02), (0.01, 0.01)),
        (5_000, (0.01, 0.005), (0.03, 0.025)),
    ],
)
def test_a_part_of_the_same_net_is_rarely_found(
    examples: int, rest: tuple[float, float], own: tuple[float, float]
) -> None:
    """The same net, and as many flips, or three times as many, or half."""
    rng, runs = np.random.default_rng(examples), 200
    found = [p_of(drawn(rng, examples, *own), drawn(rng, 9_500, *rest)) < 0.05 for _ in range(runs)]
    assert np.mean(found) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / runs)


def p_of_clusters(rng: np.random.Generator, parts: int) -> float:
    """Of 200 clusters of ten copies of one change, each within one of the parts: the first part against all."""
    net = 10.0 * rng.choice([-1, 0, 1], 200, p=[0.05, 0.9, 0.05])
    inside = rng.integers(0, parts, 200) == 0
    return pays_more_of_clusters_p(net * inside, net, 10 * inside.astype(np.int64), np.full(200, 10))


@pytest.mark.parametrize("parts", [2, 10])
def test_clusters_that_change_together_are_no_evidence(parts: int) -> None:
    rng, runs = np.random.default_rng(parts), 400
    p = np.array([p_of_clusters(rng, parts) for _ in range(runs)])
    assert np.mean(p < 0.05) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / runs)


def test_clusters_of_a_part_that_loses_are_found() -> None:
    net = np.zeros(200)
    net[:30] = -5
    inside = np.arange(200) < 60
    found = pays_more_of_clusters_p(net * inside, net, 10 * inside.astype(np.int64), np.full(200, 10))
    assert found < 0.001
    one, ten = np.ones(1), np.full(1, 10)
    assert pays_more_of_clusters_p(-2 * one, -5 * one, ten - 6, ten) == 1  # nothing is known of one cluster
    assert np.isnan(pays_more_of_clusters_p(net * 0, net * 0, 10 * inside.astype(np.int64), np.full(200, 10)))
