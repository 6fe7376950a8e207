"""Files of a folder that were changed or removed are noticed; those that were only touched, or copied, are not."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lesion.artifacts.arrays import Arrays
from lesion.data import contents
from lesion.data.contents import Folder, check, first_change, listing, read_contents, record
from lesion.errors import InputError

BYTES = {f"{kind}/{number}.png": f"{kind} {number}".encode() * (number + 1) for kind in "ab" for number in range(4)}
NAMES = list(BYTES)


@pytest.fixture(autouse=True)
def many_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "CHUNK", 3)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder of eight files."""
    root = tmp_path / "images"
    for name, held in BYTES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(held)
    files = pa.array(NAMES)
    return Folder(root, files, listing(files), tmp_path / "results" / "images.safetensors")


@pytest.fixture
def recorded(folder: Folder) -> Arrays:
    """What was read of it."""
    return record(folder.root, folder.files, folder.artifact)[0]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of files that are read, from now on."""
    names: list[str] = []
    original = Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        names.append(f"{path.parent.name}/{path.name}")
        return original(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    return names


def touch(folder: Folder, name: str) -> None:
    os.utime(folder.root / name, ns=(1, 10**18))


def test_sizes_and_digests_are_those_of_the_bytes(recorded: Arrays) -> None:
    assert recorded["size"].tolist() == [len(held) for held in BYTES.values()]
    digests = [int.from_bytes(sha256(held).digest()[:8], "little") for held in BYTES.values()]
    assert recorded["digest"].tolist() == digests


def test_an_untouched_folder_is_not_read_again(folder: Folder, recorded: Arrays, read: list[str]) -> None:
    assert first_change(folder, recorded) is None
    assert read == []


def test_a_touched_file_is_read_once_more_and_is_no_change(folder: Folder, recorded: Arrays, read: list[str]) -> None:
    touch(folder, NAMES[5])
    for _ in range(2):
        assert first_change(folder, recorded) is None
    assert read == [NAMES[5]]


def test_other_bytes_of_the_same_size(folder: Folder, recorded: Arrays) -> None:
    (folder.root / NAMES[2]).write_bytes(b"x" * len(BYTES[NAMES[2]]))
    touch(folder, NAMES[2])
    said = first_change(folder, recorded)
    assert said == f"{folder.root / NAMES[2]}: has other bytes than it had; 1 of 8 image files are changed or missing"
    assert first_change(folder, recorded) == said  # and the next time


def remove(folder: Folder) -> None:
    (folder.root / NAMES[1]).unlink()


def remove_class(folder: Folder) -> None:
    shutil.rmtree(folder.root / "b")


def put_file_for_folder(folder: Folder) -> None:
    remove_class(folder)
    (folder.root / "b").touch()


def grow(folder: Folder) -> None:
    (folder.root / NAMES[1]).write_bytes(b"long" * 100)


CHANGES: dict[str, tuple[Callable[[Folder], None], str, str, int]] = {
    "removed": (remove, NAMES[1], "is missing", 1),
    "a class removed": (remove_class, NAMES[4], "is missing", 4),
    "a file for a class": (put_file_for_folder, NAMES[4], "is missing", 4),
    "resized": (grow, NAMES[1], f"has 400 bytes and had {len(BYTES[NAMES[1]])}", 1),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_named_until_it_is_undone(what: str, folder: Folder, recorded: Arrays, tmp_path: Path) -> None:
    shutil.copytree(folder.root, tmp_path / "safe")
    change, name, how, count = CHANGES[what]
    change(folder)
    for _ in range(2):
        said = first_change(folder, recorded)
        assert said == f"{folder.root / name}: {how}; {count} of 8 image files are changed or missing"
    shutil.rmtree(folder.root)
    shutil.copytree(tmp_path / "safe", folder.root)
    assert first_change(folder, recorded) is None


def test_only_the_rows_that_are_asked_for_are_looked_at(folder: Folder, recorded: Arrays) -> None:
    remove(folder)
    assert first_change(folder, recorded, np.array([0, 2, 7])) is None
    said = first_change(folder, recorded, np.array([7, 1]))
    assert said is not None
    assert said.endswith("1 of 2 image files are changed or missing")
    assert first_change(folder, recorded, np.zeros(0, np.intp)) is None


def lose(kept: Path) -> None:
    kept.unlink()


def damage(kept: Path) -> None:
    kept.write_bytes(b"damaged")


@pytest.mark.parametrize("spoil", [lose, damage])
def test_times_that_are_lost_cost_a_reading(
    spoil: Callable[[Path], None], folder: Folder, recorded: Arrays, read: list[str]
) -> None:
    spoil(folder.kept)
    assert first_change(folder, recorded) is None
    assert sorted(read) == sorted(NAMES)


def test_a_copy_of_the_folder_has_the_same_contents(
    folder: Folder, recorded: Arrays, read: list[str], tmp_path: Path
) -> None:
    shutil.copytree(folder.root, tmp_path / "copy", copy_function=shutil.copyfile)
    assert first_change(replace(folder, root=tmp_path / "copy"), recorded) is None
    assert len(read) == len(NAMES)


def test_one_digest_tells_names_order_and_bytes(folder: Folder, recorded: Arrays) -> None:
    def content(files: pa.Array) -> str:
        return record(folder.root, files, folder.artifact)[1]["content"]

    known = content(folder.files)
    touch(folder, NAMES[0])
    assert content(folder.files) == known
    assert content(folder.files[::-1]) != known
    assert content(folder.files[:-1]) != known
    grow(folder)
    assert content(folder.files) != known
    assert listing(pa.array(["a", "bc"])) != listing(pa.array(["ab", "c"]))


def test_a_change_stops_what_would_read_the_images(folder: Folder, recorded: Arrays) -> None:
    check(folder, recorded, study="toy")
    grow(folder)
    check(folder, recorded, np.array([0]), study="toy")
    with pytest.raises(InputError, match=r"1 of 8 image files are changed or missing since `lesion data --study toy`"):
        check(folder, recorded, study="toy")


def test_a_file_that_is_gone_is_not_recorded(folder: Folder) -> None:
    remove(folder)
    with pytest.raises(InputError, match=f"^{folder.root / NAMES[1]}: the image is missing$"):
        record(folder.root, folder.files, folder.artifact)


def test_a_file_that_cannot_be_read_is_named(folder: Folder) -> None:
    (folder.root / NAMES[3]).unlink()
    (folder.root / NAMES[3]).mkdir()
    with pytest.raises(InputError, match=rf"^{folder.root / NAMES[3]}: not a readable file \(.+\)$"):
        read_contents(folder)
