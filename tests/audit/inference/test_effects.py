from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lesion.audit.inference.effects import cells, change, changes, mean_test
from lesion.errors import InputError

SEEDS = st.integers(0, 2**32 - 1)
Bools = npt.NDArray[np.bool_]


def tables(seed: int, *, members: tuple[int, int], sizes: list[int]) -> tuple[Bools, Bools, npt.NDArray[np.int64]]:
    """Two tables of right and wrong, easy and hard examples, strata mixed."""
    rng = np.random.default_rng(seed)
    stratum = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    ease = rng.random(len(stratum))
    one, other = (rng.random((count, len(stratum))) < ease * rng.uniform(0.5, 1.5) for count in members)
    return one, other, stratum


def anova(table: npt.NDArray[Any]) -> tuple[list[float], list[float], float]:
    """Means of rows and columns, and the mean square of the rest, of a two-way layout without replicates, by loops."""
    values = np.asarray(table, dtype=np.float64)
    members, examples = values.shape
    rows = [sum(values[m, i] for i in range(examples)) / examples for m in range(members)]
    columns = [sum(values[m, i] for m in range(members)) / members for i in range(examples)]
    grand = sum(rows) / members
    square = 0.0
    for m in range(members):
        for i in range(examples):
            square += (values[m, i] - rows[m] - columns[i] + grand) ** 2
    freedom = (members - 1) * (examples - 1)
    return rows, columns, square / freedom if freedom else float("nan")


def unseen_added(values: list[float]) -> list[tuple[float, float]]:
    """Changes of examples and their weights; the last two were not seen."""
    square, fourth = sum(x**2 for x in values), sum(x**4 for x in values)
    weight = min((fourth + 0.5) / (square + 0.5), 1)
    return [*((x, 1.0) for x in values), (1.0, weight), (-1.0, weight)]


def interval(
    mean: float,
    centre: float,
    examples: float,
    units: float,
    members: list[tuple[float, float, float]],
    rest: float,
    most: float = 1.0,
) -> list[float]:
    """The mean and its interval, from the variance over examples and those of members with their freedom."""
    of_examples = (stats.t.ppf(0.975, max(units - 1, 1)) ** 2) * examples
    of_members = [max(stats.t.ppf(0.975, free) ** 2 * seen, 1.96**2 * least) for seen, least, free in members]
    margin = np.sqrt(max(of_examples + sum(of_members) - 1.96**2 * rest, of_examples, *of_members))
    return [mean, min(max(centre - margin, -most), mean), max(min(centre + margin, most), mean)]


@settings(max_examples=40)
@given(seed=SEEDS, members=st.integers(2, 6), sizes=st.lists(st.integers(2, 9), min_size=1, max_size=4))
def test_cells_are_those_of_an_analysis_of_variance(seed: int, members: int, sizes: list[int]) -> None:
    one, other, stratum = tables(seed, members=(members, members), sizes=sizes)
    for table in (one, other.astype(np.int8) - one.astype(np.int8)):
        found = cells(table, stratum, len(sizes))
        assert found.size.tolist() == sizes
        starts = np.concatenate([[0], np.cumsum(sizes)])
        for k in range(len(sizes)):
            rows, columns, rest = anova(table[:, stratum == k])
            np.testing.assert_allclose(found.row[:, k], rows, atol=1e-12)
            np.testing.assert_allclose(found.column[starts[k] : starts[k + 1]], columns, atol=1e-12)
            np.testing.assert_allclose(found.rest[k], rest, atol=1e-10)


