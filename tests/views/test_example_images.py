from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lesion.artifacts import paths
from lesion.artifacts.arrays import read_arrays, write_arrays
from lesion.artifacts.tables import EXAMPLES, read_parquet, write_parquet
from lesion.errors import InputError
from lesion.views.example_images import read_images


def test_finds_images_by_id(study: dict[str, Any]) -> None:
    ids = read_parquet(paths.examples(study["study"]), EXAMPLES)["example_id"].to_pylist()
    images = read_arrays(paths.images(study["study"]))[0]["images"]
    assert ids != list(range(len(ids)))
    found = read_images(study["study"], [ids[7], ids[3], ids[7]])
    assert list(found) == [ids[3], ids[7]]
    assert np.array_equal(found[ids[3]], images[3])
    assert np.array_equal(found[ids[7]], images[7])


def test_an_unknown_id_is_told(study: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"examples\.parquet: has no example 11"):
        read_images(study["study"], [10, 11])


def test_images_that_do_not_match_are_told(study: dict[str, Any], tmp_path: Path, monkeypatch: Any) -> None:
    examples = read_parquet(paths.examples(study["study"]), EXAMPLES)
    monkeypatch.chdir(tmp_path)
    write_parquet(paths.examples("toy"), examples)
    write_arrays(paths.images("toy"), {"images": np.zeros((3, 8, 8, 1), dtype=np.uint8)})
    with pytest.raises(InputError, match=r"images\.safetensors: has 3 images, 120 expected"):
        read_images("toy", [10])
