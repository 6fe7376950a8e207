import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from lesion.audit.inference.net_loss import net_loss
from lesion.audit.inference.one_sided import member_deviations, net_lower, net_upper

Flags = npt.NDArray[np.bool_]


def right(rng: np.random.Generator, members: int, examples: int, share: float = 0.9) -> Flags:
    return np.asarray(rng.random((members, examples)) < share)


def test_a_pair_is_its_counts() -> None:
    rng = np.random.default_rng(0)
    before, after, stratum = right(rng, 1, 300), right(rng, 1, 300), np.arange(300) % 3
    found = net_loss(before, after, stratum, 3, paired=True, cluster=None)
    for place in range(3):
        inside = stratum == place
        lost = (before & ~after)[0, inside].mean(keepdims=True)
        won = (~before & after)[0, inside].mean(keepdims=True)
        size = np.array([100.0])
        assert found.estimate[place] == pytest.approx(float(lost[0] - won[0]))
        one = found.of(np.array([place]))
        np.testing.assert_allclose(one.upper(size, 0.05), net_upper(lost, won, size, 0.05))
        np.testing.assert_allclose(one.lower(size, 0.001), net_lower(lost, won, size, 0.001))


def test_members_that_vary_much_decide_the_bound() -> None:
    """Of many examples nothing is left but the interval of the members' own losses."""
    rng = np.random.default_rng(1)
    before = np.ones((4, 20_000), dtype=bool)
    after = rng.random((4, 20_000)) > np.array([[0.05], [0.1], [0.2], [0.3]])
    loss = (before.mean(axis=1) - after.mean(axis=1)).astype(np.float64)
    found = net_loss(before, after, np.zeros(20_000, dtype=np.int64), 1, paired=True, cluster=None)
    margin = member_deviations(np.array(3.0), 0.05) * loss.std(ddof=1) / 2
    assert found.estimate[0] == pytest.approx(loss.mean())
    assert found.upper(np.array([20_000.0]), 0.05)[0] == pytest.approx(loss.mean() + margin, rel=0.01)
    assert found.upper(np.array([1e6]), 0.05)[0] == pytest.approx(loss.mean() + margin, rel=0.01)


def test_deviations_of_many_members_are_those_of_the_normal_distribution() -> None:
    assert float(member_deviations(np.array(1e9), 0.01)) == pytest.approx(stats.norm.ppf(0.99), rel=1e-3)
    few = member_deviations(np.array([1.0, 2.0, 9.0]), 0.05)
    assert (np.diff(few) < 0).all()
    assert (few > stats.t.ppf(0.95, [1, 2, 9])).all()


@pytest.mark.parametrize(("members", "paired"), [((1, 1), True), ((3, 3), True), ((2, 5), False), ((1, 4), False)])
def test_the_truth_is_within_its_bounds_in_95_of_100(members: tuple[int, int], paired: bool) -> None:
    rng, runs, wrong, examples = np.random.default_rng(2), 300, np.zeros(2), 60
    for _ in range(runs):
        able = rng.normal(0, 0.02, (members[0], 1)) if max(members) > 1 else np.zeros((1, 1))
        before = rng.random((members[0], examples)) < 0.9 + able
        sure = before if paired else rng.random((members[1], examples)) < 0.9 + rng.normal(0, 0.02, (members[1], 1))
        after = sure & ~(rng.random(examples) < 0.05)  # all members break the same
        found = net_loss(before, after, np.zeros(examples, dtype=np.int64), 1, paired=paired, cluster=None)
        size = np.array([float(examples)])
        wrong += [found.upper(size, 0.05)[0] < 0.045, found.lower(size, 0.05)[0] > 0.045]
    assert (wrong / runs <= 0.05 + 4 * (0.05 * 0.95 / runs) ** 0.5).all()


def test_members_damaged_unequally_do_not_pass_too_often() -> None:
    """Three pairs, of which some lose far more than others: Student's bound is wrong in 10 of 100."""
    rng, runs, wrong, naive = np.random.default_rng(3), 400, 0, 0
    for _ in range(runs):
        before = np.ones((3, 400), dtype=bool)
        after = rng.random((3, 400)) > rng.gamma(4, 0.05, (3, 1))
        found = net_loss(before, after, np.zeros(400, dtype=np.int64), 1, paired=True, cluster=None)
        wrong += bool(found.upper(np.array([400.0]), 0.05)[0] < 0.2)
        loss = 1 - after.mean(axis=1)
        naive += bool(loss.mean() + stats.t.ppf(0.95, 2) * loss.std(ddof=1) / 3**0.5 < 0.2)
    assert wrong / runs <= 0.05 + 4 * (0.05 * 0.95 / runs) ** 0.5
    assert wrong < naive


@pytest.mark.parametrize("unequal", [False, True])
def test_harm_shared_in_clusters_does_not_pass_too_often(unequal: bool) -> None:
    """Each class is a study of its own: 100 clusters, of which one in ten breaks as a whole."""
    rng, studies, clusters = np.random.default_rng(4), 500, 100
    size = rng.geometric(0.1, (studies, clusters)) if unequal else np.full((studies, clusters), 10)
    stratum = np.repeat(np.arange(studies), size.sum(axis=1))
    cluster = np.repeat(np.arange(studies * clusters), size.ravel())
    before = np.ones((1, len(stratum)), dtype=bool)
    after = ~(rng.random(studies * clusters) < 0.1)[cluster][None]
    found = net_loss(before, after, stratum, studies, paired=True, cluster=cluster)
    alone = net_loss(before, after, stratum, studies, paired=True, cluster=None)
    examples = found.sample.examples
    error = (0.05 * 0.95 / studies) ** 0.5
    assert (found.upper(examples, 0.05) < 0.1).mean() <= 0.05 + 4 * error
    assert (found.lower(examples, 0.05) > 0.1).mean() <= 0.05 + 4 * error
    assert (alone.upper(examples, 0.05) < 0.1).mean() > 0.2
