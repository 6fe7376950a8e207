from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lesion.artifacts.csv_tables import read_csv
from lesion.audit.comparison.populations import Population
from lesion.audit.inference.kinds import KINDS
from lesion.audit.inference.resampling import bootstrap
from lesion.audit.methods.table import band, compare, write_comparison
from lesion.audit.statistics import null
from lesion.errors import InputError
from lesion.params.comparison import Ranking
from lesion.params.halves import Halves
from lesion.seeds import derive_seed
from tests.compared import compared as against
from tests.compared import examples_path, predictions
from tests.compared import run as run_node
from tests.resampled import CLASSES, RESAMPLES, counted, counted_draw_by_draw, made, pooled, settings
from tests.synthetic import labels, population, write_examples, write_population

SHARDS = ["0-3", "4-6"]
FACTS = {"dense": (0.0, 4000), "gmp-50": (0.501, 2500), "gmp-90": (0.899, 900), "int8": (0.0, 1000)}


def compared(dense: Population, variants: Iterable[tuple[str, Population]], *, resamples: int) -> pd.DataFrame:
    known: dict[str, Any] = {"classes": CLASSES, "study": "toy", "seed": 7}
    return compare(
        against(dense, dense, design="independent", **known),
        (against(dense, population, variant=variant, **known) for variant, population in variants),
        settings=settings(),
        splits=Halves(splits=5),
        resamples=resamples,
        ties="label",
    )


def test_the_table_is_recomputed_from_the_audit_of_each_variant() -> None:
    dense, using = made(), settings()
    variants = {"gmp-50": made(seed=1, skill=0.5), "gmp-90": made(seed=2, skill=0.1, members=5)}
    table = compared(dense, variants.items(), resamples=RESAMPLES)
    assert table["variant"].tolist() == ["dense", "gmp-50", "gmp-90"]
    assert table["method"].tolist() == ["dense", "gmp", "gmp"]
    assert table.loc[0, ["pie", "pie_low", "significant_classes"]].isna().all()
    names = (*KINDS, "significant_classes", "significant_classes_fdr")
    for (variant, compressed), row in zip(variants.items(), table.to_dict("records")[1:], strict=True):
        counts = counted(dense, compressed, using)
        assert (row["variant"], *(row[name] for name in names)) == (variant, *counts)
        drawn = bootstrap(
            np.random.default_rng(derive_seed(7, "toy", "comparison")),
            dense=6,
            compressed=row["members"],
            resamples=RESAMPLES,
            paired=False,
        )
        each = list(counted_draw_by_draw(pooled(dense, compressed), drawn, using))
        spread = 1.96 * np.std(each, axis=0, ddof=1)
        for name, count, half, most in zip(names, counts, spread, (60, 60, 60, 60, CLASSES, CLASSES), strict=True):
            assert row[f"{name}_low"] == pytest.approx(max(0, count - half))
            assert row[f"{name}_high"] == pytest.approx(min(most, count + half))


@given(st.integers(0, 50), st.lists(st.integers(0, 50), min_size=2), st.integers(50, 60))
def test_a_band_holds_its_count_and_ends_where_counts_end(count: int, resampled: list[int], most: int) -> None:
    low, high = band(count, pd.Series(resampled), most)
    half = 1.96 * np.std(resampled, ddof=1)
    assert low == pytest.approx(max(0, count - half))
    assert high == pytest.approx(min(most, count + half))


def test_few_members_leave_empty_what_cannot_be_said() -> None:
    row = compared(made(), [("one", made(members=1, seed=1)), ("two", made(members=2, seed=1))], resamples=9)
    one, two = (row.set_index("variant").loc[variant] for variant in ("one", "two"))
    assert one["pie"] > 0
    assert (
        one[["pie_low", "significant_classes", "significant_classes_low", "null_pie", "excess_pie", "pie_p"]]
        .isna()
        .all()
    )
    assert two.notna().all()


def test_accuracy_has_its_t_interval() -> None:
    dense = made()
    row = compared(dense, [("gmp-50", made(seed=1))], resamples=2).iloc[0]
    top1 = (dense.prediction == dense.label).mean(axis=1)
    expected = stats.t.interval(0.95, len(top1) - 1, loc=top1.mean(), scale=stats.sem(top1))
    assert row["top1"] == pytest.approx(top1.mean())
    assert (row["top1_low"], row["top1_high"]) == pytest.approx(expected)


