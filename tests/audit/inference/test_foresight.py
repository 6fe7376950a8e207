from itertools import product

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from lesion.audit.inference import foresight
from lesion.audit.inference.foresight import Ranking, area, observed_variance, share_caught

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def drawn(seed: int, *, examples: int = 200, ties: bool = False) -> tuple[Floats, Flags]:
    rng = np.random.default_rng(seed)
    flagged = rng.random(examples) < 0.15
    score = np.asarray(rng.normal(size=examples) + 1.2 * flagged)
    return (score.round() if ties else score), flagged


@pytest.mark.parametrize(("seed", "ties"), [(0, False), (1, True), (2, True)])
def test_the_area_is_that_of_scikit_learn(seed: int, ties: bool) -> None:
    score, flagged = drawn(seed, ties=ties)
    component = Ranking(score).components(flagged)
    expected = roc_auc_score(flagged, score)
    assert component[flagged].mean() == pytest.approx(expected)
    assert component[~flagged].mean() == pytest.approx(expected)
    found = area(component, flagged)
    assert found.value == pytest.approx(expected)
    assert 0 <= found.low < expected < found.high <= 1


def test_components_are_shares_of_pairs() -> None:
    score, flagged = drawn(3, examples=40, ties=True)
    component = Ranking(score).components(flagged)
    for one, found in enumerate(component):
        others = score[flagged != flagged[one]]
        side = score[one] > others if flagged[one] else others > score[one]
        assert found == pytest.approx(np.mean(side + 0.5 * (others == score[one])))


def test_the_variance_is_that_of_delong_by_pairs() -> None:
    score, flagged = drawn(4, examples=60, ties=True)
    component = Ranking(score).components(flagged)
    wins = (score[flagged][:, None] > score[~flagged]) + 0.5 * (score[flagged][:, None] == score[~flagged])
    expected = wins.mean(axis=1).var(ddof=1) / flagged.sum() + wins.mean(axis=0).var(ddof=1) / (~flagged).sum()
    assert observed_variance(component, flagged) == pytest.approx(expected)
    assert observed_variance(component, flagged, np.arange(60)) == pytest.approx(expected)


def test_copies_of_examples_say_nothing_new() -> None:
    score, flagged = drawn(5, ties=True)
    cluster = np.repeat(np.arange(200), 3)
    one, copied = (Ranking(np.repeat(score, times)).components(np.repeat(flagged, times)) for times in (1, 3))
    variance = observed_variance(one, flagged)
    assert observed_variance(copied, np.repeat(flagged, 3), cluster) == pytest.approx(variance)
    alone, together = area(one, flagged), area(copied, np.repeat(flagged, 3), cluster)
    naive = area(copied, np.repeat(flagged, 3))
    assert naive.high - naive.low < together.high - together.low < alone.high - alone.low


@pytest.mark.parametrize("flags", [[True, False, False], [True, True, False], [False, False, True]])
def test_an_interval_has_a_length_where_all_or_none_is_foreseen(flags: list[bool]) -> None:
    flagged = np.array(flags)
    found = area(Ranking(np.array([3.0, 2.0, 1.0])).components(flagged), flagged)
    assert found.value in (0.0, 1.0)
    assert found.high - found.low > 0.3


def test_without_an_event_there_is_nothing_to_foresee() -> None:
    none = np.zeros(4, dtype=bool)
    assert np.isnan([area(np.zeros(4), none).value, area(np.zeros(4), ~none).low]).all()
    assert np.isnan(share_caught(np.zeros((2, 4)), none).value)


def test_the_highest_part_shares_out_ties() -> None:
    held, about = Ranking(np.array([1.0, 5.0, 3.0, 3.0, 3.0, 0.0, 0.0, 0.0, 0.0, 0.0])).highest(0.2)
    assert held.tolist() == pytest.approx([0, 1, 1 / 3, 1 / 3, 1 / 3, 0, 0, 0, 0, 0])
    assert held.sum() == pytest.approx(2)
    assert about.sum() == pytest.approx(1)  # ranks 1.5 to 2.5
    assert Ranking(np.arange(30.0)).highest(0.1)[0].tolist() == [0] * 27 + [1] * 3


def test_the_share_caught_is_of_the_flagged() -> None:
    score, flagged = drawn(6)
    found = share_caught(Ranking(score).highest(0.1), flagged)
    top = np.argsort(-score)[:20]
    assert found.value == pytest.approx(flagged[top].sum() / flagged.sum())
    assert 0 <= found.low < found.value < found.high <= 1


@pytest.mark.parametrize(("examples", "rate", "clusters"), [(400, 0.02, False), (600, 0.1, False), (600, 0.1, True)])
def test_intervals_hold_the_truth(examples: int, rate: float, clusters: bool) -> None:
    rng, runs, held = np.random.default_rng(7), 200, np.zeros(2)
    cut, shift = stats.norm.isf(rate), 1.5

    def study(size: int) -> tuple[Floats, Flags]:
        latent, score = rng.normal(size=(2, size))
        if clusters:
            latent, score = (np.sqrt(0.5) * (np.repeat(rng.normal(size=size // 5), 5) + one) for one in (latent, score))
        return np.round(score + shift * (latent > cut), 1), latent > cut

    score, flagged = study(200_000)
    ranking = Ranking(score)
    truth = ranking.components(flagged)[flagged].mean(), ranking.highest(0.1)[0][flagged].mean()
    cluster = np.arange(examples) // 5 if clusters else None
    for _ in range(runs):
        score, flagged = study(examples)
        ranking = Ranking(score)
        found = (
            area(ranking.components(flagged), flagged, cluster),
            share_caught(ranking.highest(0.1), flagged, cluster),
        )
        held += [one.low <= true <= one.high for one, true in zip(found, truth, strict=True)]
    assert (held / runs > 0.95 - 4 * np.sqrt(0.95 * 0.05 / runs)).all()


def test_the_model_variance_is_that_of_exponential_scores() -> None:
    rng = np.random.default_rng(8)
    hits, misses, rate = 8, 30, 4.0
    areas = [(rng.exponential(rate, hits)[:, None] > rng.exponential(1.0, misses)).mean() for _ in range(4_000)]
    expected = foresight.model_variance(rate / (1 + rate), hits, misses)
    assert np.var(areas) == pytest.approx(expected, rel=0.1)


def test_the_interval_ends_where_its_own_variance_explains_the_area() -> None:
    for value, (hits, misses) in product((0.6, 0.93), ((5, 90), (40, 400))):
        component = np.full(hits + misses, value)
        found = area(component, np.arange(hits + misses) < hits)
        for end in (found.low, found.high):
            assert (end - value) ** 2 == pytest.approx(1.96**2 * foresight.model_variance(end, hits, misses), rel=1e-6)
