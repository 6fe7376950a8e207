import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special, stats

from lesion.audit.inference.moderated import effective_number, moderated, prior

Floats = npt.NDArray[np.float64]
SEEDS = st.integers(0, 2**32 - 1)


def limma_prior(ratio: Floats, freedom: float) -> tuple[float, float]:
    """`fitFDist` of limma 3.x for equal degrees of freedom, its equation solved by bisection."""
    e = [float(np.log(r) - special.psi(freedom / 2) + np.log(freedom / 2)) for r in ratio]
    mean = sum(e) / len(e)
    beyond = sum((x - mean) ** 2 for x in e) / (len(e) - 1) - float(special.polygamma(1, freedom / 2))
    if beyond <= 0:
        return np.inf, float(np.mean(ratio))
    half = optimize.brentq(lambda x: float(special.polygamma(1, np.exp(x))) - beyond, -20, 40)
    degrees = 2 * float(np.exp(half))
    return degrees, float(np.exp(mean + special.psi(degrees / 2) - np.log(degrees / 2)))


@settings(max_examples=60)
@given(seed=SEEDS, freedom=st.integers(1, 30), classes=st.integers(3, 40), spread=st.floats(0, 2))
def test_the_prior_is_that_of_limma(seed: int, freedom: int, classes: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    ratio = rng.chisquare(freedom, classes) / freedom * np.exp(rng.normal(0, spread, classes))
    assert prior(ratio, freedom) == pytest.approx(limma_prior(ratio, freedom), rel=1e-5)


def test_the_prior_is_found_again() -> None:
    rng = np.random.default_rng(0)
    ratio = 2.5 * stats.f.rvs(4, 10, size=20_000, random_state=rng)
    degrees, scale = prior(ratio, 4)
    assert degrees == pytest.approx(10, rel=0.1)
    assert scale == pytest.approx(2.5, rel=0.05)


@pytest.mark.parametrize(("independent", "copies"), [(1, 12), (4, 3), (12, 1)])
def test_classes_that_go_together_count_once(independent: int, copies: int) -> None:
    rng, found = np.random.default_rng(1), []
    for _ in range(200):
        rows = [np.repeat(rng.normal(size=(count, independent)), copies, axis=1) for count in (15, 8)]
        found.append(effective_number(rows, [np.ones(12), np.ones(12)]))
    assert np.median(found) == pytest.approx(independent, rel=0.2)
    assert max(found) <= 12


def test_the_effective_number_has_no_bias_in_its_traces() -> None:
    """Against the covariance itself: three classes that go together and one alone."""
    covariance = np.full((4, 4), 0.0)
    covariance[:3, :3] = 0.6
    np.fill_diagonal(covariance, 1)
    rows = np.random.default_rng(2).multivariate_normal(np.zeros(4), covariance, 4000)
    expected = np.trace(covariance) ** 2 / np.trace(covariance @ covariance)
    assert effective_number([rows], [np.ones(4)]) == pytest.approx(expected, rel=0.05)


@settings(max_examples=40)
@given(seed=SEEDS, members=st.tuples(st.integers(2, 8), st.integers(2, 8)), classes=st.integers(1, 12))
def test_variances_lie_between_their_own_and_what_others_lend(
    seed: int, members: tuple[int, int], classes: int
) -> None:
    rng = np.random.default_rng(seed)
    rows = [rng.normal(size=(count, classes)) * rng.uniform(0.5, 3, classes) for count in members]
    base = [rng.uniform(0.2, 2, classes) for _ in members]
    step = np.full(classes, 1e-6)
    found = moderated(rows, base, step=step)
    for one, row, least in zip(found, rows, base, strict=True):
        own = row.var(axis=0, ddof=1) / len(row)
        np.testing.assert_allclose(one.least, least / len(row))
        np.testing.assert_allclose(one.of_mean, np.maximum(one.estimate, one.least))
        lent = one.freedom - (len(row) - 1)
        assert lent >= 0
        if classes < 3:
            assert lent == 0
        if lent == 0:
            np.testing.assert_allclose(one.estimate, own)
            continue
        degrees, scale = limma_prior(own * len(row) / least, len(row) - 1)
        assert lent <= degrees * (1 + 1e-5)
        assert lent <= (classes - 1) * (len(row) - 1) * (1 + 1e-9)
        expected = (lent * scale * least / len(row) + (len(row) - 1) * own) / one.freedom
        np.testing.assert_allclose(one.estimate, expected, rtol=1e-4)


def test_two_members_that_are_equal_in_a_class_do_not_stop_the_others_from_lending() -> None:
    rng = np.random.default_rng(5)
    rows = rng.binomial(40, 0.9, (2, 60)) / 40
    rows[1, :10] = rows[0, :10]
    others = rng.binomial(40, 0.9, (30, 60)) / 40
    base = np.full(60, 0.09 / 40)
    assert moderated([rows, others], [base, base], step=np.full(60, 1 / 40))[0].freedom > 4
    assert moderated([], [], step=np.full(60, 1 / 40)) == []
