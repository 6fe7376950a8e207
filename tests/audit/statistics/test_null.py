from dataclasses import replace
from itertools import combinations
from math import comb
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lesion.audit.comparison.populations import Population
from lesion.audit.contract import Statistic
from lesion.audit.inference.resampling import draw_halves, draw_subsets, draw_swaps
from lesion.audit.noise import COUNTS
from lesion.audit.statistics import null
from lesion.params.halves import Halves
from lesion.params.impact import Impact
from lesion.seeds import derive_seed
from tests.compared import compared, run
from tests.synthetic import labels, population, table, write_examples, write_population

ALPHA, CLASSES, SPLITS = 0.2, 5, 12
SETTINGS = Impact(alpha=ALPHA, normalise="population")


def made(members: int = 9, seed: int = 42, skill: float = 0.4) -> Population:
    label = labels(np.random.default_rng(1), 60, CLASSES)
    return population(np.random.default_rng(seed), label, members=members, classes=CLASSES, skill=skill)


STATISTIC: Statistic = null  # mypy checks the module here


def counted(dense: Population, compressed: Population, splits: int = SPLITS) -> pd.DataFrame:
    comparison = compared(dense, compressed, classes=CLASSES)
    return null.table(comparison, settings=SETTINGS, draws=Halves(splits=splits), ties="label")


def by_pandas(one: pd.DataFrame, other: pd.DataFrame) -> tuple[int, int]:
    """PIE and significant classes between the rows of two sets of members."""
    modes, recall = [], []
    for part in (one, other):
        modes.append(part.groupby("example_id")["prediction"].agg(lambda said: said.mode().max()))
        right = part.assign(correct=part["prediction"] == part["label"])
        accuracy = right.groupby("member")["correct"].mean().mean()
        recall.append(right.groupby(["label", "member"])["correct"].mean().unstack() - accuracy)
    p = stats.ttest_ind(recall[0], recall[1], axis=1, equal_var=False).pvalue
    return int((modes[0] != modes[1]).sum()), int((p < ALPHA).sum())


@pytest.mark.parametrize(("members", "size"), [(4, 2), (9, 4), (10, 5), (9, 2)])
def test_halves_are_disjoint_and_of_one_size(members: int, size: int) -> None:
    ones, others = draw_halves(members, size, 30, np.random.default_rng(0))
    for one, other in zip(ones.tolist(), others.tolist(), strict=True):
        assert len(set(one)) == len(set(other)) == size
        assert not set(one) & set(other)
        assert set(one) | set(other) <= set(range(members))


@pytest.mark.parametrize(("members", "size"), [(4, 2), (6, 3), (5, 2)])
def test_where_there_are_few_ways_all_are_taken_once(members: int, size: int) -> None:
    expected = {
        frozenset([one, other])
        for one in map(frozenset, combinations(range(members), size))
        for other in map(frozenset, combinations(range(members), size))
        if not one & other
    }
    ways = len(expected)
    sides = draw_halves(members, size, ways, np.random.default_rng(0))
    drawn = zip(*(side.tolist() for side in sides), strict=True)
    found = [frozenset([frozenset(one), frozenset(other)]) for one, other in drawn]
    assert len(found) == ways == comb(members, 2 * size) * comb(2 * size, size) // 2
    assert set(found) == expected
    assert len(draw_halves(members, size, ways - 1, np.random.default_rng(0))[0]) == ways - 1


def test_swaps_keep_each_pair_apart_and_take_all_ways_where_there_are_few() -> None:
    for splits, expected in ((8, 8), (7, 7)):
        ones, others = draw_swaps(4, splits, np.random.default_rng(0))
        assert len(ones) == expected
        assert (ones % 4 == np.arange(4)).all()
        assert ((ones < 4) != (others < 4)).all()
        assert (ones % 4 == others % 4).all()
    everything = {tuple(row) for row in draw_swaps(4, 8, np.random.default_rng(0))[0].tolist()}
    assert len(everything) == 8
    assert len(draw_swaps(70, 5, np.random.default_rng(0))[0]) == 5


def test_subsets_hold_each_member_once() -> None:
    drawn = draw_subsets(7, 3, 200, np.random.default_rng(0))
    assert all(len(set(row)) == 3 for row in drawn.tolist())
    assert set(drawn.ravel().tolist()) == set(range(7))


