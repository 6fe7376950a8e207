from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lesion.artifacts.arrays import read_arrays
from lesion.artifacts.tables import EXAMPLES, read_facts, read_parquet
from lesion.data.dataset import Packed
from lesion.data.prepare import check, examples_table, prepare
from lesion.errors import InputError

FILES = {"examples": Path("data/examples.parquet"), "images": Path("data/images.safetensors")}
DIGITS = {"name": "digits", "test_share": 0.5, "split_seed": 5248}


def dataset(label: list[int], train: list[bool]) -> Packed:
    return Packed(
        images=np.zeros((len(label), 8, 8, 1), dtype=np.uint8),
        label=np.array(label, dtype=np.int16),
        train=np.array(train),
        source="made up",
        class_names=("zero", "one", "two"),
        attributes={"young": np.array(["yes", "no"] * (len(label) // 2))},
    )


def test_a_class_without_test_example_is_told_and_no_error(caplog: pytest.LogCaptureFixture) -> None:
    check(dataset([0, 1, 2, 0, 1, 1], [True] * 3 + [False] * 3), "toy")
    assert caplog.messages == ["toy: 1 of 3 classes have no test example, such as two"]
    caplog.clear()
    check(dataset([0, 1, 2, 0, 1, 2], [True] * 3 + [False] * 3), "toy")
    check(dataset([0, 1, 1, 2], [True] + [False] * 3), "toy")  # training examples of one class, to calibrate on
    assert caplog.messages == ["toy: 1 of 3 classes have no test example, such as zero"]


def test_data_without_test_examples_or_with_one_class_are_refused() -> None:
    with pytest.raises(InputError, match=r"^toy: has no test example$"):
        check(dataset([0, 1, 2, 0], [True] * 4), "toy")
    single = replace(dataset([0, 0], [True, False]), class_names=("zero",))
    with pytest.raises(InputError, match=r"^toy: a single class, zero; two or more are expected$"):
        check(single, "toy")


def test_the_table_of_examples_holds_attributes_too() -> None:
    made = examples_table(dataset([0, 1, 2, 0], [True, True, False, False]))
    assert made.to_pydict() == {
        "example_id": [0, 1, 2, 3],
        "label": [0, 1, 2, 0],
        "split": ["train", "train", "test", "test"],
        "source": ["made up"] * 4,
        "young": ["yes", "no", "yes", "no"],
    }
    assert made.select(EXAMPLES.names).schema == EXAMPLES


def test_what_cannot_be_tested_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"^digits: has no test example"):
        prepare(study="digits", data=DIGITS | {"test_share": 0.0001}, **FILES)
    assert not list(tmp_path.iterdir())


def test_the_step_writes_examples_images_and_statistics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    prepare(study="digits", data=DIGITS, **FILES)
    files = list(FILES.values())
    rows = read_parquet(files[0], EXAMPLES).to_pandas()
    arrays, _ = read_arrays(files[1])
    assert rows["example_id"].tolist() == list(range(1797))
    assert read_facts(files[0])["class_names"] == list("0123456789")
    training = pd.Series(arrays["images"].reshape(1797, -1)[(rows["split"] == "train").to_numpy()].ravel() / 255)
    assert arrays["mean"].dtype == arrays["std"].dtype == np.float32
    np.testing.assert_allclose(arrays["mean"], [training.mean()], rtol=1e-6)
    np.testing.assert_allclose(arrays["std"], [training.std(ddof=0)], rtol=1e-6)
    before = [path.read_bytes() for path in files]
    prepare(study="digits", data=DIGITS, **FILES)
    assert [path.read_bytes() for path in files] == before
