import numpy as np
import numpy.typing as npt
import pytest
import statsmodels.api as sm
from scipy import optimize, stats

from lesion.audit.inference.mean_changes import mean_change, means, spread
from lesion.audit.inference.parts import Parts

Floats = npt.NDArray[np.float64]


def single(dense: Floats, compressed: Floats, parts: Parts) -> Floats:
    """The ends of the interval of one pair of models: float64 (2, parts)."""
    found = mean_change(means(dense[None], parts), means(compressed[None], parts), parts, paired=True)
    return np.stack([found.low, found.high])


def test_of_single_models_the_interval_is_that_of_a_paired_t_test() -> None:
    rng = np.random.default_rng(0)
    dense, part = rng.gamma(1, 2, 90), np.arange(90) % 3
    changed = rng.normal(0.2, 1, 15)
    change = np.concatenate([np.repeat(0.2 + changed, 3), np.repeat(0.2 - changed, 3)])  # not skewed
    found = single(dense, dense + change, Parts(part, 3))
    for group in range(3):
        expected = stats.ttest_1samp(change[part == group], 0).confidence_interval()
        assert found[:, group] == pytest.approx([expected.low, expected.high])


def test_a_skewed_change_has_a_longer_side() -> None:
    rng = np.random.default_rng(7)
    change = rng.gamma(0.3, 1, 40)
    low, high = single(np.zeros(40), change, Parts(np.zeros(40, dtype=int), 1))[:, 0]
    plain = stats.ttest_1samp(change, 0).confidence_interval()
    assert low == pytest.approx(plain.low)
    root, skewness = 40**0.5, stats.skew(change)

    def transformed(t: float) -> float:
        a = skewness / (3 * root)
        return float(t + a * t**2 + a**2 * t**3 / 3 + skewness / (6 * root))

    quantile = stats.t.ppf(0.975, 39)
    deviations = -optimize.brentq(lambda t: transformed(t) + quantile, -100, 0)
    assert high == pytest.approx(change.mean() + deviations * change.std(ddof=1) / root)
    assert high > plain.high


def test_a_change_that_few_examples_decide_is_held_more_often_than_by_a_t_test() -> None:
    rng, studies, examples = np.random.default_rng(8), 1000, 50
    change = rng.gamma(0.2, 5, studies * examples)  # of mean 1
    parts = Parts(np.repeat(np.arange(studies), examples), studies)
    low, high = single(np.zeros(len(change)), change, parts)
    plain = stats.ttest_1samp(change.reshape(studies, examples), 0, axis=1).confidence_interval()
    held, by_t_test = (np.mean((ends[0] <= 1) & (ends[1] >= 1)) for ends in ((low, high), (plain.low, plain.high)))
    assert held > by_t_test + 0.02
    assert held > 0.9


def test_clusters_have_the_standard_error_of_statsmodels() -> None:
    rng = np.random.default_rng(1)
    cluster = rng.permutation(np.repeat(np.arange(20), 6))
    difference = rng.normal(0, 1, 20)[cluster] + rng.normal(0, 0.5, 120)
    found = Parts(np.zeros(120, dtype=int), 1, cluster).variance(difference)
    fitted = sm.OLS(difference, np.ones(120)).fit()
    robust = fitted.get_robustcov_results("cluster", groups=cluster, use_correction=False)
    assert found[0] == pytest.approx(robust.bse[0] ** 2 * 20 / 19)


def test_clusters_of_one_example_are_none() -> None:
    rng = np.random.default_rng(2)
    tables, part = rng.normal(0, 1, (2, 4, 60)), np.arange(60) % 3
    every = [
        mean_change(means(tables[0], parts), means(tables[1], parts), parts, paired=False)
        for parts in (Parts(part, 3), Parts(part, 3, cluster=rng.permutation(60)))
    ]
    assert every[0].low == pytest.approx(every[1].low)
    assert every[0].high == pytest.approx(every[1].high)


def test_members_that_agree_in_all_examples_leave_the_noise_of_examples() -> None:
    rng = np.random.default_rng(3)
    dense, compressed, part = rng.normal(0, 1, 80), rng.normal(0.2, 1, 80), np.arange(80) % 2
    parts = Parts(part, 2)
    sides = [means(np.repeat(side[None], 5, axis=0), parts) for side in (dense, compressed)]
    found = mean_change(sides[0], sides[1], parts, paired=False)
    assert np.stack([found.low, found.high]) == pytest.approx(single(dense, compressed, parts))


