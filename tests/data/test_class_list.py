import unicodedata
from pathlib import Path

import pytest

from lesion.data.class_list import for_people, one_spelling, read_classes
from lesion.errors import InputError


def written(folder: Path, text: str, name: str = "classes.txt", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_class_is_a_line_in_the_order_of_the_file(tmp_path: Path, newline: str, encoding: str) -> None:
    told = ["zebra", "n01440764", unicodedata.normalize("NFD", "café"), "a, b", "猫 "]
    ids, names = read_classes(written(tmp_path, newline.join(told) + newline, encoding=encoding))
    assert ids == ("zebra", "n01440764", "café", "a, b", "猫")
    assert names == ("zebra", "tench", "café", "a, b", "猫")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_may_have_names_for_people(tmp_path: Path, separator: str) -> None:
    rows = [("id", "notes", "name"), ("b", "", "Bee"), ("n01440764", "x", ""), ("z", "", "Bee")]
    text = "".join(separator.join(row) + "\n" for row in rows)
    ids, names = read_classes(written(tmp_path, text, "classes.csv"))
    assert ids == ("b", "n01440764", "z")
    assert names == ("Bee (b)", "tench", "Bee (z)")  # a name that two classes share tells nobody which it is


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n\nb\n", r"classes\.txt: line 2: the id of a class is expected, nothing is there$"),
        ("a\nb\na\n", r"classes\.txt: line 3: a is a class of line 1 already$"),
        ("café\ncafe\u0301\n", r"classes\.txt: line 2: café is a class of line 1 already$"),
        ("", r"classes\.txt: line 1: the id of a class is expected, nothing is there$"),
        ("\n".join(map(str, range(2**15))), r"classes\.txt: has 32768 classes, 1 to 32767 expected$"),
    ],
)
def test_the_line_at_fault_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_classes(written(tmp_path, text))


def test_a_table_without_ids(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"classes\.csv: has no column id \(it has wnid, name\)$"):
        read_classes(written(tmp_path, "wnid,name\na,b\n", "classes.csv"))


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.txt: missing; a file with the ids of the classes"):
        read_classes(tmp_path / "none.txt")
    with pytest.raises(InputError, match="is not UTF-8 text, perhaps Latin-1"):
        read_classes(written(tmp_path, "caf\xe9\nthé\n", encoding="latin-1"))
    with pytest.raises(InputError, match="is UTF-16 text, UTF-8 expected"):
        read_classes(written(tmp_path, "a\nb\nc\nd\n", encoding="utf-16"))
    with pytest.raises(InputError, match="cannot be read"):
        read_classes(tmp_path)


def test_only_wnids_have_names_of_imagenet() -> None:
    assert for_people(("cat", "dog")) == ("cat", "dog")
    assert for_people(("n01440764", "dog")) == ("tench", "dog")
    assert one_spelling(" e\u0301 ") == "é"
