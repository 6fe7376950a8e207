from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lesion.audit.comparison.populations import Population
from lesion.audit.contract import Statistic
from lesion.audit.inference.halves import Sets, draw_sets
from lesion.audit.inference.kinds import KINDS
from lesion.audit.statistics import null
from lesion.params.design import Design
from lesion.params.halves import Halves
from lesion.seeds import derive_seed
from tests.compared import compared, run
from tests.synthetic import labels, population, write_examples, write_population

CLASSES, SPLITS = 5, 12
PLANTED = 100  # examples that all compressed members change
PLAIN = ("null", "null_low", "null_high", "matched", "excess")

STATISTIC: Statistic = null  # mypy checks the module here


def made(members: int = 9, seed: int = 42, skill: float = 0.4, examples: int = 60) -> Population:
    label = labels(np.random.default_rng(1), examples, CLASSES)
    return population(np.random.default_rng(seed), label, members=members, classes=CLASSES, skill=skill)


def counted(
    dense: Population, compressed: Population, splits: int = SPLITS, design: Design = "independent"
) -> pd.DataFrame:
    comparison = compared(dense, compressed, classes=CLASSES, design=design)
    return null.table(comparison, draws=Halves(splits=splits), ties="label").set_index("count")


def by_scipy(one: np.ndarray, other: np.ndarray, label: np.ndarray) -> list[int]:
    """The kinds of change between two sets of members; SciPy takes the smallest of ties, so we negate labels."""
    was, now = (9 - stats.mode(9 - said, axis=0).mode for said in (one, other))
    forgotten, learnt = (was == label) & (now != label), (was != label) & (now == label)
    return [(was != now).sum(), forgotten.sum(), learnt.sum(), ((was != now) & (was != label) & (now != label)).sum()]


