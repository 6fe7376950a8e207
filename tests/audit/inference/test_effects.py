from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lesion.audit.inference.effects import Change, cells, change, changes
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


def interval(mean: float, parts: list[tuple[float, float]], rest: float) -> tuple[float, float]:
    """Student's interval of a sum of variances with their degrees of freedom, `rest` counted once too often."""
    variance = sum(part for part, _ in parts)
    width = np.sqrt(max(variance - rest, max(part for part, _ in parts)))
    if not width:
        return mean, mean
    freedom = variance**2 / sum(part**2 / degrees for part, degrees in parts)
    return stats.t.interval(0.95, max(freedom, 1), loc=mean, scale=width)  # type: ignore[no-any-return]


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
    members=st.tuples(st.integers(2, 6), st.integers(2, 6)),
    sizes=st.lists(st.integers(2, 9), min_size=1, max_size=4),
    paired=st.booleans(),
)
def test_changes_are_those_of_an_analysis_of_variance(
    seed: int, members: tuple[int, int], sizes: list[int], paired: bool
) -> None:
    members = (members[0], members[0]) if paired else members
    dense, compressed, stratum = tables(seed, members=members, sizes=sizes)
    total, spreads, rests = len(stratum), [], []
    plain, relative = changes(dense, compressed, stratum, len(sizes), paired=paired)
    one, other = dense.astype(float), compressed.astype(float)
    samples = [other - one] if paired else [one, other]
    per_example = other.mean(axis=0) - one.mean(axis=0)
    for k, size in enumerate(sizes):
        inside = stratum == k
        analysed = [anova(sample[:, inside]) for sample in samples]
        spreads.append(float(per_example[inside].var(ddof=1)))
        rests.append(sum(rest / len(rows) for rows, _, rest in analysed))
        parts = [(float(np.var(rows, ddof=1)) / len(rows), len(rows) - 1.0) for rows, _, _ in analysed]
        mean = float(per_example[inside].mean())
        low, high = interval(mean, [*parts, (spreads[k] / size, size - 1.0)], rests[k] / size)
        np.testing.assert_allclose([plain.mean[k], plain.low[k], plain.high[k]], [mean, low, high], atol=1e-9)
    for k, size in enumerate(sizes):
        weight = (stratum == k) / size - 1 / total  # of each example in the relative change
        parts = [(float((s @ weight).var(ddof=1)) / len(s), len(s) - 1.0) for s in samples]
        noise = [float(sum(w**2 * of[j] for w, j in zip(weight, stratum, strict=True))) for of in (spreads, rests)]
        low, high = interval(float(per_example @ weight), [*parts, (noise[0], size - 1.0)], noise[1])
        found = [relative.mean[k], relative.low[k], relative.high[k]]
        np.testing.assert_allclose(found, [per_example @ weight, low, high], atol=1e-9)


@settings(max_examples=30)
@given(seed=SEEDS, paired=st.booleans())
def test_the_other_way_round_only_the_sign_changes(seed: int, paired: bool) -> None:
    dense, compressed, stratum = tables(seed, members=(4, 4), sizes=[6, 3, 8])
    forth = changes(dense, compressed, stratum, 3, paired=paired)
    for there, back in zip(forth, changes(compressed, dense, stratum, 3, paired=paired), strict=True):
        np.testing.assert_allclose(there.mean, -back.mean, atol=1e-12)
        np.testing.assert_allclose(there.low, -back.high, atol=1e-9)
        assert ((there.low <= there.mean) & (there.mean <= there.high)).all()


def test_the_order_of_examples_and_of_members_does_not_matter() -> None:
    dense, compressed, stratum = tables(3, members=(5, 4), sizes=[6, 3, 8])
    rng = np.random.default_rng(0)
    order = rng.permutation(len(stratum))
    expected = changes(dense, compressed, stratum, 3, paired=False)
    found = changes(dense[rng.permutation(5)][:, order], compressed[:, order], stratum[order], 3, paired=False)
    for one, other in zip(expected, found, strict=True):
        for name in ("mean", "low", "high"):
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-12)


def ends(found: Change) -> list[list[float]]:
    return [found.mean.tolist(), found.low.tolist(), found.high.tolist()]


def test_one_model_of_each_stands_for_itself() -> None:
    dense, compressed, stratum = tables(5, members=(1, 1), sizes=[9, 30])
    for paired in (False, True):
        plain, _ = changes(dense, compressed, stratum, 2, paired=paired)
        difference = compressed[0].astype(float) - dense[0]
        for k in range(2):
            expected = stats.ttest_1samp(difference[stratum == k], 0).confidence_interval(0.95)
            assert (plain.low[k], plain.high[k]) == pytest.approx(expected, abs=1e-9)  # noise of the examples alone


def test_a_stratum_of_one_example_has_a_change_but_no_interval() -> None:
    dense, compressed, stratum = tables(6, members=(4, 5), sizes=[1, 20])
    for found in changes(dense, compressed, stratum, 2, paired=False):
        assert np.isfinite(found.mean).all()
        assert np.isnan([found.low[0], found.high[0]]).all()
        assert np.isfinite([found.low[1], found.high[1]]).all()


def test_tables_that_are_constant_leave_no_doubt() -> None:
    stratum = np.repeat([0, 1], 10)
    right = np.ones((3, 20), dtype=np.bool_)
    for paired in (False, True):
        plain, relative = changes(right, right, stratum, 2, paired=paired)
        assert ends(plain) == ends(relative) == [[0, 0]] * 3
        plain, relative = changes(right, ~right, stratum, 2, paired=paired)
        assert ends(plain) == [[-1, -1]] * 3
        assert ends(relative) == [[0, 0]] * 3


def test_a_stratum_without_example() -> None:
    dense, compressed, stratum = tables(7, members=(2, 2), sizes=[5, 5])
    with pytest.raises(InputError, match="class 2 has no test example"):
        changes(dense, compressed, stratum, 3, paired=False)


def test_the_change_of_the_whole_is_that_of_a_single_stratum() -> None:
    dense, compressed, _ = tables(8, members=(4, 4), sizes=[25])
    plain, relative = changes(dense, compressed, np.zeros(25, dtype=int), 1, paired=True)
    assert change(dense, compressed, paired=True) == (plain.mean[0], plain.low[0], plain.high[0])
    np.testing.assert_allclose(ends(relative), 0, atol=1e-12)  # the whole changes as the whole does


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
        for row, one, true in zip(held, found, (truth, relative_truth), strict=True):
            row += (one.low <= true) & (true <= one.high)
    low, high = stats.binom.interval(0.9999, ROUNDS, 0.95)
    assert (held >= low).all()
    assert (held <= high).all()


def test_pairs_that_share_much_have_a_narrower_interval() -> None:
    dense, compressed, _ = drawn(np.random.default_rng(2), paired=True)
    width = [high - low for _, low, high in (change(dense, compressed, paired=paired) for paired in (False, True))]
    assert width[1] < 0.7 * width[0]