@settings(max_examples=40)
@given(
    seed=SEEDS,
    members=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=2),
    paired=st.booleans(),
)
def test_changes_are_those_of_an_analysis_of_variance(
    seed: int, members: tuple[int, int], sizes: list[int], paired: bool
) -> None:
    """Two strata at most, whose variances lend each other nothing."""
    members = (members[0], members[0]) if paired else members
    dense, compressed, stratum = tables(seed, members=members, sizes=sizes)
    total = len(stratum)
    found = changes(dense, compressed, stratum, len(sizes), paired=paired)
    one, other = dense.astype(float), compressed.astype(float)
    several = [sample for sample in ([other - one] if paired else [one, other]) if len(sample) > 1]
    per_example = other.mean(axis=0) - one.mean(axis=0)
    added, rests = [], []
    for k in range(len(sizes)):
        inside = stratum == k
        added.append(unseen_added(per_example[inside].tolist()))
        rest = []
        for sample in several:
            freedom = (len(sample) - 1) * (sizes[k] - 1)
            square = anova(sample[:, inside])[2] * freedom if freedom else 0.0
            rest.append((square + 0.5) / (freedom + 1))
        rests.append(rest)
    units = [sum(weight for _, weight in each) for each in added]
    centres = [sum(x * weight for x, weight in each) / unit for each, unit in zip(added, units, strict=True)]
    apart = [sum(w * (x - c) ** 2 for x, w in each) for each, c in zip(added, centres, strict=True)]
    for k, size in enumerate(sizes):
        inside = stratum == k
        least = [rest / size for rest in rests[k]]
        parts = [
            (float(sample[:, inside].mean(axis=1).var(ddof=1)) / len(sample), base / len(sample), len(sample) - 1.0)
            for sample, base in zip(several, least, strict=True)
        ]
        both = sum(base / len(sample) for base, sample in zip(least, several, strict=True))
        mean = float(per_example[inside].mean())
        expected = interval(mean, centres[k], apart[k] / units[k] ** 2, units[k], parts, both)
        got = [found.plain.mean[k], found.plain.low[k], found.plain.high[k]]
        np.testing.assert_allclose(got, expected, atol=1e-9)
        if len(sizes) == 1:
            continue
        weight = (stratum == k) / size - 1 / total  # of each example in the relative change
        squares = [sum(w**2 * rests[j][i] for w, j in zip(weight, stratum, strict=True)) for i in range(len(several))]
        parts = [
            (float((sample @ weight).var(ddof=1)) / len(sample), base / len(sample), len(sample) - 1.0)
            for sample, base in zip(several, squares, strict=True)
        ]
        both = sum(base / len(sample) for base, sample in zip(squares, several, strict=True))
        noise = apart[k] * (1 / units[k] - 1 / total) ** 2 + apart[1 - k] / total**2
        centre = (1 - size / total) * centres[k] - sum(per_example[~inside]) / total
        most = 2 * (1 - size / total)
        expected = interval(float(per_example @ weight), centre, noise, units[k], parts, both, most)
        got = [found.relative.mean[k], found.relative.low[k], found.relative.high[k]]
        np.testing.assert_allclose(got, expected, atol=1e-9)
        if found.tested is not None:
            t = per_example @ weight / np.sqrt(sum(max(variance, base) for variance, base, _ in parts))
            assert found.tested.t[k] == pytest.approx(t, abs=1e-9)
            least_freedom = min(free for _, _, free in parts)
            assert found.tested.p[k] == pytest.approx(2 * stats.t.sf(abs(t), least_freedom), abs=1e-9)


@settings(max_examples=30)
@given(seed=SEEDS, paired=st.booleans())
def test_the_other_way_round_only_the_sign_changes(seed: int, paired: bool) -> None:
    dense, compressed, stratum = tables(seed, members=(4, 4), sizes=[6, 3, 8])
    forth = changes(dense, compressed, stratum, 3, paired=paired)
    back_again = changes(compressed, dense, stratum, 3, paired=paired)
    for there, back in ((forth.plain, back_again.plain), (forth.relative, back_again.relative)):
        np.testing.assert_allclose(there.mean, -back.mean, atol=1e-12)
        np.testing.assert_allclose(there.low, -back.high, atol=1e-9)
        assert ((there.low <= there.mean) & (there.mean <= there.high)).all()


def test_the_order_of_examples_and_of_members_does_not_matter() -> None:
    dense, compressed, stratum = tables(3, members=(5, 4), sizes=[6, 3, 8])
    rng = np.random.default_rng(0)
    order = rng.permutation(len(stratum))
    expected = changes(dense, compressed, stratum, 3, paired=False)
    found = changes(dense[rng.permutation(5)][:, order], compressed[:, order], stratum[order], 3, paired=False)
    for one, other in ((expected.plain, found.plain), (expected.relative, found.relative)):
        for name in ("mean", "low", "high"):
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-12)


def bonett_price(broken: int, fixed: int, examples: int) -> tuple[float, float]:
    """Bonett & Price (2012), eq. 6, with a t quantile: shares of changes with one more of either kind."""
    lost, won = (broken + 1) / (examples + 2), (fixed + 1) / (examples + 2)
    margin = stats.t.ppf(0.975, examples + 1) * np.sqrt((lost + won - (lost - won) ** 2) / (examples + 2))
    change = (fixed - broken) / examples
    return max(min(won - lost - margin, change), -1), min(max(won - lost + margin, change), 1)


@pytest.mark.parametrize("paired", [False, True])
def test_a_pair_of_models_has_the_interval_of_bonett_and_price(paired: bool) -> None:
    dense, compressed, stratum = tables(5, members=(1, 1), sizes=[9, 30])
    found = changes(dense, compressed, stratum, 2, paired=paired)
    assert found.tested is None
    for k, size in enumerate((9, 30)):
        before, after = dense[0, stratum == k], compressed[0, stratum == k]
        expected = bonett_price(int((before & ~after).sum()), int((after & ~before).sum()), size)
        assert (found.plain.low[k], found.plain.high[k]) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("examples", [1, 5, 20, 50])
