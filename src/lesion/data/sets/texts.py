"""Texts in files, with a folder for each class: `root/train/<class>/*.txt` and `root/test/<class>/*.txt`.

A text is its first words (`words.words`). The vocabulary is of the training texts.
"""

from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from lesion.data.dataset import Texts
from lesion.data.file_options import Part
from lesion.data.image_folder import TEXTS, classes_of_folders, list_files
from lesion.data.images import folder
from lesion.data.inputs import Kind
from lesion.data.words import numbers, vocabulary, words
from lesion.errors import InputError
from lesion.params.settings import Settings

GIVES: Kind = "texts"


class Options(Settings):
    """`root`: a folder. `train` and `test`: folders in it that have a folder for each class. `length`: words of a text
    that a network sees. `vocabulary`: words that it tells apart, the most frequent ones. `classes`: as of
    `image-folder`.
    """

    root: str
    train: Part = "train"
    test: Part = "test"
    length: int = Field(gt=0)
    vocabulary: int = Field(gt=0)
    classes: str | None = None

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.train == self.test:
            raise ValueError("train and test: two folders are expected, not one")
        return self


def read_words(path: Path) -> list[str]:
    """The words of a file; InputError where it cannot be read, is not UTF-8 or holds no word."""
    try:
        found = words(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text") from None
    if not found:
        raise InputError(f"{path}: holds no word")
    return found


def load(options: Options) -> Texts:
    """Read the texts: training before test, then by class, then by file name."""
    root = folder(options.root)
    parts = (options.train, options.test)
    ids, names = classes_of_folders(root, parts, options.classes)
    listed = [list_files(root, part, ids, TEXTS) for part in parts]
    files = pa.concat_arrays([found for found, _ in listed])
    label = np.concatenate([labels for _, labels in listed])
    train = np.arange(len(label)) < len(listed[0][1])
    said = [read_words(root / file) for file in files.to_pylist()]
    known = vocabulary(said[: int(train.sum())], options.vocabulary)
    if not known:
        raise InputError(f"{root / options.train}: has no text, and so there is no vocabulary")
    return Texts(
        tokens=numbers(said, known, options.length),
        vocabulary=known,
        files=files,
        label=label,
        train=train,
        class_names=names,
        class_ids=ids,
    )
