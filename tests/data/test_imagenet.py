from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from lesion.data.dataset import Indexed
from lesion.data.imagenet_facts import class_names
from lesion.data.sets import imagenet
from lesion.data.sets.imagenet import Options
from lesion.errors import InputError
from tests.data.image_files import write_tree

WNIDS = ("n01440764", "n02012849", "n03126707")  # tench, crane, crane
VALIDATION = [2, 0, 1, 0]  # classes of images 1 to 4


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three classes with 2, 1 and 3 training images, and `val` a folder a class."""
    write_tree(tmp_path, {f"train/{wnid}": count for wnid, count in zip(WNIDS, (2, 1, 3), strict=True)}, suffix=".JPEG")
    for number, label in enumerate(VALIDATION, 1):
        folder = tmp_path / "val" / WNIDS[label]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"ILSVRC2012_val_{number:08d}.JPEG").touch()
    return tmp_path


@pytest.fixture
def flat(root: Path) -> Path:
    """The same, validation images in `val` itself."""
    for path in sorted((root / "val").glob("*/*")):
        path.rename(root / "val" / path.name)
    for wnid in WNIDS:
        (root / "val" / wnid).rmdir()
    return root


def load(root: Path, validation: Path | str = "folders") -> Indexed:
    return imagenet.load(Options(root=str(root), validation=str(validation)))


def write_truth(root: Path, kind: str) -> Path:
    """One of the files in which the classes are told."""
    path = root / "devkit" / "truth.txt"
    path.parent.mkdir()
    told = [WNIDS[label] for label in VALIDATION]
    if kind == "wnids":
        path.write_text("\n".join(told) + "\n")
    elif kind == "kaggle":
        lines = [f"ILSVRC2012_val_{number:08d},{wnid} 85 1 499 272 " for number, wnid in enumerate(told, 1)]
        path.write_text("\n".join(["ImageId,PredictionString", *reversed(lines)]) + "\n")
    else:
        numbers = {WNIDS[0]: 449, WNIDS[1]: 7, WNIDS[2]: 1}
        path.write_text("".join(f"{numbers[wnid]}\n" for wnid in told))
        table = np.array(
            [(number, wnid, "words", 0) for wnid, number in [*numbers.items(), ("n00001740", 1001)]],
            dtype=[("ILSVRC2012_ID", object), ("WNID", object), ("words", object), ("num_children", object)],
        )
        savemat(path.with_name("meta.mat"), {"synsets": table})
    return path


def test_examples_come_by_split_wnid_and_name(root: Path) -> None:
    data = load(root)
    assert data.class_ids == WNIDS
    assert data.class_names == ("tench", "crane (bird)", "crane (machine)")
    assert data.files.to_pylist()[:7] == [
        "train/n01440764/0.JPEG",
        "train/n01440764/1.JPEG",
        "train/n02012849/0.JPEG",
        "train/n03126707/0.JPEG",
        "train/n03126707/1.JPEG",
        "train/n03126707/2.JPEG",
        "val/n01440764/ILSVRC2012_val_00000002.JPEG",
    ]
    assert data.label.tolist() == [0, 0, 1, 2, 2, 2, 0, 0, 1, 2]
    assert data.label.dtype == np.int16
    assert data.train.tolist() == [True] * 6 + [False] * 4
    assert (data.geometry.resize, data.geometry.side) == (256, 224)


@pytest.mark.parametrize("kind", ["wnids", "kaggle", "devkit"])
def test_a_flat_folder_gives_the_same_examples(root: Path, request: pytest.FixtureRequest, kind: str) -> None:
    before = load(root)
    flat = request.getfixturevalue("flat")
    data = load(flat, write_truth(flat, kind))
    assert data.label.tolist() == before.label.tolist()
    assert [Path(file).name for file in data.files.to_pylist()] == [
        Path(file).name for file in before.files.to_pylist()
    ]
    assert set(data.files.to_pylist()[6:]) == {f"val/ILSVRC2012_val_{number:08d}.JPEG" for number in range(1, 5)}


def test_the_file_may_be_named_by_a_variable(flat: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_truth(flat, "wnids")
    monkeypatch.setenv("SOME", str(flat))
    assert imagenet.load(Options(root="$SOME", validation="$SOME/devkit/truth.txt")).root == "$SOME"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("n01440764\nx\n", r"truth\.txt: line 2: 'x' found, LOC_val_solution\.csv, one wnid a line, or the devkit's"),
        ("n03126707\n" * 3, r"truth\.txt: tells no class of val/ILSVRC2012_val_00000004\.JPEG$"),
        ("n03126707\n" * 3 + "n04254680\n", r"val_00000004\.JPEG: n04254680 is none of the 3 classes of the training"),
        ("1\n2\n", r"meta\.mat: missing; the numbers of the ground truth are explained in it$"),
        (None, r"truth\.txt: not readable as LOC_val_solution\.csv"),
    ],
)
def test_what_a_ground_truth_does_not_tell_is_named(flat: Path, content: str | None, message: str) -> None:
    if content is not None:
        (flat / "truth.txt").write_text(content)
    with pytest.raises(InputError, match=message):
        load(flat, flat / "truth.txt")


def test_numbers_need_a_table_that_knows_them(flat: Path) -> None:
    truth = write_truth(flat, "devkit")
    truth.write_text("449\n8\n")
    with pytest.raises(InputError, match=r"truth\.txt: line 2: .*meta\.mat knows no class 8$"):
        load(flat, truth)
    truth.with_name("meta.mat").write_text("not a table")
    with pytest.raises(InputError, match=r"meta\.mat: not the devkit's meta\.mat"):
        load(flat, truth)


def test_some_of_the_classes_will_do_and_others_are_refused(root: Path) -> None:
    (root / "val" / "n04254680").mkdir()
    with pytest.raises(InputError, match=r"val/n04254680: n04254680 is none of the 3 classes of the training images$"):
        load(root)
    (root / "val" / "n04254680").rmdir()
    for part in ("train", "val"):
        (root / part / WNIDS[1]).rename(root / f"no longer {part}")
    assert load(root).class_names == ("tench", "crane (machine)")  # as among all classes


def test_a_file_that_is_no_image_is_named_and_nothing_is_opened(root: Path) -> None:
    (root / "train" / WNIDS[0] / ".listing").touch()
    (root / "train" / "README.txt").touch()
    load(root)  # the images in val are empty
    (root / "train" / WNIDS[0] / "a.part").touch()
    with pytest.raises(InputError, match=r"train/n01440764/a\.part: not an image file by its name"):
        load(root)


@pytest.mark.parametrize("validation", ["folders", "truth.txt"])
def test_a_missing_folder_is_named(root: Path, validation: str) -> None:
    (root / "val").rename(root / "validation")
    with pytest.raises(InputError, match="val: there is no such folder of images"):
        load(root, validation)
    with pytest.raises(InputError, match="elsewhere: there is no such folder of images"):
        load(root / "elsewhere")


def test_the_thousand_classes_have_different_names() -> None:
    info = pytest.importorskip("timm.data").ImageNetInfo("imagenet-1k")
    wnids = tuple(info.label_names())
    names = class_names(wnids)
    assert len(set(names)) == len(wnids) == 1000
    for wnid, name in zip(wnids, names, strict=True):
        assert info.label_name_to_description(wnid).split(", ")[0] == name.split(" (")[0]


def test_classes_that_nobody_named_keep_their_own_name() -> None:
    assert class_names(("n01440764", "cats", "n99999999")) == ("tench", "cats", "n99999999")


def test_others_that_share_a_synonym_carry_their_wnid() -> None:
    assert class_names(("n00017222", "n03956922", "n02207179")) == ("plant (n00017222)", "plant (n03956922)", "drone")
