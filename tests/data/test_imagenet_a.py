from pathlib import Path

import numpy as np
import pytest

from lesion import plugins
from lesion.data.images import FileImages
from lesion.data.sets import imagenet_a
from lesion.data.sets.imagenet_a import Options, load
from lesion.errors import InputError
from tests.data.image_files import write_tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two of the 200 classes, and the README that comes with them."""
    write_tree(tmp_path, {"n01498041": 2, "n01531178": 1}, side=30, suffix=".jpg")
    (tmp_path / "README.txt").touch()
    return tmp_path


def test_all_images_are_for_testing(root: Path) -> None:
    data = load(Options(root=str(root)))
    assert data.files.to_pylist() == ["n01498041/0.jpg", "n01498041/1.jpg", "n01531178/0.jpg"]
    assert data.label.tolist() == [0, 0, 1]
    assert not data.train.any()
    assert data.class_ids == ("n01498041", "n01531178")
    assert data.class_names == ("stingray", "goldfinch")


def test_they_are_shown_as_imagenet_is(root: Path) -> None:
    data = load(Options(root=str(root)))
    images = FileImages(root, data.files, data.geometry)
    assert images.read(np.arange(3)).shape == (3, 224, 224, 3)


def test_they_were_selected_by_others() -> None:
    assert imagenet_a.SELECTED is True
    assert not hasattr(plugins.load("data", "mnist-8x8"), "SELECTED")


def test_a_folder_without_classes_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a folder for each class is expected, none is there"):
        load(Options(root=str(tmp_path)))
    with pytest.raises(InputError, match=r"\$NOWHERE/imagenet-a: set this environment variable"):
        load(Options(root="$NOWHERE/imagenet-a"))
