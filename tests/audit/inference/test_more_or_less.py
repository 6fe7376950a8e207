"""The rank test within strata, against pairs one by one, scipy, and simulations with few chosen and many ties."""

import numpy as np
import pytest
from scipy import stats

from lesion.audit.inference import more_or_less
from lesion.audit.inference.more_or_less import difference


def drawn(seed: int, *, chosen: int = 12, examples: int = 120) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values with many ties, which examples are chosen, and strata."""
    rng = np.random.default_rng(seed)
    stratum = rng.integers(0, 4, examples)
    flags = np.isin(np.arange(examples), rng.choice(examples, chosen, replace=False))
    return rng.binomial(3, 0.2 + 0.15 * (stratum == 1), examples).astype(float), flags, stratum


def test_the_effect_is_that_of_all_pairs() -> None:
    values, chosen, stratum = drawn(0)
    wins = pairs = 0
    for one in np.flatnonzero(chosen):
        for other in np.flatnonzero(~chosen & (stratum == stratum[one])):
            wins += int(values[one] > values[other]) - int(values[one] < values[other])
            pairs += 1
    found = difference(values, chosen, stratum, np.random.default_rng(0))
    assert found.effect == pytest.approx(wins / pairs)
    assert found.low < found.effect < found.high


def test_one_stratum_is_the_test_of_mann_and_whitney() -> None:
    values, chosen, stratum = drawn(1, chosen=20)
    values = values + 0.9 * chosen
    found = difference(values, chosen, 0 * stratum, np.random.default_rng(0))
    known = stats.mannwhitneyu(values[chosen], values[~chosen], use_continuity=False, method="asymptotic")
    assert found.effect == pytest.approx(2 * known.statistic / (20 * 100) - 1)
    assert found.p == pytest.approx(known.pvalue, rel=0.5)


def test_the_other_side_has_the_opposite_effect() -> None:
    values, chosen, stratum = drawn(2)
    one = difference(values, chosen, stratum, np.random.default_rng(0))
    other = difference(-values, chosen, stratum, np.random.default_rng(0))
    assert (other.effect, other.low, other.high) == pytest.approx((-one.effect, -one.high, -one.low))
    assert other.p == pytest.approx(one.p, abs=0.02)


def test_equal_values_tell_nothing() -> None:
    _, chosen, stratum = drawn(3)
    found = difference(np.ones(120), chosen, stratum, np.random.default_rng(0))
    assert tuple(found) == (0.0, 0.0, 0.0, 1.0)


def test_a_difference_between_strata_is_none_within_them() -> None:
    stratum = np.repeat([0, 1], 50)
    chosen = np.arange(100) >= 60  # most of them in the stratum of large values
    found = difference(stratum * 5.0, chosen, stratum, np.random.default_rng(0))
    assert (found.effect, found.p) == (0.0, 1.0)


def test_what_cannot_be_compared_is_empty() -> None:
    values, _, stratum = drawn(4)
    assert np.isnan(difference(values, np.zeros(120, bool), stratum, np.random.default_rng(0))).all()
    assert np.isnan(difference(values, np.ones(120, bool), stratum, np.random.default_rng(0))).all()
    single = difference(values, np.arange(120) == 7, stratum, np.random.default_rng(0))
    assert np.isnan([single.low, single.high]).all()
    assert 0 < single.p <= 1


@pytest.mark.parametrize("chosen", [3, 8, 30])
def test_level_and_coverage_hold_under_ties_and_with_few_chosen(monkeypatch: pytest.MonkeyPatch, chosen: int) -> None:
    monkeypatch.setattr(more_or_less, "DRAWS", 199)
    rng, rounds = np.random.default_rng(5), 400
    below = covered = 0
    for _ in range(rounds):
        stratum = rng.integers(0, 5, 300)
        flags = np.isin(np.arange(300), rng.choice(300, chosen, replace=False))
        values = (rng.random(300) < 0.12) + stratum % 2.0  # nine in ten are equal
        found = difference(values, flags, stratum, rng)
        below += found.p <= 0.05
        covered += found.low <= 0 <= found.high
    assert below / rounds <= stats.binom.ppf(0.999, rounds, 0.05) / rounds
    assert covered / rounds >= stats.binom.ppf(0.001, rounds, 0.95) / rounds


def test_a_difference_is_found() -> None:
    values, chosen, stratum = drawn(6, chosen=30)
    found = difference(values + chosen, chosen, stratum, np.random.default_rng(0))
    assert found.p < 0.001
    assert found.low > 0