@pytest.mark.parametrize(("broken", "fixed"), [(0.0002, 0), (0.002, 0.001), (0.01, 0.002), (0.03, 0.03), (0.2, 0.01)])
def test_that_interval_holds_by_enumeration(examples: int, broken: float, fixed: float) -> None:
    """Every outcome of a pair of models, with its probability."""
    held = 0.0
    for lost in range(examples + 1):
        for won in range(examples - lost + 1):
            after, before = np.zeros((2, 1, examples), dtype=np.bool_)
            before[0, :lost] = after[0, lost : lost + won] = True
            _, low, high = change(before, after, paired=True)
            assert low < high
            chance = stats.multinomial.pmf(
                [lost, won, examples - lost - won], examples, [broken, fixed, 1 - broken - fixed]
            )
            held += chance * (low <= fixed - broken <= high)
    assert held >= 0.93


def test_where_nothing_changed_the_interval_is_that_of_the_rule_of_three() -> None:
    """Whatever the number of members, for they are tried on the same examples."""
    for members in (1, 2, 30):
        right = np.ones((members, 300), dtype=np.bool_)
        for paired in (False, True):
            mean, low, high = change(right, right, paired=paired)
            assert mean == 0
            assert 2.7 / 300 < high < 3.3 / 300
            assert low == pytest.approx(-high)


def test_a_stratum_of_one_example_has_a_wide_interval() -> None:
    dense, compressed, stratum = tables(6, members=(4, 5), sizes=[1, 20])
    found = changes(dense, compressed, stratum, 2, paired=False)
    for one in (found.plain, found.relative):
        assert one.high[0] - one.low[0] > 1
        assert one.high[1] - one.low[1] < 1


def test_clusters_of_copies_count_once() -> None:
    rng = np.random.default_rng(8)
    dense, compressed = (rng.random((1, 60)) < share for share in (0.9, 0.6))
    stratum = np.repeat([0, 1, 2], 20)
    expected = changes(dense, compressed, stratum, 3, paired=True)
    order = rng.permutation(240)
    one, other = (np.repeat(side, 4, axis=1)[:, order] for side in (dense, compressed))
    cluster = np.repeat(np.arange(60), 4)[order]
    found = changes(one, other, np.repeat(stratum, 4)[order], 3, paired=True, cluster=cluster)
    for name in ("mean", "low", "high"):
        np.testing.assert_allclose(getattr(found.plain, name), getattr(expected.plain, name), atol=1e-12)
    alone = changes(one, other, np.repeat(stratum, 4)[order], 3, paired=True)
    assert (found.relative.high - found.relative.low > 1.5 * (alone.relative.high - alone.relative.low)).all()


def test_clusters_of_one_are_none() -> None:
    dense, compressed, stratum = tables(9, members=(3, 4), sizes=[6, 3, 8])
    expected = changes(dense, compressed, stratum, 3, paired=False)
    found = changes(dense, compressed, stratum, 3, paired=False, cluster=np.random.default_rng(0).permutation(17))
    for one, other in ((expected.plain, found.plain), (expected.relative, found.relative)):
        for name in ("mean", "low", "high"):
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-12)


@pytest.mark.parametrize("spanning", [False, True])
def test_intervals_hold_where_a_whole_cluster_is_harmed(spanning: bool) -> None:
    """Clusters of ten within a class, or over all of them."""
    rng, rounds, held = np.random.default_rng(3), 300, np.zeros(2)
    stratum = np.tile(np.arange(4), 100) if spanning else np.repeat(np.arange(4), 100)
    cluster = np.arange(400) // 10
    for _ in range(rounds):
        right = rng.random(400) < 0.8
        worse = right & ~((rng.random(40) < 0.1)[cluster] & (rng.random(400) < 0.9))
        found = changes(right[None], worse[None], stratum, 4, paired=True, cluster=cluster)
        _, low, high = change(right[None], worse[None], paired=True, cluster=cluster)
        held += [((found.plain.low <= -0.072) & (found.plain.high >= -0.072)).mean(), low <= -0.072 <= high]
    assert (held / rounds > 0.93 - 4 * 0.25 / rounds**0.5).all()


