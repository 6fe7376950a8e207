from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lesion.data.dataset import Geometry, Indexed
from lesion.data.images import FileImages
from lesion.data.sets.celeba import Options, load
from lesion.errors import InputError
from tests.data.image_files import write_image

HEADER = "Blond_Hair Male Young"
FACES = {  # blond, male, young; partition
    "000001.jpg": ("-1 1 1", 0),
    "000002.jpg": (" 1 -1 1", 1),
    "000003.jpg": (" 1 -1 -1", 0),
    "000004.jpg": ("-1 -1 1", 2),
    "000005.jpg": ("-1 1 -1", 2),
    "000006.jpg": (" 1 1 1", 2),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Six faces of 20 × 24 pixels, as torchvision lays them."""
    lines = [str(len(FACES)), HEADER, *(f"{name} {values}" for name, (values, _) in FACES.items())]
    parts = [f"{name} {part}" for name, (_, part) in FACES.items()]
    for seed, name in enumerate(FACES):
        write_image(tmp_path / "celeba" / "img_align_celeba" / name, 20, 24, seed)
    (tmp_path / "celeba" / "list_attr_celeba.txt").write_text("\r\n".join(lines) + "\r\n")  # some copies have these
    (tmp_path / "celeba" / "list_eval_partition.txt").write_text("\n".join(parts) + "\n")
    return tmp_path


def read(root: Path, **more: object) -> Indexed:
    return load(Options.read({"root": str(root), "side": 16, "resize": 16} | more, where="data"))


def test_training_and_test_images_are_kept_validation_images_are_not(root: Path) -> None:
    data = read(root)
    kept = [name for name, (_, part) in FACES.items() if part != 1]
    assert data.files.to_pylist() == [f"celeba/img_align_celeba/{name}" for name in kept]
    assert data.train.tolist() == [True, True, False, False, False]
    assert data.root == str(root)
    assert data.geometry == Geometry(resize=16, side=16)


def test_the_target_is_the_second_class(root: Path) -> None:
    data = read(root)
    assert data.class_names == data.ids == ("not Blond_Hair", "Blond_Hair")
    assert data.label.tolist() == [0, 1, 0, 0, 1]
    assert data.label.dtype == np.int16
    assert read(root, target="Male").label.tolist() == [1, 0, 0, 1, 1]


def test_attributes_say_what_a_face_has_and_has_not(root: Path) -> None:
    attributes = {name: values.tolist() for name, values in read(root).attributes.items()}
    assert attributes == {
        "Male": ["Male", "not Male", "not Male", "Male", "Male"],
        "Young": ["Young", "not Young", "Young", "not Young", "Young"],
    }
    assert list(read(root, attributes=["Young", "Blond_Hair"]).attributes) == ["Young", "Blond_Hair"]
    assert not read(root, attributes=[]).attributes


def test_the_files_can_be_shown(root: Path) -> None:
    data = read(root)
    images = FileImages(Path(data.root), data.files, data.geometry).read(np.arange(5))
    assert images.shape == (5, 16, 16, 3)


def replaced(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        path = root / "celeba" / name
        text = path.read_bytes().decode()
        assert old in text
        path.write_bytes(text.replace(old, new).encode())

    return change


ATTRIBUTES, PARTITION = "list_attr_celeba.txt", "list_eval_partition.txt"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (replaced(ATTRIBUTES, "6\r", "7\r"), r"attr_celeba\.txt: 6 images, 7 expected by its first line"),
        (replaced(ATTRIBUTES, "6\r", "six\r"), r"attr_celeba\.txt: line 1: the number of images is expected"),
        (replaced(ATTRIBUTES, " 1 -1 -1", " 1 0 -1"), r"attr_celeba\.txt: line 5: a file and 3 of -1 or 1"),
        (replaced(ATTRIBUTES, " 1 -1 -1", " 1 -1"), "line 5: a file and 3 of"),
        (replaced(ATTRIBUTES, " 1 -1 -1", " 1"), "line 5: a file and 3 of"),
        (replaced(ATTRIBUTES, "000003.jpg  1 -1 -1", ""), "line 5: a file and 3 of"),
        (replaced(ATTRIBUTES, "Male", "Mail"), "line 2: has no attribute Male .one of Blond_Hair Mail Young expected"),
        (
            replaced(PARTITION, "000004.jpg 2", "000004.jpg 3"),
            r"partition\.txt: line 4: '000004.jpg 3' found, 000004.j",
        ),
        (replaced(PARTITION, "000004.jpg 2", "000005.jpg 2"), "line 4: '000005.jpg 2' found"),
        (replaced(PARTITION, "000004.jpg 2\n", ""), r"partition\.txt: 5 lines, 6 expected as in list_attr"),
        (lambda root: (root / "celeba" / PARTITION).unlink(), r"partition\.txt: the file is missing"),
        (lambda root: (root / "celeba" / "img_align_celeba" / "000005.jpg").unlink(), r"000005\.jpg: the image is mis"),
    ],
)
def test_what_is_wrong_is_named_with_its_file_and_line(
    root: Path, change: Callable[[Path], None], message: str
) -> None:
    change(root)
    with pytest.raises(InputError, match=message):
        read(root)


def test_the_image_of_a_validation_face_may_be_missing(root: Path) -> None:
    (root / "celeba" / "img_align_celeba" / "000002.jpg").unlink()
    assert len(read(root).label) == 5


def test_unknown_attributes_and_an_odd_side_are_refused(root: Path) -> None:
    with pytest.raises(InputError, match="has no attribute Bald"):
        read(root, target="Bald")
    with pytest.raises(InputError, match="has no attribute Bald"):
        read(root, attributes=["Male", "Bald"])
    with pytest.raises(InputError, match=r"side of 17 pixels: at most resize \(16\) is expected"):
        read(root, side=17)
