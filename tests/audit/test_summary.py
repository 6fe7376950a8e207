import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp
from statsmodels.stats.multitest import fdrcorrection

from lesion.audit.comparison.populations import read_population
from lesion.audit.node import write_statistic
from lesion.audit.noise import COUNTS
from lesion.audit.summary import accuracy_row, as_table, write_summary
from lesion.errors import InputError
from lesion.params.halves import Halves
from lesion.params.impact import Impact
from lesion.params.resamples import Resamples
from tests.compared import examples_path, run, run_summary, summary_path, table_path
from tests.compared import predictions as files
from tests.synthetic import labels, population, write_examples, write_population

SHARDS = ["0-3", "4-6"]
MEMBERS = [4, 3]
TEXTS = {"variant", "encoding", "test", "sparsity_by_layer"}
STATISTICS = ["effects", "impact", "null", "pie"]
FACTS = {"dense": (0.0, 4000), "half": (0.5, 2500), "small": (0.0, 1000)}
NUMBERS = ["sparsity", "parameters_left", "multiply_adds", "bytes_per_member"]
ORDER = [
    *("variant", "sparsity", "parameters", "parameters_left", "multiply_adds", "bytes_per_member", "encoding"),
    *("members", "top1", "top1_low", "top1_high", "top1_sd", "top5"),
    *("test", "classes", "significant_classes", "classes_lost", "classes_gained", "significant_classes_fdr"),
    "paper_significant_classes",
    *("pie", "pie_fdr", "top1_change", "top1_change_low", "top1_change_high"),
    *("pie_share", "pie_share_low", "pie_share_high", "null_members"),
    *(
        name
        for count in COUNTS
        for name in (
            *(f"null_{count}{end}" for end in ("", "_low", "_high")),
            f"matched_{count}",
            *(f"excess_{count}{end}" for end in ("", "_low", "_high")),
        )
    ),
    *("pie_p", "sparsity_by_layer"),
]
SETTINGS = Impact(alpha=0.2, normalise="population")


def sizes(variant: str, shard: str) -> dict[str, Any]:
    """What the predictions of a shard say of its members: a little less is left of those of the second."""
    sparsity, size = FACTS[variant]
    if sparsity and shard == SHARDS[1]:
        sparsity, size = sparsity + 0.07, size - 70
    return {
        "sparsity": sparsity,
        "sparsity_by_layer": [["10.weight", sparsity / 2], ["2.weight", sparsity]],
        "parameters": 1000,
        "parameters_left": 1000 * (1 - sparsity),
        "multiply_adds": 30_000 * (1 - sparsity),
        "multiply_adds_dense": 30_000,
        "bytes_per_member": size,
        "encoding": "bit mask + values" if sparsity else "plain",
    }


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A study with its audit, in the current folder."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(8)
    label = labels(rng, 80, 4)
    for variant, skill in zip(FACTS, (0.8, 0.6, 0.7), strict=True):
        for shard, first, members in zip(SHARDS, (0, 4), MEMBERS, strict=True):
            made = population(
                rng, label, members=members, classes=4, first=first, skill=np.array([skill, 0.7, 0.7, 0.3])
            )
            write_population("toy", variant, shard, made, **sizes(variant, shard))
    write_examples("toy", made, list("abcd"))
    for variant in ("half", "small"):
        audited("toy", variant)
    return "toy"


def audited(study: str, variant: str) -> None:
    """Run the nodes of a variant."""
    run("impact", study, variant, SHARDS, settings=SETTINGS)
    run("pie", study, variant, SHARDS, ties="label")
    run("effects", study, variant, SHARDS, settings=Resamples(draws=9), ties="label")
    run("null", study, variant, SHARDS, draws=Halves(splits=30), ties="label")


def summarised(study: str, compressed: list[str]) -> pd.DataFrame:
    written = run_summary(study, compressed, SHARDS, alpha=SETTINGS.alpha, statistics=STATISTICS)
    return pd.read_csv(written).set_index("variant")


def predictions(variant: str) -> pd.DataFrame:
    rows = pd.concat(pd.read_parquet(path) for path in files("toy", variant, SHARDS))
    return rows.assign(correct=rows["prediction"] == rows["label"])


