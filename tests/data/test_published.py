from pathlib import Path

import numpy as np
import pytest

from lesion.data.dataset import Geometry
from lesion.data.images import Images
from lesion.data.published import open_published
from lesion.errors import InputError
from tests.data.image_files import write_image, write_tree

LABEL = np.array([2, 0, 1, 1], dtype=np.int64)
NAMES = ("a", "b", "c")
WNIDS = ("n01440764", "n02012849")


@pytest.fixture
def arrays(tmp_path: Path) -> Path:
    """CIFAR-10-C's layout for four test images of 32 × 32 pixels."""
    images = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), dtype=np.uint8)
    np.save(tmp_path / "gaussian_noise.npy", images)
    np.save(tmp_path / "labels.npy", np.tile(LABEL, 5).astype(np.uint8))
    return tmp_path


def packed(root: Path, severity: int = 1, name: str = "gaussian-noise") -> tuple[Images, np.ndarray]:
    return open_published(root, name, severity, class_ids=NAMES, label=LABEL, geometry=None)


@pytest.mark.parametrize("severity", [1, 2, 5])
def test_a_severity_is_a_fifth_of_the_array(arrays: Path, severity: int) -> None:
    images, label = packed(arrays, severity)
    published = np.load(arrays / "gaussian_noise.npy")
    for row in range(4):
        np.testing.assert_array_equal(images.read(np.array([row]))[0], published[(severity - 1) * 4 + row])
    assert images.shape == (32, 3)
    assert label.tolist() == LABEL.tolist()


def test_other_labels_are_counted_and_the_first_is_named(arrays: Path) -> None:
    told = np.tile(LABEL, 5)
    told[[5, 7]] = [2, 0]
    np.save(arrays / "labels.npy", told)
    packed(arrays, 1)
    with pytest.raises(
        InputError, match=r"labels\.npy: 2 of 4 labels differ .*, first 2 for 0 at test image 1: .*order$"
    ):
        packed(arrays, 2)


def test_arrays_that_are_missing_or_of_another_shape_are_named(arrays: Path) -> None:
    with pytest.raises(InputError, match=r"shot_noise\.npy: missing"):
        packed(arrays, name="shot-noise")
    np.save(arrays / "labels.npy", LABEL)
    with pytest.raises(InputError, match=r"labels\.npy: \(4,\), \(20,\) expected"):
        packed(arrays)
    np.save(arrays / "gaussian_noise.npy", np.zeros((15, 32, 32, 3), np.uint8))
    with pytest.raises(
        InputError, match=r"noise\.npy: uint8 \(15, 32, 32, 3\), uint8 \(20, height, width, channels\) exp"
    ):
        packed(arrays)
    np.save(arrays / "gaussian_noise.npy", np.zeros((20, 32, 32, 3)))
    with pytest.raises(InputError, match=r"noise\.npy: float64 "):
        packed(arrays)
    (arrays / "labels.npy").unlink()
    with pytest.raises(InputError, match=r"labels\.npy: missing"):
        packed(arrays)


def test_a_pickle_is_not_read(arrays: Path) -> None:
    np.save(arrays / "gaussian_noise.npy", np.array([{"a": 1}]), allow_pickle=True)
    with pytest.raises(InputError, match=r"gaussian_noise\.npy: not a readable NumPy array"):
        packed(arrays)
    (arrays / "gaussian_noise.npy").write_bytes(b"")
    with pytest.raises(InputError, match=r"gaussian_noise\.npy: not a readable NumPy array"):
        packed(arrays)


def indexed(root: Path, severity: int = 3) -> tuple[Images, np.ndarray]:
    return open_published(
        root,
        "gaussian-noise",
        severity,
        class_ids=WNIDS,
        label=np.array([0, 0, 0, 1]),
        geometry=Geometry(resize=20, side=16),
    )


@pytest.mark.parametrize("group", ["", "noise/"])
def test_files_lie_by_corruption_severity_and_class(tmp_path: Path, group: str) -> None:
    where = tmp_path / f"{group}gaussian_noise" / "3"
    write_tree(where, {WNIDS[0]: 2, WNIDS[1]: 1, "n09999999": 1}, side=16)
    pictures = [write_image(where / wnid / f"{place}.png", 16, 16, 7 + place)
                for wnid, place in ((WNIDS[0], 0), (WNIDS[0], 1), (WNIDS[1], 0))]  # fmt: skip
    images, label = indexed(tmp_path)
    assert label.tolist() == [0, 0, 1]
    assert label.dtype == np.int64
    np.testing.assert_array_equal(images.read(np.arange(3)), np.stack(pictures))  # of the side: as they are


def test_files_of_another_size_are_shown_as_clean_ones_are(tmp_path: Path) -> None:
    where = tmp_path / "gaussian_noise" / "3"
    write_tree(where, dict.fromkeys(WNIDS, 1), side=30)
    images, _ = indexed(tmp_path)
    assert images.read(np.arange(2)).shape == (2, 16, 16, 3)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    def fails(message: str) -> None:
        with pytest.raises(InputError, match=message):
            indexed(tmp_path)

    fails("a folder for each class is expected|missing")
    (tmp_path / "noise").mkdir()
    fails("gaussian_noise: missing; a folder of published corrupted images is expected")
    write_tree(tmp_path / "noise" / "gaussian_noise", {f"1/{wnid}": 1 for wnid in WNIDS})
    fails("gaussian_noise/3: there is no such folder of images")
    write_tree(tmp_path / "noise" / "gaussian_noise", {f"3/{WNIDS[0]}": 1})
    fails("gaussian_noise/3/n02012849: missing; images of each class are expected")
