from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lesion.artifacts.tables import ROBUSTNESS, read_parquet
from lesion.audit.robustness import Accuracies, read_accuracies, sensitivity
from lesion.data.corruptions.corrupt import CORRUPTIONS
from lesion.params.figure import Figure
from lesion.views.figures import style
from lesion.views.figures.robustness import GROUPS, draw, grouped, plot, tabulate
from tests.views.synthetic import Study


def read(study: Study) -> pd.DataFrame:
    tables = {variant: read_accuracies(files) for variant, files in study.robustness.items()}
    return tabulate(sensitivity(tables, design="auto"))


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


def test_extra_is_the_drop_beyond_the_clean_drop(study: Study) -> None:
    table = read(study)

    def accuracy(variant: str) -> Any:
        frame = pd.concat(read_parquet(path, ROBUSTNESS).to_pandas() for path in study.robustness[variant])
        each = frame.groupby(["corruption", "member"], observed=True)[["correct", "total"]].sum()
        return (each["correct"] / each["total"]).groupby("corruption", observed=True).mean()

    dense = accuracy("dense")
    for variant, part in table.groupby("variant"):
        compressed = accuracy(str(variant))
        drop = (compressed - dense) / dense
        for row in part.to_dict("records"):
            assert row["extra_top1"] == pytest.approx(drop[row["corruption"]] - drop["clean"])
            assert row["dense_top1"] == pytest.approx(dense[row["corruption"]])
    assert table["variant"].drop_duplicates().tolist() == study.compressed
    assert set(table.loc[table["corruption"] == "natural-adversarial", "group"]) == {"natural"}


def test_a_dense_accuracy_of_zero_has_no_relative_drop(study: Study) -> None:
    tables = {variant: read_accuracies(study.robustness[variant]) for variant in ("dense", *study.made.trained)}
    mean = tables["dense"].mean
    mean.loc["fog", "top1"] = 0
    blind = np.where((mean.index == "fog")[:, None], 0, tables["dense"].top1)
    tables["dense"] = Accuracies(mean, blind)
    table = tabulate(sensitivity(tables, design="auto"))
    assert table.loc[table["corruption"] == "fog", "extra_top1"].isna().all()
    assert np.isfinite(table.loc[table["corruption"] != "fog", "extra_top1"]).all()
    with style.applied(Figure(width=8, height=5, font_size=8)):
        heat = plot(table).axes[1]
    assert [text.get_text() for text in heat.texts].count("n/a") == len(study.made.trained)


def test_white_is_no_extra_sensitivity(study: Study) -> None:
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


def test_clean_images_alone_are_said_to_be_so(study: Study) -> None:
    table = read(study).query("corruption == 'clean'").reset_index(drop=True)
    with style.applied(Figure(width=8, height=5, font_size=8)):
        drawing = plot(table)
    assert drawing.texts[-1].get_text() == "This study shows its models clean images alone."
    assert not drawing.axes


SIZE = Figure(width=8, height=5, font_size=8)


def drawn(study: Study, folder: Path, **changed: Any) -> pd.DataFrame:
    draw(**study.arguments("robustness", folder) | changed, figure=SIZE)
    return pd.read_csv(folder / "robustness.csv")


def test_the_design_is_that_of_the_audit(study: Study, tmp_path: Path) -> None:
    ends = ["extra_top1_low", "extra_top1_high"]
    auto, paired, independent = (
        drawn(study, tmp_path, design=design)[ends].to_numpy() for design in ("auto", "paired", "independent")
    )
    np.testing.assert_array_equal(auto, independent)  # these members share nothing
    assert not np.allclose(paired, independent, equal_nan=True)


def test_variants_that_were_not_shown_corrupted_images_have_no_row(every_kind: Study, tmp_path: Path) -> None:
    table = drawn(every_kind, tmp_path)
    assert table["variant"].drop_duplicates().tolist() == ["gmp-90", "gmp-90-int8-static"]
    dense = {"dense": every_kind.robustness["dense"]}
    assert drawn(every_kind, tmp_path, robustness=dense).empty
    assert "No compressed variant of this study was shown" in (tmp_path / "robustness.svg").read_text()