def test_the_headline_table_is_recomputed_from_the_artifacts(study: str) -> None:
    table = summarised(study, ["half", "small"])
    assert table.index.tolist() == ["dense", "half", "small"]
    for variant in FACTS:
        rows, found = predictions(variant), table.loc[variant]
        by_member = rows.groupby("member")["correct"].mean()
        each = [sizes(variant, shard) for shard, members in zip(SHARDS, MEMBERS, strict=True) for _ in range(members)]
        interval = ttest_1samp(by_member, 0).confidence_interval(0.95)
        expected: dict[str, Any] = {
            **{name: np.mean([member[name] for member in each]) for name in NUMBERS},
            "parameters": 1000,
            "members": 7,
            "top1": by_member.mean(),
            "top1_low": interval.low,
            "top1_high": interval.high,
            "top1_sd": by_member.std(),
            "top5": rows.groupby("member")["correct_top5"].mean().mean(),
        }
        if variant != "dense":
            modes = [
                part.groupby("example_id")["prediction"].agg(lambda said: said.mode().max())
                for part in (predictions("dense"), rows)
            ]
            tested = pd.read_csv(table_path(study, "impact", variant))
            graded = pd.read_parquet(table_path(study, "pie", variant))
            expected |= {"pie": (modes[0] != modes[1]).sum(), "pie_share": (modes[0] != modes[1]).mean()}
            expected["pie_fdr"] = (graded["pie"] & (graded["q"] < SETTINGS.alpha)).sum()
            changed = pd.read_csv(table_path(study, "effects", variant)).set_index("measure")
            for name, measure in (("top1_change", "top1"), ("pie_share", "pie_share")):
                expected |= {f"{name}_low": changed.loc[measure, "low"], f"{name}_high": changed.loc[measure, "high"]}
            dense_top1 = predictions("dense").groupby("member")["correct"].mean().mean()
            expected["top1_change"] = by_member.mean() - dense_top1
            expected |= {
                "significant_classes_fdr": (fdrcorrection(tested["p"])[1] < 0.2).sum(),
                "paper_significant_classes": (tested["paper_p"] < 0.2).sum(),
                "null_members": 3,
                "classes": 4,
                "significant_classes": (tested["p"] < 0.2).sum(),
                "classes_lost": ((tested["p"] < 0.2) & (tested["normalised_change"] < 0)).sum(),
                "classes_gained": ((tested["p"] < 0.2) & (tested["normalised_change"] > 0)).sum(),
            }
            noise = pd.read_csv(table_path(study, "null", variant)).set_index("count")
            expected["pie_p"] = noise.loc["pie", "p"]
            for count, row in noise.iterrows():
                assert count != "pie" or row["all"] == expected["pie"]
                expected |= {f"{name}_{count}": row[name] for name in ("null", "matched", "excess")}
                for name in ("null", "excess"):
                    expected |= {f"{name}_{count}_{end}": row[f"{name}_{end}"] for end in ("low", "high")}
        np.testing.assert_allclose([found[name] for name in expected], list(expected.values()), rtol=1e-12, atol=1e-15)
        texts = TEXTS - ({"variant", "test"} if variant == "dense" else {"variant"})
        assert set(found.dropna().index) == set(expected) | texts
    assert table.loc["half", "significant_classes"] > 0


def test_columns_have_their_order_and_no_cell_has_a_comma(study: str) -> None:
    summarised(study, ["half", "small"])
    header, *lines = summary_path(study).read_text().splitlines()
    assert header.split(",") == ORDER
    assert {line.count(",") for line in lines} == {len(ORDER) - 1}  # the report splits the lines there


def test_layers_keep_the_order_of_the_network_and_are_means_over_members(study: str) -> None:
    table = summarised(study, ["half", "small"])
    mean = (4 * 0.5 + 3 * 0.57) / 7
    assert table.loc["half", "sparsity_by_layer"] == f"10.weight {mean / 2:.3f}; 2.weight {mean:.3f}"
    assert table.loc["dense", "sparsity_by_layer"] == "10.weight 0.000; 2.weight 0.000"
    assert table["encoding"].tolist() == ["plain", "bit mask + values", "plain"]