def test_the_table_is_recomputed_from_the_predictions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    dense, compressed = made(), made(7, seed=3, skill=0.2)
    write_examples("toy", dense, [str(label) for label in range(CLASSES)])
    write_population("toy", "dense", "0-8", dense)
    write_population("toy", "half", "0-8", compressed)
    written = run(
        "null", "toy", "half", ["0-8"], root_seed=3, settings=SETTINGS, draws=Halves(splits=SPLITS), ties="label"
    )
    found = pd.read_csv(written)
    assert found["split"].tolist() == list(range(SPLITS))
    assert set(found["members"]) == {4}
    assert set(found["design"]) == {"halves"}
    rows, after = table(dense).to_pandas(), table(compressed).to_pandas()
    rng = np.random.default_rng(derive_seed(3, "toy", "null"))
    ones, others = draw_halves(9, 4, SPLITS, rng)
    seen = draw_subsets(7, 4, SPLITS, rng)
    for split, row in found.iterrows():
        one, other = (rows[rows["member"].isin(side[split])] for side in (ones, others))
        assert (row["null_pie"], row["null_significant_classes"]) == by_pandas(one, other)
        compared = by_pandas(one, after[after["member"].isin(seen[split])])
        assert (row["pie"], row["significant_classes"]) == compared
    assert found["null_pie"].max() > 0
    assert found["significant_classes"].max() > found["significant_classes_fdr"].max()


def test_the_null_of_halves_does_not_depend_on_what_is_compressed() -> None:
    dense = made()
    first, second = (counted(dense, made(9, seed=seed, skill=seed / 10)) for seed in (3, 4))
    noise = ["null_pie", "null_significant_classes", "null_significant_classes_fdr"]
    assert first[noise].equals(second[noise])
    assert not first["pie"].equals(second["pie"])


def test_a_population_of_the_same_kind_has_no_excess() -> None:
    dense, same, worse = made(12), made(12, seed=5), made(12, seed=6, skill=0.1)
    alike, apart = (counted(dense, other, splits=200) for other in (same, worse))
    spread = 2 * alike["null_pie"].std()
    assert abs(alike["pie"].mean() - alike["null_pie"].mean()) < spread
    assert apart["pie"].mean() - apart["null_pie"].mean() > spread


def test_members_that_agree_leave_nothing() -> None:
    one = made(1)
    same = replace(one, member=np.arange(6), prediction=np.repeat(one.prediction, 6, axis=0))
    found = counted(same, same, splits=5)
    assert (found[[name for name in found if "pie" in name or "classes" in name]] == 0).all(axis=None)


def test_pairs_are_swapped_and_all_members_kept() -> None:
    dense = replace(made(5), origins=(1, 2, 3, 4, 5))
    flipped = dense.prediction.copy()
    flipped[:, :9] = (flipped[:, :9] + 1) % CLASSES  # every member changes its mind on nine examples
    compressed = replace(dense, prediction=flipped)
    found = counted(dense, compressed, splits=16)
    assert set(found["design"]) == {"swaps"}
    assert set(found["members"]) == {5}
    assert len(found) == 16
    assert set(found["pie"]) == {9}
    assert found["null_pie"].mean() < 9
    assert found.loc[0, "null_pie"] == 9  # no pair is swapped


@pytest.mark.parametrize(("members", "others"), [(3, 3), (4, 1), (1, 1)])
def test_too_few_members_leave_a_table_with_its_header_alone(members: int, others: int) -> None:
    found = counted(made(members), made(others, seed=3))
    assert found.empty
    assert found.columns.tolist() == null.SCHEMA.names
    row = null.columns(found, alpha=ALPHA)
    assert set(row.values()) == {None}
    assert list(row) == list(null.columns(counted(made(), made()), alpha=ALPHA))


def test_a_single_pair_is_too_few_and_two_are_enough() -> None:
    one, two = replace(made(1), origins=(1,)), replace(made(2), origins=(1, 2))
    assert counted(one, one).empty
    assert len(counted(two, two)) == 2


def test_without_labels_pie_alone_are_counted() -> None:
    known = counted(made(), made(7, seed=3))
    unknown = counted(replace(made(), label=None), replace(made(7, seed=3), label=None))
    of_classes = [name for name in known if "classes" in name]
    assert unknown.columns.tolist() == known.columns.tolist()
    assert unknown[of_classes].isna().all(axis=None)
    assert unknown["pie"].tolist() == known["pie"].tolist()
    row = null.columns(unknown, alpha=ALPHA)
    assert row["null_pie"] == unknown["null_pie"].mean()
    assert {row[f"null_{count}"] for count in COUNTS if count != "pie"} == {None}