def test_a_row_does_not_depend_on_the_other_variants() -> None:
    dense, one, other = made(), made(seed=1), made(seed=2)
    both, alone = (
        compared(dense, variants, resamples=9).set_index("variant")
        for variants in ([("other", other), ("one", one)], [("one", one)])
    )
    assert both.loc["one"].to_dict() == alone.loc["one"].to_dict()


def sizes(sparsity: float, size: int) -> dict[str, Any]:
    """What predictions say of the size of their members."""
    facts = {"parameters": 100, "parameters_left": 100 * (1 - sparsity), "sparsity_by_layer": [["conv", sparsity]]}
    return facts | {"sparsity": sparsity, "multiply_adds": 9.5, "bytes_per_member": size, "encoding": "plain"}


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A study of predictions in two shards, in the current folder."""
    monkeypatch.chdir(tmp_path)
    rng, label = np.random.default_rng(8), labels(np.random.default_rng(9), 80, CLASSES)
    for (variant, (sparsity, size)), skill in zip(FACTS.items(), (0.8, 0.7, 0.5, 0.8), strict=True):
        for shard, first, members in zip(SHARDS, (0, 4), (4, 3), strict=True):
            one = population(rng, label, members=members, classes=CLASSES, first=first, skill=skill)
            write_population("toy", variant, shard, one, **sizes(sparsity, size))
    write_examples("toy", one, list("abcd"))
    return "toy"


def run(study: str, *, root_seed: int = 3) -> pd.DataFrame:
    write_comparison(
        study=study,
        examples=examples_path(study),
        predictions={variant: predictions(study, variant, SHARDS) for variant in FACTS},
        comparison=Path("comparison.csv"),
        ranking=Path("ranking.csv"),
        root_seed=root_seed,
        settings=settings(),
        design="auto",
        ties="label",
        cluster=None,
        halves=Halves(splits=9),
        resamples=8,
        ranks=Ranking(sparsities=[0.5, 0.7], accuracy_drops=[0.05]),
    )
    return read_csv(Path("comparison.csv"))


def test_the_step_writes_facts_noise_and_ranking(study: str) -> None:
    table = run(study)
    assert table["variant"].tolist() == list(FACTS)
    assert list(zip(table["sparsity"], table["bytes_per_member"], strict=True)) == list(FACTS.values())
    assert set(table["multiply_adds"]) == {9.5}
    for variant in ("gmp-50", "int8"):
        written = run_node("null", study, variant, SHARDS, root_seed=3, draws=Halves(splits=9), ties="label")
        row = table.set_index("variant").loc[variant]
        for noise in read_csv(written).to_dict("records"):
            for measure in null.MEASURES:
                of_what, _, end = measure.partition("_")
                name = "_".join(filter(None, (of_what, noise["count"], end)))
                assert row[name] == pytest.approx(noise[measure])
                assert of_what != "null" or table.loc[0, name] == row[name]
    ranking = read_csv(Path("ranking.csv"))
    levels = [("sparsity", 0.5), ("sparsity", 0.7), ("accuracy_drop", 0.05)]
    assert list(ranking.groupby(["basis", "at"], sort=False).groups) == levels
    assert set(ranking["method"]) == {"gmp", "int8"}


def test_another_seed_moves_the_bands_and_not_the_counts(study: str) -> None:
    first, again, other = run(study), run(study), run(study, root_seed=4)
    assert again.equals(first)
    counts = ["top1", "pie", "significant_classes"]
    assert other[counts].equals(first[counts])
    assert not other["pie_high"].equals(first["pie_high"])


def test_populations_that_cannot_be_compared(study: str) -> None:
    label = labels(np.random.default_rng(9), 70, CLASSES)
    for shard, first, members in zip(SHARDS, (0, 4), (4, 3), strict=True):
        one = population(np.random.default_rng(1), label, members=members, classes=CLASSES, first=first)
        write_population(study, "int8", shard, one, **sizes(0.0, 1))
    with pytest.raises(InputError, match="10 example ids"):
        run(study)
    assert not Path("comparison.csv").exists()
