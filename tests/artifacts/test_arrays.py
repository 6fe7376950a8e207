import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

from lesion.artifacts.arrays import Arrays, read_arrays, write_arrays
from lesion.errors import InputError

ARRAYS: Arrays = {
    "images": np.arange(48, dtype=np.uint8).reshape(3, 4, 4, 1),
    "transposed": np.arange(6, dtype=np.int32).reshape(2, 3).T,
    "mean": np.array([0.25], dtype=np.float32),
    "none": np.zeros((0, 3), dtype=np.int16),
}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "arrays.safetensors"
    write_arrays(path, ARRAYS, study="toy")
    found, facts = read_arrays(path)
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
        np.testing.assert_array_equal(load_file(path)[name], array)  # another reader
    assert facts == {"study": "toy"}


def test_two_writes_give_the_same_bytes(tmp_path: Path) -> None:
    one, other = tmp_path / "one.safetensors", tmp_path / "other.safetensors"
    write_arrays(one, ARRAYS, study="toy", variant="dense")
    write_arrays(other, dict(reversed(ARRAYS.items())), variant="dense", study="toy")
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("left", [0, 7, 40, -1])
def test_a_truncated_file(left: int, tmp_path: Path) -> None:
    path = tmp_path / "arrays.safetensors"
    write_arrays(path, ARRAYS)
    os.truncate(path, left % path.stat().st_size)
    with pytest.raises(InputError, match=rf"^{path}: not a readable safetensors file \(.+\)$"):
        read_arrays(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"^{tmp_path / 'arrays.safetensors'}: "):
        read_arrays(tmp_path / "arrays.safetensors")
