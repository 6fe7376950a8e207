import os
import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lesion.artifacts.tables import read_facts
from lesion.data.augment import mirror, shift
from lesion.data.dataset import Geometry
from lesion.data.decode import open_image, random_box, read_image, show
from lesion.data.images import FileImages, PackedImages, folder
from lesion.data.opening import open_inputs
from lesion.data.prepare import prepare
from lesion.errors import InputError
from lesion.params.augmentation import Augmentation
from tests.data.image_files import write_image, write_tree

GEOMETRY = Geometry(resize=20, side=16)
CROPS = Augmentation(shift=0, mirror=True, smallest_area=0.1)


@pytest.fixture
def files(tmp_path: Path) -> FileImages:
    """Twelve files of 40 × 30 pixels."""
    names = [f"{number}.png" for number in range(12)]
    for seed, name in enumerate(names):
        write_image(tmp_path / name, 40, 30, seed)
    return FileImages(tmp_path, pa.array(names), GEOMETRY)


def test_files_are_read_in_the_order_asked_for(files: FileImages) -> None:
    read = files.read(np.array([3, 0, 3]))
    assert files.shape == (16, 3)
    assert read.shape == (3, 16, 16, 3)
    assert read.dtype == np.uint8
    for image, row in zip(read, (3, 0, 3), strict=True):
        np.testing.assert_array_equal(image, read_image(files.root / f"{row}.png", GEOMETRY))


def test_random_parts_depend_on_the_seed_alone(files: FileImages) -> None:
    rows = np.arange(12)
    first, again, other = (files.augmented(rows, CROPS, seed) for seed in (1, 1, 2))
    assert first.shape == (12, 16, 16, 3)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=(1, 2, 3)).all()
    assert (first != files.read(rows)).any(axis=(1, 2, 3)).all()


def test_a_random_part_is_one_of_the_file(files: FileImages) -> None:
    plain = Augmentation(shift=0, mirror=False, smallest_area=0.1)
    draws = np.random.default_rng(4)
    image = open_image(files.root / "5.png")
    expected = show(image, random_box(40, 30, 0.1, draws), 16)
    np.testing.assert_array_equal(files.augmented(np.array([5]), plain, 4)[0], expected)


def test_packed_images_are_shifted_and_mirrored() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 8, 8, 1), dtype=np.uint8)
    images, rows = PackedImages(pixels), np.array([8, 1, 1, 0])
    assert images.shape == (8, 1)
    np.testing.assert_array_equal(images.read(rows), pixels[rows])
    draws = np.random.default_rng(3)
    expected = mirror(shift(pixels[rows], 2, draws), draws)
    found = images.augmented(rows, Augmentation(shift=2, mirror=True, smallest_area=1), 3)
    np.testing.assert_array_equal(found, expected)


def test_an_augmentation_that_the_images_do_not_know_is_refused(files: FileImages) -> None:
    packed = PackedImages(np.zeros((2, 8, 8, 1), dtype=np.uint8))
    with pytest.raises(InputError, match="smallest_area: packed images are shifted instead"):
        packed.augmented(np.arange(2), CROPS, 1)
    with pytest.raises(InputError, match="shift: of image files, parts are cut"):
        files.augmented(np.arange(2), Augmentation(shift=1, mirror=False, smallest_area=1.0), 1)


def test_images_may_be_sent_to_another_process(files: FileImages) -> None:
    sent = pickle.loads(pickle.dumps(files))
    np.testing.assert_array_equal(sent.read(np.arange(2)), files.read(np.arange(2)))


def test_images_that_are_not_square_are_refused() -> None:
    with pytest.raises(InputError, match="images of 8 × 9 pixels: square ones are expected"):
        _ = PackedImages(np.zeros((1, 8, 9, 1), dtype=np.uint8)).shape


def test_a_missing_file_is_named(files: FileImages) -> None:
    (files.root / "7.png").unlink()
    with pytest.raises(InputError, match=r"7\.png: the image is missing$"):
        files.read(np.arange(12))
    with pytest.raises(InputError, match=r"7\.png: the image is missing$"):
        files.augmented(np.arange(12), CROPS, 0)