def test_one_member_has_no_interval(study: str) -> None:
    population = read_population(files(study, "dense", SHARDS))
    one = replace(population, member=population.member[:1], prediction=population.prediction[:1])
    row = accuracy_row(one)
    assert row["top1"] == one.correct.mean()
    assert np.isnan([row["top1_low"], row["top1_high"]]).all()
    assert row["top1_sd"] is None


def test_the_metrics_are_the_same_numbers(study: str) -> None:
    table = summarised(study, ["half", "small"])
    metrics = json.loads(summary_path(study, "json").read_text())
    assert list(metrics) == table.index.tolist()
    for variant, numbers in metrics.items():
        assert numbers == table.loc[variant].drop(list(TEXTS - {"variant"})).dropna().to_dict()
        assert all(isinstance(number, (int, float)) for number in numbers.values())


def test_what_is_not_asked_for_is_left_out(study: str) -> None:
    assert summarised(study, ["half"]).index.tolist() == ["dense", "half"]


def test_dense_alone_is_a_summary_too(study: str) -> None:
    assert summarised(study, []).index.tolist() == ["dense"]


@pytest.mark.parametrize("members", [1, 2])
def test_a_small_population_from_elsewhere_leaves_empty_what_cannot_be_said(study: str, members: int) -> None:
    label = read_population(files(study, "dense", SHARDS)).known_label.astype(np.int16)
    made = population(np.random.default_rng(3), label, members=members, classes=4, skill=0.5)
    write_population(study, "other", "0-0", made)  # its metadata tell no sizes
    each: dict[str, dict[str, Any]] = {
        "impact": {"settings": SETTINGS},
        "pie": {"ties": "label"},
        "effects": {"settings": Resamples(draws=9), "ties": "label"},
        "null": {"draws": Halves(splits=30), "ties": "label"},
    }
    for statistic, settings in each.items():
        write_statistic(
            statistic=statistic,
            study=study,
            variant="other",
            examples=examples_path(study),
            dense=files(study, "dense", SHARDS),
            compressed=files(study, "other", ["0-0"]),
            table=table_path(study, statistic, "other"),
            root_seed=1,
            design="auto",
            cluster=None,
            **settings,
        )
    write_summary(
        study=study,
        predictions={"dense": files(study, "dense", SHARDS), "other": files(study, "other", ["0-0"])},
        summary=summary_path(study),
        metrics=summary_path(study, "json"),
        alpha=SETTINGS.alpha,
        **{name: {"other": table_path(study, name, "other")} for name in STATISTICS},
    )
    table = pd.read_csv(summary_path(study)).set_index("variant")
    assert table.columns.tolist() == ORDER[1:]
    row = table.loc["other"]
    assert row[["members", "classes"]].tolist() == [members, 4]
    assert row[["pie", "pie_fdr", "top1", "top1_change_low", "pie_share_high"]].notna().all()
    assert row[[*NUMBERS, "encoding", "sparsity_by_layer", "parameters"]].isna().all()
    tested = ["test", "significant_classes", "classes_lost", "significant_classes_fdr", "null_pie", "excess_pie"]
    assert row[tested].isna().all() == (members == 1)
    assert row[tested].notna().all() == (members == 2)
    assert set(json.loads(summary_path(study, "json").read_text())["other"]) == {
        name for name in table if pd.notna(row[name]) and name not in TEXTS
    }


def test_missing_predictions(study: str) -> None:
    missing = files(study, "small", ["0-3"])[0]
    missing.unlink()
    with pytest.raises(InputError, match=str(missing)):
        summarised(study, ["half", "small"])
    assert not summary_path(study).exists()


def test_whole_numbers_stay_whole_where_a_row_has_none() -> None:
    rows: list[dict[str, Any]] = [{"variant": "dense"}, {"variant": "half", "count": np.int64(3), "share": 0.5}]
    table = as_table(rows)
    assert [str(kind) for kind in table.dtypes[["count", "share"]]] == ["Int64", "float64"]
    assert table.to_csv(index=False).splitlines()[1:] == ["dense,,", "half,3,0.5"]
