from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

from lesion.artifacts.arrays import read_arrays
from lesion.artifacts.tables import ROBUSTNESS, read_parquet
from tests import places
from tests.conftest import SHARDS

VARIANTS = pytest.mark.parametrize("variant", ["dense", "gmp-50", "int8-static"])
CONDITIONS = [
    *(("clean", 0), ("gaussian-noise", 1), ("gaussian-noise", 5), ("pixelate", 1), ("pixelate", 5)),
    ("natural-adversarial", 0),
]


def rows(variant: str) -> pd.DataFrame:
    return read_parquet(places.robustness("digits", variant, SHARDS[0]), ROBUSTNESS).to_pandas()


@VARIANTS
def test_conditions_are_in_order_and_totals_are_the_images(variant: str, predicted: Path) -> None:
    found = rows(variant)
    assert found["member"].is_monotonic_increasing
    test = pd.read_parquet(places.examples("digits")).query("split == 'test'")
    images = {name: test["label"].value_counts() for name, _ in CONDITIONS}
    images["natural-adversarial"] = pd.Series(load_file(places.adversarial("digits"))["label"]).value_counts()
    for _, of_member in found.groupby("member"):
        seen = of_member[["corruption", "severity"]].drop_duplicates()
        assert list(seen.itertuples(index=False, name=None)) == CONDITIONS
        for (name, _), part in of_member.groupby(["corruption", "severity"], observed=True):
            assert part.set_index("label")["total"].to_dict() == images[str(name)].to_dict()
    assert (found["correct"] <= found["correct_top5"]).all()
    assert (found["correct_top5"] <= found["total"]).all()
    assert (found["correct"] >= 0).all()


@VARIANTS
def test_clean_rows_are_the_predictions(variant: str, predicted: Path) -> None:
    said = pd.read_parquet(places.predictions("digits", variant, SHARDS[0]))
    right = said.assign(correct=said["prediction"] == said["label"]).groupby(["member", "label"])
    expected = right[["correct", "correct_top5"]].sum()
    clean = rows(variant).query("corruption == 'clean'").set_index(["member", "label"])
    pd.testing.assert_frame_equal(clean[["correct", "correct_top5"]], expected, check_dtype=False)


def test_severe_noise_costs_accuracy(predicted: Path) -> None:
    dense = rows("dense")
    correct = dense.groupby(["corruption", "severity"], observed=True)["correct"].sum()
    assert correct["clean", 0] > correct["gaussian-noise", 5]


def test_the_adversarial_images_are_those_that_the_reference_model_gets_wrong(predicted: Path) -> None:
    arrays, facts = read_arrays(places.adversarial("digits"))
    assert facts["looked_at"] == 5000
    assert 0 < len(arrays["label"]) < 5000
    assert (arrays["prediction"] != arrays["label"]).all()
    assert len(np.unique(arrays["example_id"])) == len(arrays["label"])
    assert arrays["images"].shape == (len(arrays["label"]), 8, 8, 1)
    assert arrays["images"].dtype == np.uint8
