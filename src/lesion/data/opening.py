"""Opens the examples of a study, whatever they are, from the two files of the `data` step."""

from pathlib import Path
from typing import Any

from lesion.artifacts.arrays import Arrays, read_arrays
from lesion.artifacts.tables import EXAMPLES, read_parquet
from lesion.data.features import Features
from lesion.data.images import FileImages, PackedImages
from lesion.data.inputs import Inputs, Rows
from lesion.data.token_texts import TokenTexts
from lesion.errors import InputError

FEATURES, TOKENS, PIXELS = "features", "tokens", "images"
"""The array that holds the examples, by what they are."""


def open_inputs(examples: Path, images: Path, rows: Rows | None = None) -> Inputs:
    """The examples of a study: those of `rows` of its table, or all.

    Parameters
    ----------
    examples, images : the two files of the `data` step

    Raises
    ------
    InputError
        If there are not as many examples as rows of the table, the folder of image files is missing, or a file was
        changed or removed.
    """
    arrays, facts = read_arrays(images)
    if FEATURES in arrays:
        values = _chosen(arrays, FEATURES, examples, images, rows)
        return Features(values, arrays["mean"], arrays["std"], tuple(facts["features"]))
    if TOKENS in arrays:
        return TokenTexts(_chosen(arrays, TOKENS, examples, images, rows), tuple(facts["vocabulary"]))
    if "root" in facts:
        files = read_parquet(examples, EXAMPLES, ["source"]).column("source").combine_chunks()
        return FileImages.described(images, facts, arrays, files, rows)
    if PIXELS not in arrays:
        raise InputError(f"{images}: has no array {PIXELS}")
    return PackedImages(_chosen(arrays, PIXELS, examples, images, rows))


def _chosen(arrays: Arrays, name: str, examples: Path, images: Path, rows: Rows | None) -> Any:
    held, known = arrays[name], read_parquet(examples, EXAMPLES, ["example_id"]).num_rows
    if len(held) != known:
        raise InputError(f"{images}: has {len(held)} {name}, {known} expected as in {examples}")
    return held if rows is None else held[rows]
