"""Classes by number get names from a file of their own."""

from pathlib import Path

import numpy as np
import pytest

from lesion.audit.comparison.files.called import read_class_names
from lesion.audit.comparison.files.contract import Reading
from lesion.audit.comparison.files.read import read
from lesion.audit.comparison.from_files import from_files
from lesion.errors import InputError

NAMES = ("tench", "goldfish", "cock")


def written(path: Path, prediction: list[int]) -> Path:
    rows = "".join(
        f"{i},{label},{said}\n" for i, (label, said) in enumerate(zip([0, 1, 2, 2], prediction, strict=True))
    )
    path.write_text(f"example_id,label,prediction\n{rows}")
    return path


def test_names_stand_for_numbers_in_the_order_of_the_outputs(tmp_path: Path) -> None:
    dense, other = written(tmp_path / "a.csv", [0, 1, 2, 0]), written(tmp_path / "b.csv", [0, 1, 2, 1])
    listed = tmp_path / "classes.txt"
    listed.write_text("\n".join(NAMES))
    found = from_files(dense, other, reading=Reading(classes=read_class_names(listed)))
    plain = from_files(dense, other)
    for side in ("dense", "compressed"):
        named, numbered = getattr(found, side), getattr(plain, side)
        for what in ("label", "prediction"):
            names = np.asarray(found.classes)[getattr(named, what)]
            assert names.tolist() == np.array(NAMES)[getattr(numbered, what)].tolist()


def test_names_that_do_not_fit_are_told(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", [0, 1, 2, 0])
    with pytest.raises(InputError, match="has a class 2, and --classes names 0 to 1"):
        read(path, Reading(classes=NAMES[:2]))
    path.write_text("example_id,label,prediction\n0,cat,dog\n")
    with pytest.raises(InputError, match="no numbers of classes"):
        read(path, Reading(classes=NAMES))
    with pytest.raises(InputError, match="missing"):
        read_class_names(tmp_path / "no.txt")
    with pytest.raises(InputError):
        read_class_names(tmp_path / "no.parquet")
