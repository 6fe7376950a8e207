from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lesion.artifacts import paths
from lesion.artifacts.tables import ROBUSTNESS, read_parquet
from lesion.audit.robustness import Accuracies, read_accuracies, sensitivity
from lesion.data.corruptions.corrupt import CORRUPTIONS
from lesion.params.figure import Figure
from lesion.views.figures import style
from lesion.views.figures.robustness import GROUPS, grouped, numbers, plot


def read(study: dict[str, Any]) -> pd.DataFrame:
    variants = ["dense", *study["trained"], *study["derived"]]
    tables = {variant: read_accuracies(study["study"], variant, study["shards"]) for variant in variants}
    return numbers(sensitivity(tables))


def test_groups_are_those_of_the_corruptions() -> None:
    assert sorted(chain.from_iterable(GROUPS.values())) == sorted(CORRUPTIONS)


def test_columns_are_grouped_and_strangers_kept() -> None:
    found = ["clean", "natural-adversarial", "rain", "fog", "gaussian-noise"]
    assert grouped(found) == [
        ("noise", "gaussian-noise"),
        ("weather", "fog"),
        ("other", "rain"),
        ("natural", "natural-adversarial"),
    ]


def test_extra_is_the_drop_beyond_the_clean_drop(study: dict[str, Any]) -> None:
    table = read(study)

    def accuracy(variant: str) -> Any:
        files = [paths.robustness(study["study"], variant, shard) for shard in study["shards"]]
        frame = pd.concat(read_parquet(path, ROBUSTNESS).to_pandas() for path in files)
        each = frame.groupby(["corruption", "member"], observed=True)[["correct", "total"]].sum()
        return (each["correct"] / each["total"]).groupby("corruption", observed=True).mean()

    dense = accuracy("dense")
    for variant, part in table.groupby("variant"):
        compressed = accuracy(str(variant))
        drop = (compressed - dense) / dense
        for row in part.to_dict("records"):
            assert row["extra_top1"] == pytest.approx(drop[row["corruption"]] - drop["clean"])
            assert row["dense_top1"] == pytest.approx(dense[row["corruption"]])
    assert table["variant"].drop_duplicates().tolist() == study["trained"] + study["derived"]
    assert set(table.loc[table["corruption"] == "natural-adversarial", "group"]) == {"natural"}


def test_a_dense_accuracy_of_zero_has_no_relative_drop(study: dict[str, Any]) -> None:
    variants = ["dense", *study["trained"]]
    tables = {variant: read_accuracies(study["study"], variant, study["shards"]) for variant in variants}
    mean = tables["dense"].mean
    mean.loc["fog", "top1"] = 0
    blind = np.where((mean.index == "fog")[:, None], 0, tables["dense"].top1)
    tables["dense"] = Accuracies(mean, blind)
    table = numbers(sensitivity(tables))
    assert table.loc[table["corruption"] == "fog", "extra_top1"].isna().all()
    assert np.isfinite(table.loc[table["corruption"] != "fog", "extra_top1"]).all()
    with style.applied(Figure(width=8, height=5, font_size=8)):
        heat = plot(table).axes[1]
    assert [text.get_text() for text in heat.texts].count("n/a") == len(study["trained"])


def test_white_is_no_extra_sensitivity(study: dict[str, Any]) -> None:
    with style.applied(Figure(width=8, height=5, font_size=8)):
        (image,) = plot(read(study)).axes[1].images
    low, high = image.get_clim()
    assert low is not None
    assert high is not None
    assert low == -high
    assert image.norm(np.zeros(1)) == 0.5


def test_sets_among_fewer_classes_are_columns_of_their_own() -> None:
    found = ["clean", "fog", "natural-adversarial-1000-way", "natural-adversarial-200-way"]
    assert grouped(found) == [
        ("weather", "fog"),
        ("natural", "natural-adversarial-1000-way"),
        ("natural", "natural-adversarial-200-way"),
    ]


def test_clean_images_alone_are_said_to_be_so(study: dict[str, Any]) -> None:
    table = read(study).query("corruption == 'clean'").reset_index(drop=True)
    with style.applied(Figure(width=8, height=5, font_size=8)):
        drawing = plot(table)
    assert drawing.texts[-1].get_text() == "This study shows its models clean images alone."
    assert not drawing.axes
