from pathlib import Path

import numpy as np
import pytest

from lesion.artifacts.arrays import read_arrays, write_arrays
from lesion.artifacts.tables import EXAMPLES, read_parquet, write_parquet
from lesion.errors import InputError
from lesion.views.example_images import read_images
from tests.views.synthetic import Study


def test_finds_images_by_id(study: Study) -> None:
    ids = read_parquet(study.examples, EXAMPLES)["example_id"].to_pylist()
    images = read_arrays(study.images)[0]["images"]
    assert ids != list(range(len(ids)))
    found = read_images(study.examples, study.images, [ids[7], ids[3], ids[7]])
    assert list(found) == [ids[3], ids[7]]
    assert np.array_equal(found[ids[3]], images[3])
    assert np.array_equal(found[ids[7]], images[7])


def test_an_unknown_id_is_told(study: Study) -> None:
    with pytest.raises(InputError, match=r"examples\.parquet: has no example 11"):
        read_images(study.examples, study.images, [10, 11])


def test_images_that_do_not_match_are_told(study: Study, tmp_path: Path) -> None:
    examples = read_parquet(study.examples, EXAMPLES)
    write_parquet(tmp_path / "examples.parquet", examples)
    write_arrays(tmp_path / "images.safetensors", {"images": np.zeros((3, 8, 8, 1), dtype=np.uint8)})
    with pytest.raises(InputError, match=r"images\.safetensors: has 3 images, 120 expected"):
        read_images(tmp_path / "examples.parquet", tmp_path / "images.safetensors", [10])