def test_a_folder_may_be_named_by_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME", str(tmp_path.parent))
    monkeypatch.setenv("HOME", str(tmp_path.parent))
    assert folder(f"$SOME/{tmp_path.name}") == folder(f"~/{tmp_path.name}") == folder(str(tmp_path)) == tmp_path
    with pytest.raises(InputError, match=r"^\$UNSET/a: set this environment variable"):
        folder("$UNSET/a")
    with pytest.raises(InputError, match=r"elsewhere: there is no such folder of images$"):
        folder(str(tmp_path / "elsewhere"))


FILES = {"examples": Path("examples.parquet"), "images": Path("images.safetensors")}
SHARED = {"train/cat": 3, "train/ant": 2, "test/cat": 1, "test/ant": 2}


def test_a_study_of_packed_images_is_read_as_it_was_prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_tree(tmp_path / "pictures", SHARED)
    prepare(study="small", data={"name": "cifar10", "path": "pictures"}, **FILES)
    images = open_inputs(FILES["examples"], FILES["images"], np.arange(5, 8))
    order = ["test/ant/0", "test/ant/1", "test/cat/0"]
    expected = [np.asarray(open_image(tmp_path / "pictures" / f"{name}.png")) for name in order]
    np.testing.assert_array_equal(images.read(np.arange(3)), np.stack(expected))


def test_a_study_of_files_is_read_where_they_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_tree(tmp_path / "pictures", {name.replace("test", "val"): count for name, count in SHARED.items()}, side=30)
    monkeypatch.setenv("SOME", str(tmp_path))
    data = {"name": "imagenet", "root": "$SOME/pictures", "resize": 20, "side": 16}
    prepare(study="large", data=data, **FILES)
    images = open_inputs(FILES["examples"], FILES["images"], np.array([7, 0]))
    expected = [read_image(tmp_path / "pictures" / name, GEOMETRY) for name in ("val/cat/0.png", "train/ant/0.png")]
    np.testing.assert_array_equal(images.read(np.arange(2)), np.stack(expected))
    (tmp_path / "pictures").rename(tmp_path / "moved")
    with pytest.raises(InputError, match="there is no such folder of images"):
        open_inputs(FILES["examples"], FILES["images"])


def test_image_files_that_were_changed_are_told_before_any_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_tree(tmp_path / "pictures", {name.replace("test", "val"): count for name, count in SHARED.items()}, side=16)
    data = {"name": "imagenet", "root": "pictures", "resize": 20, "side": 16}
    written = list(FILES.values())
    prepare(study="large", data=data, **FILES)
    before = [path.read_bytes() for path in written]
    victim, ago = tmp_path / "pictures" / "train" / "ant" / "1.png", (10**18, 10**18)
    os.utime(victim, ns=ago)
    open_inputs(FILES["examples"], FILES["images"])
    prepare(study="large", data=data, **FILES)
    assert [path.read_bytes() for path in written] == before  # times are in no artifact
    held = victim.read_bytes()
    victim.write_bytes(held[::-1])
    message = r"ant/1\.png: has other bytes than it had; 1 of 8 image files .* `lesion data --study large`"
    with pytest.raises(InputError, match=message):
        open_inputs(FILES["examples"], FILES["images"])
    open_inputs(FILES["examples"], FILES["images"], np.array([0, 5]))  # these are as they were
    prepare(study="large", data=data, **FILES)
    open_inputs(FILES["examples"], FILES["images"])
    changed = read_facts(written[0])["content"]
    victim.write_bytes(held)
    prepare(study="large", data=data, **FILES)
    assert [path.read_bytes() for path in written] == before
    assert changed != read_facts(written[0])["content"]
    victim.unlink()
    with pytest.raises(InputError, match=r"ant/1\.png: is missing; 1 of 8"):
        open_inputs(FILES["examples"], FILES["images"])
