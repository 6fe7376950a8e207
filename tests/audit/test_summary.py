import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lesion.artifacts import paths
from lesion.audit.impact import impact
from lesion.audit.null import null
from lesion.audit.pie import pie
from lesion.audit.summary import summary
from lesion.errors import InputError
from lesion.params.halves import Halves
from lesion.params.impact import Impact
from tests.synthetic import labels, population, write_examples, write_population

SHARDS = ["0-3", "4-6"]
FACTS = {"dense": (0.0, 4000), "half": (0.5, 2500), "small": (0.0, 1000)}
SETTINGS = Impact(alpha=0.2, normalise="population")


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A study with its audit, in the current folder."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(8)
    label = labels(rng, 80, 4)
    for (variant, (sparsity, size)), skill in zip(FACTS.items(), (0.8, 0.6, 0.7), strict=True):
        for shard, first, members in zip(SHARDS, (0, 4), (4, 3), strict=True):
            made = population(
                rng, label, members=members, classes=4, first=first, skill=np.array([skill, 0.7, 0.7, 0.3])
            )
            write_population("toy", variant, shard, made, sparsity=sparsity, bytes_per_member=size)
    write_examples("toy", made, list("abcd"))
    for variant in ("half", "small"):
        impact(study="toy", variant=variant, shards=SHARDS, settings=SETTINGS)
        pie(study="toy", variant=variant, shards=SHARDS)
    null(study="toy", shards=SHARDS, root_seed=1, settings=SETTINGS, halves=Halves(splits=30))
    return "toy"


def summarised(study: str, derived: list[str]) -> pd.DataFrame:
    summary(study=study, shards=SHARDS, trained=["half"], derived=derived)
    return pd.read_csv(paths.summary(study)).set_index("variant")


def predictions(variant: str) -> pd.DataFrame:
    rows = pd.concat(pd.read_parquet(paths.predictions("toy", variant, shard)) for shard in SHARDS)
    return rows.assign(correct=rows["prediction"] == rows["label"])


def test_the_headline_table_is_recomputed_from_the_artifacts(study: str) -> None:
    table = summarised(study, ["small"])
    assert table.index.tolist() == ["dense", "half", "small"]
    noise = pd.read_csv(paths.null(study))
    for variant, (sparsity, size) in FACTS.items():
        rows, found = predictions(variant), table.loc[variant]
        by_member = rows.groupby("member")["correct"].mean()
        expected: dict[str, Any] = {
            "sparsity": sparsity,
            "bytes_per_member": size,
            "members": 7,
            "top1": by_member.mean(),
            "top1_sd": by_member.std(),
            "top5": rows.groupby("member")["correct_top5"].mean().mean(),
        }
        if variant != "dense":
            modes = [
                part.groupby("example_id")["prediction"].agg(lambda said: said.mode().max())
                for part in (predictions("dense"), rows)
            ]
            tested = pd.read_csv(paths.impact(study, variant))
            expected |= {"pie": (modes[0] != modes[1]).sum(), "pie_share": (modes[0] != modes[1]).mean()}
            expected |= {
                "classes": 4,
                "significant_classes": (tested["p"] < 0.2).sum(),
                "classes_lost": ((tested["p"] < 0.2) & (tested["normalised_change"] < 0)).sum(),
                "classes_gained": ((tested["p"] < 0.2) & (tested["normalised_change"] > 0)).sum(),
            }
            for count in ("pie", "significant_classes"):
                expected[f"null_{count}"] = noise[count].mean()
                expected[f"null_{count}_low"] = noise[count].quantile(0.025)
                expected[f"null_{count}_high"] = noise[count].quantile(0.975)
        np.testing.assert_allclose([found[name] for name in expected], list(expected.values()), rtol=1e-12)
        assert set(found.dropna().index) == set(expected)
    assert table.loc["half", "significant_classes"] > 0


def test_the_metrics_are_the_same_numbers(study: str) -> None:
    table = summarised(study, ["small"])
    metrics = json.loads(paths.summary(study, "json").read_text())
    assert list(metrics) == table.index.tolist()
    for variant, numbers in metrics.items():
        assert numbers == table.loc[variant].dropna().to_dict()


def test_what_is_not_active_is_left_out(study: str) -> None:
    assert summarised(study, []).index.tolist() == ["dense", "half"]


def test_dense_alone_is_a_summary_too(study: str) -> None:
    summary(study=study, shards=SHARDS, trained=[], derived=[])
    assert pd.read_csv(paths.summary(study))["variant"].tolist() == ["dense"]


def test_missing_predictions(study: str) -> None:
    missing = paths.predictions(study, "small", "0-3")
    missing.unlink()
    with pytest.raises(InputError, match=str(missing)):
        summarised(study, ["small"])
    assert not paths.summary(study).exists()
