import os
from pathlib import Path

import pytest

from lesion.data.image_folder import class_folders, image_names, list_images
from lesion.errors import InputError

LATIN = os.fsdecode("café".encode("latin-1"))


def made(path: Path) -> Path:
    """A path of a name that is not UTF-8, where the file system takes it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError:  # that of a Mac refuses it
        pytest.skip("the file system takes UTF-8 names only")
    return path


def test_a_name_in_another_encoding_is_told_with_text_that_any_terminal_prints(tmp_path: Path) -> None:
    made(tmp_path / "train" / "cat" / f"{LATIN}.png")
    with pytest.raises(InputError, match=r"cat/caf\\xe9\.png: the name is not UTF-8") as caught:
        image_names(tmp_path / "train" / "cat")
    str(caught.value).encode()
    with pytest.raises(InputError, match=r"cat/caf\\xe9\.png"):
        list_images(tmp_path, "train", ("cat",))


def test_a_class_whose_name_is_in_another_encoding(tmp_path: Path) -> None:
    made(tmp_path / LATIN / "a.png")
    with pytest.raises(InputError, match=r"caf\\xe9: the name is not UTF-8"):
        class_folders(tmp_path)


def test_names_in_utf_8_of_any_script_are_listed(tmp_path: Path) -> None:
    for name in ("café", "猫"):
        made(tmp_path / name / "ünï 1.png")
    assert class_folders(tmp_path) == ("café", "猫")
    files, label = list_images(tmp_path, "", class_folders(tmp_path))
    assert files.to_pylist() == ["café/ünï 1.png", "猫/ünï 1.png"]
    assert label.tolist() == [0, 1]


def test_what_desktops_leave_in_a_folder_is_neither_image_nor_class(tmp_path: Path) -> None:
    for name in ("cat/a.png", "cat/Thumbs.db", "cat/.DS_Store", "desktop.ini", "__MACOSX/cat/a.png", "@eaDir/a.png"):
        made(tmp_path / name)
    assert class_folders(tmp_path) == ("cat",)
    assert image_names(tmp_path / "cat") == ["a.png"]
    made(tmp_path / "cat" / "notes.txt")
    with pytest.raises(InputError, match=r"notes\.txt: not an image file"):
        image_names(tmp_path / "cat")
