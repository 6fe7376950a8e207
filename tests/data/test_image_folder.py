import os
import unicodedata
from pathlib import Path

import pytest

from lesion.data.contents import record
from lesion.data.image_folder import check_classes, class_folders, file_names, list_files
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
        file_names(tmp_path / "train" / "cat")
    str(caught.value).encode()
    with pytest.raises(InputError, match=r"cat/caf\\xe9\.png"):
        list_files(tmp_path, "train", ("cat",))


def test_a_class_whose_name_is_in_another_encoding(tmp_path: Path) -> None:
    made(tmp_path / LATIN / "a.png")
    with pytest.raises(InputError, match=r"caf\\xe9: the name is not UTF-8"):
        class_folders(tmp_path)


def test_names_in_utf_8_of_any_script_are_listed(tmp_path: Path) -> None:
    for name in ("café", "猫"):
        made(tmp_path / name / "ünï 1.png")
    assert list(class_folders(tmp_path)) == ["café", "猫"]
    files, label = list_files(tmp_path, "", list(class_folders(tmp_path)))
    assert files.to_pylist() == ["café/ünï 1.png", "猫/ünï 1.png"]
    assert label.tolist() == [0, 1]


def test_what_desktops_leave_in_a_folder_is_neither_image_nor_class(tmp_path: Path) -> None:
    for name in ("cat/a.png", "cat/Thumbs.db", "cat/.DS_Store", "desktop.ini", "__MACOSX/cat/a.png", "@eaDir/a.png"):
        made(tmp_path / name)
    assert list(class_folders(tmp_path)) == ["cat"]
    assert file_names(tmp_path / "cat") == ["a.png"]
    made(tmp_path / "cat" / "notes.txt")
    with pytest.raises(InputError, match=r"notes\.txt: not an image file"):
        file_names(tmp_path / "cat")


NAMES = ["café", "Ångström", "naïve.v2", "猫", "が", "fox 🦊", "חתול", 'it\'s "x"', "a, b"]


@pytest.mark.parametrize("name", NAMES)
def test_a_class_is_the_same_in_either_form_of_its_letters(tmp_path: Path, name: str) -> None:
    for form in ("NFC", "NFD"):
        made(tmp_path / form / unicodedata.normalize(form, name) / "a.png")
    composed, decomposed = (class_folders(tmp_path / form) for form in ("NFC", "NFD"))
    assert list(composed) == list(decomposed) == [unicodedata.normalize("NFC", name)]
    for part in ("NFC", "NFD"):
        check_classes(tmp_path / part, list(composed))
        files, label = list_files(tmp_path, part, list(composed))
        assert (tmp_path / files[0].as_py()).is_file()
        assert label.tolist() == [0]


def test_two_folders_of_one_class_are_told(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        made(tmp_path / unicodedata.normalize(form, "café") / "a.png")
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("the file system takes both forms for one name")
    with pytest.raises(InputError, match=r"'cafe\\u0301' and 'caf\\xe9' are one class"):
        class_folders(tmp_path)


def test_blanks_around_a_name_are_no_part_of_it(tmp_path: Path) -> None:
    made(tmp_path / "cat " / "a.png")
    made(tmp_path / " dog" / "a.png")
    assert class_folders(tmp_path) == {"cat": "cat ", "dog": " dog"}
    made(tmp_path / "cat" / "a.png")
    with pytest.raises(InputError, match="'cat' and 'cat ' are one class"):
        class_folders(tmp_path)
    made(tmp_path / "blank" / " " / "a.png")
    with pytest.raises(InputError, match="' ' is blank"):
        class_folders(tmp_path / "blank")


def test_capitals_tell_classes_apart_and_a_class_that_differs_in_them_is_named(tmp_path: Path) -> None:
    for name in ("Cat", "dog"):
        made(tmp_path / name / "a.png")
    with pytest.raises(InputError, match=r"Cat: Cat is none of the 2 classes of the .* \(cat is; capitals"):
        check_classes(tmp_path, ["cat", "dog"])


@pytest.mark.parametrize("nested", ["cat/sub/a.png", "cat/sub.png/a.png"])
def test_images_in_a_folder_within_a_class_are_not_passed_over(tmp_path: Path, nested: str) -> None:
    made(tmp_path / "cat" / "b.png")
    made(tmp_path / nested)
    with pytest.raises(InputError, match=r"cat/sub(\.png)?: a folder within a class; files are expected in .*cat"):
        list_files(tmp_path, "", ["cat"])


def test_links_are_followed_and_suffixes_may_be_in_capitals(tmp_path: Path) -> None:
    made(tmp_path / "elsewhere" / "a.JPG")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "b.Png").symlink_to(tmp_path / "elsewhere" / "a.JPG")
    files, _ = list_files(tmp_path / "photos", "", list(class_folders(tmp_path / "photos")))
    assert files.to_pylist() == ["cat/a.JPG", "cat/b.Png"]


def test_a_link_that_leads_to_itself_is_told(tmp_path: Path) -> None:
    made(tmp_path / "cat" / "a.png")
    (tmp_path / "cat" / "b.png").symlink_to(tmp_path / "cat" / "b.png")
    with pytest.raises(InputError, match=r"cat/b\.png: cannot be read \(Too many levels of symbolic links\)$"):
        list_files(tmp_path, "", ["cat"])


def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    made(tmp_path / "cat" / "a.png")
    (tmp_path / "cat" / "b.png").symlink_to(tmp_path / "gone.png")
    files, _ = list_files(tmp_path, "", ["cat"])
    with pytest.raises(InputError, match=r"cat/b\.png: the image is missing$"):
        record(tmp_path, files, tmp_path / "made" / "images.safetensors")


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(InputError, match=r"cat: cannot be read \(Permission denied\)$"):
        file_names(tmp_path / "cat")
