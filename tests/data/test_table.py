"""The data set `table`."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.preprocessing import StandardScaler

from lesion.data.dataset import Table
from lesion.data.features import Features
from lesion.data.inputs import Rows
from lesion.data.prepare import prepare
from lesion.data.sets import table
from lesion.data.sets.table import Options
from lesion.data.split import read_split
from lesion.errors import InputError
from lesion.params.augmentation import Augmentation

FILES = {"examples": Path("examples.parquet"), "images": Path("images.safetensors")}
TEXT = "width,label,height,split,ward\n1.5,b,2,train,x\n-1e3,a,4,test,\n0,b,8,val,x\n3,10,1,test,y\n"


def load(path: Path, **options: Any) -> Table:
    return table.load(Options.read({"table": str(path)} | options, where="studies.toy.data"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "table.csv").write_text(TEXT)
    return tmp_path / "table.csv"


def test_numbers_are_features_and_other_columns_are_named(path: Path) -> None:
    found = load(path, split="split", attributes=["ward"])
    assert found.features == ("width", "height")
    assert found.values.tolist() == [[1.5, 2.0], [-1000.0, 4.0], [3.0, 1.0]]
    assert found.values.dtype == np.float32
    assert found.ids == ("10", "a", "b")
    assert found.label.tolist() == [2, 1, 0]
    assert found.train.tolist() == [True, False, False]
    assert found.attributes["ward"].tolist() == ["x", "unknown", "y"]


def test_a_share_is_for_testing_by_a_seed(path: Path) -> None:
    found = [load(path, test_share=0.5, split_seed=seed, features=["width"]).train for seed in (0, 0, *range(20))]
    assert all(train.sum() == 2 for train in found)
    assert found[0].tolist() == found[1].tolist()
    assert len({tuple(train) for train in found}) > 2


@pytest.mark.parametrize(
    ("line", "options", "message"),
    [
        ("x,b,1,test,y", {}, r"table\.csv: line 6: column width: 'x' is no number; one is expected of a feature$"),
        (",b,1,test,y", {}, r"table\.csv: line 6: column width: '' is no number"),
        ("nan,b,1,test,y", {}, r"table\.csv: line 6: column width: 'nan' is not finite$"),
        ("1,,1,test,y", {}, r"table\.csv: line 6: column label: a label is expected, nothing is there$"),
        ("", {"features": ["wide"]}, r"table\.csv: has no column wide \(it has width, label, height, split, ward\)$"),
        ("", {"test_share": 0.5}, "one of split and test_share is expected"),
        ("", {"split": None}, "one of split and test_share is expected"),
        ("", {"test": "dev"}, r"column split: no row is dev \(there are test, train, val\)$"),
    ],
)
def test_what_does_not_fit_is_named(path: Path, line: str, options: dict[str, Any], message: str) -> None:
    path.write_text(f"{TEXT}{line}\n")
    with pytest.raises(InputError, match=message):
        load(path, **({"split": "split", "attributes": ["ward"]} | options))


@pytest.mark.parametrize("source", [load_iris, load_breast_cancer])
def test_features_are_standardised_by_the_training_rows(
    source: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = source(as_frame=True)
    found.data.assign(constant=7.0, label=found.target).to_csv("table.csv", index=False)
    prepare(study="toy", data={"name": "table", "table": "table.csv", "test_share": 0.3}, **FILES)
    train, test = (read_split(FILES["examples"], FILES["images"], name) for name in ("train", "test"))
    assert len(train.label) + len(test.label) == len(found.data)
    values = found.data.assign(constant=7.0).to_numpy(np.float32).astype(np.float64)
    scaler = StandardScaler().fit(values[train.example_id.numpy()])
    for split in (train, test):
        rows = np.arange(len(split.label))
        shown = split.normalise(torch.from_numpy(split.images.read(rows)))
        np.testing.assert_allclose(shown.numpy(), scaler.transform(values[split.example_id.numpy()]), atol=1e-4)
        assert split.label.tolist() == found.target[split.example_id.tolist()].tolist()
        assert split.blank().shape == (1, values.shape[1])


def test_people_see_the_most_unusual_features() -> None:
    held = Features(
        np.array([[1, 2, 3], [0, 2, 13]], np.float32), np.array([0, 2, 3], np.float32), np.array([1, 1, 5], np.float32),
        ("a", "b", "c"),
    )  # fmt: skip
    assert held.shown(np.array([1, 0])) == [
        "c 13 (+2.0 sd)\na 0 (+0.0 sd)\nb 2 (+0.0 sd)",
        "a 1 (+1.0 sd)\nb 2 (+0.0 sd)\nc 3 (+0.0 sd)",
    ]
    rows: Rows = np.array([0])
    assert held.augmented(rows, Augmentation(shift=0, mirror=False, smallest_area=1.0), 3).tolist() == [[1, 2, 3]]
    with pytest.raises(InputError, match=r"recipe\.augmentation: is of images, the examples are features"):
        held.augmented(rows, Augmentation(shift=1, mirror=False, smallest_area=1.0), 3)
