"""The data set `image-folder`."""

import os
import tarfile
import unicodedata
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from lesion.artifacts.tables import read_facts
from lesion.data.dataset import Indexed
from lesion.data.imagenet_facts import MEAN, STD
from lesion.data.prepare import prepare
from lesion.data.sets import image_folder
from lesion.data.sets.image_folder import Options
from lesion.data.split import read_split
from lesion.errors import InputError
from tests.conftest import REPOSITORY
from tests.data.image_files import write_image, write_tree

FORMS: dict[str, Literal["NFC", "NFD"]] = {"train": "NFC", "test": "NFD"}
SAMPLE = REPOSITORY.parent / "shared" / "data" / "imagenet-sample.tar"


def load(place: Path, **options: Any) -> Indexed:
    values = {"root": str(place), "train": "train", "test": "test", "resize": 8, "side": 8} | options
    return image_folder.load(Options.read(values, where="studies.toy.data"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_tree(tmp_path, {"train/bee": 2, "train/ant": 1, "test/bee": 1, "test/ant": 2})
    return tmp_path


def test_training_images_come_before_test_images_by_class_and_name(root: Path) -> None:
    data = load(root)
    assert data.class_names == data.ids == ("ant", "bee")
    assert data.files.to_pylist() == [
        "train/ant/0.png", "train/bee/0.png", "train/bee/1.png", "test/ant/0.png", "test/ant/1.png", "test/bee/0.png",
    ]  # fmt: skip
    assert data.label.tolist() == [0, 1, 1, 0, 0, 1]
    assert data.train.tolist() == [True] * 3 + [False] * 3
    assert (data.mean, data.std) == (MEAN, STD)
    assert load(root, mean=[0.5] * 3, std=[0.25, 0.5, 1]).std == (0.25, 0.5, 1)


@pytest.mark.parametrize("test", ["test", ".", "test/"])
def test_a_folder_of_test_images_is_enough(root: Path, test: str) -> None:
    data = load(root / "test" if test == "." else root, train=None, test=test)
    assert not data.train.any()
    assert data.label.tolist() == [0, 0, 1]
    assert all((root / ("test" if test == "." else "") / file).is_file() for file in data.files.to_pylist())


def test_a_file_tells_the_outputs_of_a_network_that_knows_more_classes(root: Path) -> None:
    (root / "classes.txt").write_text("bee\nyak\nn01440764\nant\n")
    data = load(root, train=None, classes=str(root / "classes.txt"))
    assert data.class_ids == ("bee", "yak", "n01440764", "ant")
    assert data.class_names == ("bee", "yak", "tench", "ant")
    assert data.label.tolist() == [0, 3, 3]
    (root / "classes.txt").write_text("bee\nAnt\n")
    with pytest.raises(InputError, match=r"ant: ant is none of the 2 classes of .*classes\.txt \(Ant is; capitals"):
        load(root, train=None, classes=str(root / "classes.txt"))


def test_either_folder_may_lack_a_class_but_not_both(root: Path) -> None:
    write_tree(root, {"test/cat": 1})
    assert load(root).ids == ("ant", "bee", "cat")  # a few training images, to calibrate on
    write_tree(root, {"train/Cat": 1})
    with pytest.raises(InputError, match=r"test/cat: cat is no class in .*train \(Cat is; capitals count\); if it"):
        load(root)


def test_names_in_other_forms_match_between_folders_and_file(tmp_path: Path) -> None:
    for part, form in FORMS.items():
        write_tree(tmp_path, {f"{part}/{unicodedata.normalize(form, name)}": 1 for name in ("café", "が", "ant")})
    data = load(tmp_path)
    assert data.ids == ("ant", "café", "が")
    assert data.label.tolist() == [0, 1, 2] * 2
    (tmp_path / "classes").write_text(unicodedata.normalize("NFD", "が\ncafé\nant\n"))
    assert load(tmp_path, classes=str(tmp_path / "classes")).label.tolist() == [0, 1, 2] * 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"train": "test"}, "train and test: two folders are expected, not one"),
        ({"test": "../test"}, "test: Value error, the name of a folder below root is expected"),
        ({"test": "/test"}, "test: Value error, the name of a folder below root is expected"),
        ({"resize": 4}, "side of 8 pixels: at most resize"),
        ({"std": [1.0, 0.0, 1]}, r"std\.1: Input should be greater than 0"),
        ({"mean": [0.5]}, r"mean\.1: Field required"),
        ({"root": "$NOWHERE_AT_ALL"}, r"\$NOWHERE_AT_ALL: set this environment variable"),
        ({"test": "val"}, "val: there is no such folder of images"),
        ({"classes": "none.txt"}, r"none\.txt: missing"),
    ],
)
def test_options_that_do_not_fit_are_named(root: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(root, **options)


def test_kinds_of_images_and_names_that_must_keep_passing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for place, mode in enumerate(("RGB", "L", "P", "RGBA", "I;16")):
        name = f"photos/it's \"a\" b, {place % 2}/{mode.replace(';', ' ')} 'x'.png"
        if mode == "I;16":
            from PIL import Image

            Image.fromarray(np.full((8, 8), 256 * 77, np.uint16)).save(name)
        else:
            write_image(tmp_path / name, 9, 12, place, mode)
    write_image(tmp_path / 'photos/it\'s "a" b, 0/cmyk.JPEG', 20, 8, 9, "CMYK")
    (tmp_path / "photos" / ".cache" / "x").mkdir(parents=True)
    (tmp_path / "photos" / "README.md").touch()
    files = {"examples": Path("examples.parquet"), "images": Path("images.safetensors")}
    data = {"name": "image-folder", "root": "photos", "test": ".", "resize": 10, "side": 8}
    prepare(study="toy", data=data, **files)
    split = read_split(files["examples"], files["images"], "test")
    pixels = split.images.read(np.arange(6))
    assert pixels.shape == (6, 8, 8, 3)
    deep = next(row for row, file in enumerate(split.images.files.to_pylist()) if "I 16" in file)  # type: ignore[attr-defined]
    assert (pixels[deep] == 77).all()
    assert read_split(files["examples"], files["images"], "train").images.read(np.arange(0)).shape == (0, 8, 8, 3)


def test_an_empty_file_is_told_when_the_data_are_made(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    (root / "test" / "ant" / "9.png").touch()
    files = {"examples": root / "made" / "examples.parquet", "images": root / "made" / "images.safetensors"}
    data = {"name": "image-folder", "root": str(root), "test": "test", "resize": 8, "side": 8}
    with pytest.raises(InputError, match=r"test/ant/9\.png: the file is empty, an image is expected$"):
        prepare(study="toy", data=data, **files)
    assert not any(path.exists() for path in files.values())


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the sample of ImageNet is not here")
def test_the_sample_of_imagenet_has_its_thousand_classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with tarfile.open(SAMPLE) as archive:
        archive.extractall(tmp_path, filter="data")
    files = {"examples": Path("examples.parquet"), "images": Path("images.safetensors")}
    prepare(study="toy", data={"name": "image-folder", "root": "imagenet-sample", "test": "."}, **files)
    facts = read_facts(files["examples"])
    assert len(set(facts["class_names"])) == len(facts["class_ids"]) == 1000
    assert facts["class_names"][facts["class_ids"].index("n01440764")] == "tench"
    assert len(facts["content"]) == 32
    split = read_split(files["examples"], files["images"], "test")
    assert split.label.tolist() == list(range(1000))
    assert split.images.read(np.array([0, 999])).shape == (2, 224, 224, 3)
    assert os.sep not in facts["class_ids"][0]
