"""Reads the classes of ImageNet's validation images from the files that list them."""

import re
from pathlib import Path

from lesion.errors import InputError

IMAGE = "ILSVRC2012_val_{:08d}"
KNOWN = "LOC_val_solution.csv, one wnid a line, or the devkit's numbers"
LINE = re.compile(
    r"(?P<image>ILSVRC2012_val_\d{8}),(?P<boxed>n\d{8}) .*|(?P<wnid>n\d{8})|(?P<number>[1-9]\d*)", re.ASCII
)


def read_synsets(path: Path) -> dict[int, str]:
    """Class number (ILSVRC2012_ID) -> wnid, from the devkit's meta.mat.

    Raises
    ------
    InputError
        If the file is missing or has no such table.
    """
    from scipy.io import loadmat  # data only: nothing in it is executed

    if not path.is_file():
        raise InputError(f"{path}: missing; the numbers of the ground truth are explained in it")
    try:
        synsets = loadmat(path, squeeze_me=True, variable_names=["synsets"])["synsets"]
        return {int(number): str(wnid) for number, wnid in zip(synsets["ILSVRC2012_ID"], synsets["WNID"], strict=True)}
    except Exception:  # SciPy raises all kinds on other bytes
        raise InputError(f"{path}: not the devkit's meta.mat (a table `synsets` of ILSVRC2012_ID and WNID)") from None


def read_ground_truth(path: Path) -> dict[str, str]:
    """Name of each validation image without suffix -> its wnid.

    Three formats are known: Kaggle's LOC_val_solution.csv; a text file with one wnid a line, in order of the images;
    the devkit's ILSVRC2012_validation_ground_truth.txt, one number a line, with the devkit's meta.mat beside it.

    Raises
    ------
    InputError
        Names the file and the first line that has none of these formats.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not readable as {KNOWN} ({error})") from None
    start = 1 if lines and lines[0].startswith("ImageId,") else 0
    told: dict[str, str] = {}
    synsets: dict[int, str] = {}
    for place, line in enumerate(lines[start:], start + 1):
        found = LINE.fullmatch(line.strip())
        if found is None:
            raise InputError(f"{path}: line {place}: {line[:40]!r} found, {KNOWN} expected")
        if found["number"]:
            synsets = synsets or read_synsets(path.with_name("meta.mat"))
            if (number := int(found["number"])) not in synsets:
                raise InputError(f"{path}: line {place}: {path.with_name('meta.mat')} knows no class {number}")
            told[IMAGE.format(place)] = synsets[number]
        else:
            told[found["image"] or IMAGE.format(place)] = found["boxed"] or found["wnid"]
    return told
