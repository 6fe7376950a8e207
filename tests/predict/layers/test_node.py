from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from lesion.artifacts.csv_tables import read_csv
from lesion.errors import InputError
from lesion.params.derived import kept_layers
from lesion.predict.layers.shown import draw
from tests.conftest import step, tiny, write_params
from tests.predict.layers.cases import shown

FOLDER = Path("results/digits/layers")
SHARDS = ["0-0", "1-1"]


def params() -> dict[str, Any]:
    """Two members of the digits, quantised so coarsely that answers break: their images are few, and it is quick."""
    found = tiny(epochs=1)
    found["active"] |= {"trained": [], "shards": SHARDS}
    found["studies"]["digits"] |= {"layers": {"variants": ["int8-dynamic"], "images": 300}}
    found["variants"]["int8-dynamic"] = {"method": "int8-dynamic", "of": "dense"}
    found["active"]["derived"] = ["int8-dynamic"]
    return found


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("layers")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_params(folder, params())
        step("data", study="digits")
        for shard in SHARDS:
            step("train", study="digits", variant="dense", shard=shard)
            step("compress", study="digits", variant="int8-dynamic", shard=shard)
        step("layers", study="digits", variant="int8-dynamic")
        step("figure", study="digits", figure="layers")
    return folder


def test_each_layer_has_a_row_and_the_bytes_add_up(judged: Path) -> None:
    table = read_csv(judged / FOLDER / "int8-dynamic.csv")
    assert table["layer"].tolist() == ["0", "3", "7"]
    assert table["kind"].tolist() == ["convolution 3×3", "convolution 3×3", "linear"]
    assert table["weights"].tolist() == [16 * 9, 32 * 16 * 9, 10 * 128]
    float_bytes = [4 * (144 + 4 * 16), 4 * (4608 + 4 * 32), 4 * (1280 + 10)]  # the norm's four tensors, the last bias
    counters = [8, 8, 0]
    assert table["bytes"].tolist() == [sum(both) for both in zip(float_bytes, counters, strict=True)]
    assert table["bytes_compressed"].tolist() == [144 + 8 * 16, 4608 + 8 * 32, 1280 + 8 * 10]  # scales, biases
    assert set(table["images"]) == {300}
    assert set(table["members"]) == {2}
    assert table["error"].between(1e-4, 0.1).all()


def test_the_path_starts_with_no_layer_and_one_point_is_suggested(judged: Path) -> None:
    path = read_csv(judged / FOLDER / "path" / "int8-dynamic.csv")
    assert path["kept"].tolist() == list(range(len(path)))
    assert path["suggested"].sum() == 1
    assert (path["broken"].diff().dropna() < 0).all()


def test_the_suggestion_is_an_entry_of_params_and_its_bytes_are_what_it_takes(judged: Path) -> None:
    entry = yaml.safe_load((judged / FOLDER / "keep" / "int8-dynamic.yaml").read_text())
    path = read_csv(judged / FOLDER / "path" / "int8-dynamic.csv").set_index("kept")
    best = int(path.index[path["suggested"]][0])
    keep = entry["int8-dynamic-kept"]["keep"]
    assert entry == {"int8-dynamic-kept": {"method": "int8-dynamic", "of": "dense", "keep": keep}}
    assert keep == path.loc[1:best, "layer"].tolist()
    assert kept_layers(keep, ["0", "3", "7"]) == set(keep)
    check = read_csv(judged / FOLDER / "check" / "int8-dynamic.csv")
    assert (check["bytes_kept"] - check["bytes"]).tolist() == [path.loc[best, "bytes"]] * 4


def test_the_check_counts_what_the_scan_counted(judged: Path) -> None:
    check = read_csv(judged / FOLDER / "check" / "int8-dynamic.csv")
    path = read_csv(judged / FOLDER / "path" / "int8-dynamic.csv").set_index("kept")
    assert list(zip(check["set"], check["member"], strict=True)) == [
        *(("chosen by", 0), ("chosen by", 1)),
        *(("others", 0), ("others", 1)),
    ]
    mine = check[check["set"] == "chosen by"]
    assert mine["broken"].mean() == path.loc[0, "broken"]
    assert mine["broken_kept"].mean() == path["broken"][path["suggested"]].item()
    assert (check["broken"] - check["back"] + check["new"]).equals(check["broken_kept"])
    change = (check["fixed_kept"] - check["broken_kept"]) / check["images"]
    assert (check["accuracy_kept"] - check["accuracy"]).to_numpy() == pytest.approx(change.to_numpy())


def test_the_figure_has_its_numbers(judged: Path) -> None:
    numbers = pd.read_csv(judged / "results/digits/figures/layers.csv")
    assert numbers["variant"].tolist() == ["int8-dynamic"] * 3
    assert (judged / "results/digits/figures/layers.svg").stat().st_size > 1000


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"calibration": "test"}, "layers.images: 600 images to choose by and 600 others are asked for, there are 898"),
        ({}, "layers.images: 900 images are asked for, the calibration split has 899"),
    ],
)
def test_too_few_images_are_told(
    change: dict[str, Any], said: str, judged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(judged)
    wanted = params()
    wanted["studies"]["digits"] |= change
    wanted["studies"]["digits"]["layers"]["images"] = 600 if change else 900
    before = (judged / FOLDER / "int8-dynamic.csv").read_bytes()
    write_params(judged, wanted)
    with pytest.raises(InputError, match=f"^{said}$"):
        step("layers", study="digits", variant="int8-dynamic")
    assert (judged / FOLDER / "int8-dynamic.csv").read_bytes() == before


def test_the_images_to_choose_by_are_others_than_those_to_check_on() -> None:
    split = shown(100).split
    first, second = draw(split, None, 50, seed=4)
    assert sorted([*first.rows, *second.rows]) == list(range(100))
    again, test = draw(split, split, 30, seed=4)
    assert set(again.rows) <= set(first.rows)
    assert len(test.rows) == 30