@pytest.mark.parametrize(("members", "others", "paired"), [(9, 7, False), (4, 2, False), (6, 6, True), (4, 4, True)])
def test_the_table_is_recomputed_from_the_predictions(
    members: int, others: int, paired: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    origins = tuple(range(members)) if paired else None
    dense = replace(made(members), origins=origins)
    compressed = replace(made(others, seed=3, skill=0.2), origins=origins)
    write_examples("toy", dense, [str(label) for label in range(CLASSES)])
    write_population("toy", "dense", "0-8", dense)
    write_population("toy", "half", "0-8", compressed)
    written = run("null", "toy", "half", ["0-8"], root_seed=3, draws=Halves(splits=SPLITS), ties="label")
    found = pd.read_csv(written).set_index("count")
    sets: Sets = draw_sets(
        members, others, SPLITS // 2, np.random.default_rng(derive_seed(3, "toy", "null")), paired=paired
    )
    said, label = np.concatenate([dense.prediction, compressed.prediction]), dense.known_label
    noise, seen = [], []
    for one, other, beside_one, beside_other in zip(
        sets.one, sets.other, sets.beside_one, sets.beside_other, strict=True
    ):
        noise += [by_scipy(said[one], said[other], label), by_scipy(said[other], said[one], label)]
        seen += [by_scipy(said[one], said[beside_one], label), by_scipy(said[other], said[beside_other], label)]
    assert found.index.tolist() == list(KINDS)
    assert found["all"].tolist() == by_scipy(dense.prediction, compressed.prediction, label)
    assert set(found["splits"]) == {len(noise)}
    assert set(found["members"]) == {min(members // 2, others)}
    mean, matched = np.mean(noise, axis=0), np.mean(seen, axis=0)
    expected = [mean, *np.percentile(noise, [2.5, 97.5], axis=0), matched, matched - mean]
    np.testing.assert_allclose(found[list(PLAIN)].to_numpy().T, expected, atol=1e-9)
    assert (found["excess_low"] < found["excess"]).all()
    assert (found["excess"] < found["excess_high"]).all()
    assert found["null"].max() > 0


def test_the_null_of_halves_does_not_depend_on_what_is_compressed() -> None:
    dense = made()
    first, second = (counted(dense, made(9, seed=seed, skill=seed / 10)) for seed in (3, 4))
    assert first[["null", "null_low", "null_high"]].equals(second[["null", "null_low", "null_high"]])
    assert not first["matched"].equals(second["matched"])


@pytest.mark.parametrize("design", ["independent", "paired"])
def test_a_population_of_the_same_kind_has_no_excess(design: Design) -> None:
    dense, same, worse = made(12), made(12, seed=5), made(12, seed=6, skill=0.1)
    alike, apart = (counted(dense, other, splits=60, design=design) for other in (same, worse))
    assert ((alike["excess_low"] < 0) & (alike["excess_high"] > 0)).all()
    assert alike.loc["pie", "p"] > 0.05
    assert apart.loc["forgotten", "excess_low"] > 0
    assert apart.loc["pie", "p"] < 0.001


@pytest.mark.parametrize(("members", "most"), [(4, 2 / 4**4), (5, 2 / 4**5), (6, 1 / 32), (7, 1 / 64), (10, 1 / 512)])
def test_what_all_pairs_change_alike_is_all_excess(members: int, most: float) -> None:
    """Swapping the two members of a pair, as a null, would call all of it noise."""
    one = made(1, examples=999)
    dense = replace(one, member=np.arange(members), prediction=np.repeat(one.known_label[None], members, axis=0))
    said = dense.prediction.copy()
    said[:, :PLANTED] = (said[:, :PLANTED] + 1) % CLASSES
    found = counted(dense, replace(dense, prediction=said), design="paired", splits=40)
    assert found.loc["pie", "p"] == pytest.approx(most)
    for count, planted in zip(KINDS, (PLANTED, PLANTED, 0, 0), strict=True):
        assert found.loc[count, ["all", "null", "matched", "excess"]].tolist() == [planted, 0, planted, planted]
        assert found.loc[count, "excess_low"] < planted < found.loc[count, "excess_high"]


def test_members_that_agree_leave_nothing_and_an_interval_that_says_how_little() -> None:
    one = made(1)
    same = replace(one, member=np.arange(6), prediction=np.repeat(one.prediction, 6, axis=0))
    found = counted(same, same)
    assert (found[["all", *PLAIN]] == 0).all(axis=None)
    assert found.loc["pie", "p"] == 1
    assert found["excess_high"].tolist() == pytest.approx([1.96**2] * 4)  # Wilson's upper end of none, beside n


def test_members_too_few_for_any_p_below_one_in_twenty_have_no_test() -> None:
    few, enough = counted(made(4), made(2, seed=3)), counted(made(5), made(2, seed=3))
    assert (few.loc["pie", "test"], enough.loc["pie", "test"]) == ("none", "permutation")
    assert np.isnan(few.loc["pie", "p"])
    assert few["excess"].notna().all()


def test_examples_in_clusters_have_a_wider_interval() -> None:
    members, clusters, size = 8, 30, 10
    rng = np.random.default_rng(0)
    label = np.zeros(clusters * size, dtype=np.int16)
    cluster = np.repeat(np.arange(clusters), size)
    harmed = np.repeat(rng.random(clusters) < 0.3, size)
    dense = population(rng, label, members=members, classes=2, skill=1.0)
    compressed = replace(dense, prediction=np.repeat(np.where(harmed, 1, 0)[None], members, axis=0))
    tables = [
        null.table(compared(dense, compressed, classes=2, cluster=known), draws=Halves(splits=20), ties="label")
        for known in (None, cluster)
    ]
    alone, together = (table.set_index("count").loc["pie"] for table in tables)
    assert together["excess"] == alone["excess"] == harmed.sum()
    assert together["excess_high"] - together["excess"] > 2.5 * (alone["excess_high"] - alone["excess"])


@pytest.mark.parametrize(
    ("members", "others", "design"), [(3, 3, "independent"), (4, 1, "independent"), (1, 1, "paired"), (3, 3, "paired")]
)
def test_too_few_members_leave_a_table_with_its_header_alone(members: int, others: int, design: Design) -> None:
    comparison = compared(made(members), made(others, seed=3), classes=CLASSES, design=design)
    found = null.table(comparison, draws=Halves(splits=SPLITS), ties="label")
    assert found.empty
    assert found.columns.tolist() == null.SCHEMA.names
    row = null.columns(found, alpha=0.05)
    assert set(row.values()) == {None}
    assert list(row) == list(null.columns(counted(made(), made()).reset_index(), alpha=0.05))


def test_without_labels_pie_alone_are_counted() -> None:
    known = counted(made(), made(7, seed=3))
    unknown = counted(replace(made(), label=None), replace(made(7, seed=3), label=None))
    assert unknown.index.tolist() == ["pie"]
    pd.testing.assert_series_equal(unknown.loc["pie"], known.loc["pie"])
    row = null.columns(unknown.reset_index(), alpha=0.05)
    assert row["null_pie"] == unknown.loc["pie", "null"]
    assert {row[f"{name}_{count}"] for name in ("null", "matched", "excess") for count in KINDS[1:]} == {None}