def test_what_is_constant_is_tested_all_the_same() -> None:
    stratum = np.repeat([0, 1, 2], 10)
    right = np.ones((3, 30), dtype=np.bool_)
    worse = right.copy()
    worse[:, 0] = False
    for paired in (False, True):
        same, harmed = (changes(right, other, stratum, 3, paired=paired).tested for other in (right, worse))
        assert same is not None
        assert harmed is not None
        assert same.p.tolist() == [1, 1, 1]
        assert same.t.tolist() == [0, 0, 0]
        assert np.isfinite(harmed.t).all()
        assert ((harmed.p > 0) & (harmed.p < 1)).all()


def test_a_stratum_without_example() -> None:
    dense, compressed, stratum = tables(7, members=(2, 2), sizes=[5, 5])
    with pytest.raises(InputError, match="class 2 has no test example"):
        changes(dense, compressed, stratum, 3, paired=False)


def test_the_change_of_the_whole_is_that_of_a_single_stratum() -> None:
    dense, compressed, _ = tables(8, members=(4, 4), sizes=[25])
    found = changes(dense, compressed, np.zeros(25, dtype=int), 1, paired=True)
    plain = found.plain
    assert change(dense, compressed, paired=True) == (plain.mean[0], plain.low[0], plain.high[0])
    assert found.relative.mean[0] == pytest.approx(0, abs=1e-12)  # the whole changes as the whole does
    assert found.tested is None


MEMBERS, SIZES, ROUNDS = 8, (40, 80), 600
HARM = (0.2, 0.06)  # at most, so half of it on average, in each stratum


def drawn(rng: np.random.Generator, *, paired: bool) -> tuple[Bools, Bools, npt.NDArray[np.int64]]:
    """New models, more or less skilled, and new examples, more or less easy, each harmed by an amount of its own."""
    stratum = np.repeat([0, 1], SIZES)
    ease = rng.uniform(0.3, 0.9, len(stratum))
    harm = rng.random(len(stratum)) * np.array(HARM)[stratum]
    luck = [rng.random((MEMBERS, len(stratum))) for _ in range(2)]
    skill = [rng.uniform(-0.1, 0.1, (MEMBERS, 1)) for _ in range(2)]
    if paired:
        skill[1] = skill[0]
        luck[1] = np.where(rng.random(luck[0].shape) < 0.7, luck[0], luck[1])
    return luck[0] < ease + skill[0], luck[1] < ease + skill[1] - harm, stratum


@pytest.mark.parametrize("paired", [False, True])
def test_intervals_hold_the_change_among_all_models_and_examples_as_often_as_they_say(paired: bool) -> None:
    rng = np.random.default_rng(17)
    truth = -np.array(HARM) / 2
    relative_truth = truth - truth @ np.array(SIZES) / sum(SIZES)
    held = np.zeros((2, 2))
    for _ in range(ROUNDS):
        found = changes(*drawn(rng, paired=paired), 2, paired=paired)
        for row, one, true in zip(held, (found.plain, found.relative), (truth, relative_truth), strict=True):
            row += (one.low <= true) & (true <= one.high)
    assert (held >= stats.binom.ppf(1e-4, ROUNDS, 0.95)).all()


def test_pairs_that_share_much_have_a_narrower_interval() -> None:
    dense, compressed, _ = drawn(np.random.default_rng(2), paired=True)
    width = [high - low for _, low, high in (change(dense, compressed, paired=paired) for paired in (False, True))]
    assert width[1] < 0.7 * width[0]


@pytest.mark.parametrize("paired", [False, True])
def test_a_higher_level_is_a_wider_interval_about_the_same_mean(paired: bool) -> None:
    one, other, stratum = tables(3, members=(5, 5), sizes=[40, 80, 20])
    usual, wide = (changes(one, other, stratum, 3, paired=paired, level=level) for level in (0.95, 0.999))
    np.testing.assert_array_equal(usual.plain.mean, wide.plain.mean)
    assert (wide.plain.low < usual.plain.low).all()
    assert (wide.plain.high > usual.plain.high).all()


def test_the_mean_is_tested_as_scipy_does_where_members_vary() -> None:
    rng = np.random.default_rng(4)
    one, other = (rng.random((8, 2_000)) < skill + 0.1 * rng.standard_normal((8, 1)) for skill in (0.7, 0.75))
    rows = one.mean(axis=1), other.mean(axis=1)
    found = mean_test(one, other, paired=True)
    assert found is not None
    assert found.p[0] == pytest.approx(stats.ttest_rel(*rows).pvalue)
    found = mean_test(one, other, paired=False)
    assert found is not None
    expected = stats.ttest_ind(*rows)
    assert found.t[0] == pytest.approx(-expected.statistic)
    assert expected.pvalue <= found.p[0] < expected.pvalue * 1.5  # by the degrees of freedom of one side
    assert mean_test(one[:1], other, paired=False) is None