def test_members_that_differ_by_a_constant_leave_the_noise_of_members() -> None:
    able = np.random.default_rng(4).normal(0, 1, (2, 6))
    parts = Parts(np.zeros(50, dtype=int), 1)
    dense, compressed = (means(np.repeat(side[:, None], 50, axis=1), parts) for side in able)
    welch = stats.ttest_ind(able[1], able[0], equal_var=False).confidence_interval()
    found = mean_change(dense, compressed, parts, paired=False)
    assert [found.low[0], found.high[0]] == pytest.approx([welch.low, welch.high])
    pairs = stats.ttest_rel(able[1], able[0]).confidence_interval()
    found = mean_change(dense, compressed, parts, paired=True)
    assert [found.low[0], found.high[0]] == pytest.approx([pairs.low, pairs.high])


def test_nothing_changes_and_a_part_of_one_unit_has_no_interval() -> None:
    table = np.random.default_rng(5).normal(0, 1, (3, 7))
    parts = Parts(np.array([0, 0, 0, 0, 0, 0, 1]), 2)
    found = mean_change(means(table, parts), means(table, parts), parts, paired=True)
    assert [found.low[0], found.change[0], found.high[0], found.change[1]] == [0, 0, 0, 0]
    assert np.isnan([found.low[1], found.high[1]]).all()
    one_cluster = Parts(np.zeros(7, dtype=int), 1, cluster=np.zeros(7, dtype=int))
    assert np.isnan(mean_change(means(table, one_cluster), means(table, one_cluster), one_cluster, paired=True).low[0])


@pytest.mark.parametrize(("members", "others", "paired"), [(1, 1, True), (3, 3, True), (2, 7, False), (10, 10, False)])
def test_intervals_hold_the_change_over_members_and_clusters(members: int, others: int, paired: bool) -> None:
    rng, studies, clusters, held = np.random.default_rng(6), 300, 15, 4
    examples = clusters * held
    part, cluster = np.repeat(np.arange(studies), examples), np.tile(np.repeat(np.arange(clusters), held), studies)
    parts = Parts(part, studies, cluster)
    able = rng.normal(0, 0.3, (members + others, studies)) * (members > 1)  # a single model stands for itself
    able = np.concatenate([able[:members], able[:members] + 0.3 * able[members:] if paired else able[members:]])
    shared = rng.normal(0, 1, studies * examples)

    def side(rows: Floats, change: float) -> Floats:
        harm = change + rng.normal(0, 0.5, (studies, clusters)).ravel()[part * clusters + cluster]
        return np.asarray(shared + harm + rows[:, part] + rng.normal(0, 0.5, (len(rows), len(part))))

    tables = side(able[:members], 0.0), side(able[members:], 0.4)
    found = mean_change(means(tables[0], parts), means(tables[1], parts), parts, paired=paired)
    assert np.mean((found.low <= 0.4) & (found.high >= 0.4)) > 0.9  # 0.95 less four standard errors


@pytest.mark.parametrize("members", [1, 4])
def test_bounds_of_a_level_are_ends_of_an_interval_and_narrow_with_more_examples(members: int) -> None:
    rng = np.random.default_rng(3)
    parts = Parts(np.arange(80) % 2, 2)
    dense, compressed = (means(rng.gamma(1, size, (members, 80)), parts) for size in (1, 2))
    found = spread(dense, compressed, parts, paired=False)
    interval = mean_change(dense, compressed, parts, paired=False)
    size = found.examples
    np.testing.assert_allclose(found.upper(size, 0.025), interval.high)
    np.testing.assert_allclose(found.lower(size, 0.025), interval.low)
    assert (found.upper(size, 0.001) > interval.high).all()
    assert (found.lower(size, 0.001) < interval.low).all()
    assert (found.upper(100 * size, 0.025) < interval.high).all()
    one = found.of(np.array([1]))
    np.testing.assert_allclose(one.lower(size[1:], 0.01), found.lower(size, 0.01)[1:])


def test_of_single_models_four_times_as_many_examples_halve_the_distance() -> None:
    rng, parts = np.random.default_rng(4), Parts(np.zeros(4_000, dtype=np.int64), 1)
    dense, compressed = (means(rng.normal(0, 1, (1, 4_000)), parts) for _ in range(2))
    found = spread(dense, compressed, parts, paired=True)
    near, far = (found.upper(times * found.examples, 0.01) - found.estimate for times in (4, 1))
    np.testing.assert_allclose(near, far / 2, rtol=0.01)
