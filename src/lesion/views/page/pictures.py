"""Pictures of examples, small enough to be part of the page: from a folder, or from a table of paths."""

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lesion.audit.comparison.files.cells import Cells
from lesion.audit.comparison.files.formats import Table, open_table, readable
from lesion.audit.comparison.files.texts import FORMATS, places
from lesion.errors import InputError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm")
MAGIC = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF87a": "gif", b"GIF89a": "gif"}
"""First bytes of what browsers show → its type."""
SMALL = 32_000  # bytes: embedded as it is
LARGE = 200_000  # bytes: not embedded without Pillow, which makes it smaller
PAGE = 8_000_000  # bytes of all pictures together
SIDE = 256  # pixels of what is made smaller
COLUMNS = ["example_id", "image"]
BLOCK, ROWS = 2**24, 65_536  # bytes of CSV, rows of Parquet to a block

NO_FILE = "without a file"
OUTSIDE = "outside of the folder"
NO_PICTURE = "that cannot be read"
TOO_LARGE = f"of more than {LARGE // 1000} kB, which Pillow would make smaller if it were installed"
TOO_MANY = f"beyond {PAGE // 1_000_000} MB in all"
REASONS = (NO_FILE, OUTSIDE, NO_PICTURE, TOO_LARGE, TOO_MANY)


@dataclass(frozen=True)
class Found:
    """Pictures of examples by their ids, as the content of `src`, and a sentence on those that are not shown."""

    src: Mapping[Any, str]
    said: str


class Pictures:
    """Where pictures of examples lie: a folder of files named by `example_id`, or a table of `example_id` and `image`.

    Nothing outside of that folder, or of the folder of that table, is read, wherever names and links lead.

    Raises
    ------
    InputError
        Where there is no such folder or table, or the table lacks one of these columns.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._left = PAGE
        self._is_folder = path.is_dir()
        self._folder = path.resolve() if self._is_folder else path.resolve().parent
        if self._is_folder:
            return
        if not path.exists():
            raise InputError(f"{path}: there is no such folder or table of pictures")
        names = list(self._opened().names)
        for name in COLUMNS:
            if (count := names.count(name)) != 1:
                raise InputError(f"{path}: has {count} columns named {name}, one expected")

    def of(self, example_id: npt.NDArray[Any]) -> Found:
        """The pictures of these examples, those first that matter most.

        Raises
        ------
        InputError
            Where the table cannot be read, or there is a picture of none of them.
        """
        files = self._files(example_id)
        src, why = {}, Counter[str]()
        for one in example_id.tolist():
            said = self._source(files.get(one, ()))
            if said in REASONS:
                why[said] += 1
            else:
                src[one] = said
        if len(example_id) and not src and not why[TOO_LARGE]:
            told = ", ".join(f"{count:,} {reason}" for reason, count in why.most_common())
            raise InputError(f"{self.path}: no picture of an example that is listed: {told}, e.g. {example_id[0]}")
        told = ", ".join(f"{why[reason]:,} {reason}" for reason in REASONS if why[reason])
        return Found(src, f" Pictures not shown: {told}." if told else "")

    def _opened(self) -> Table:
        return open_table(self.path, block_size=BLOCK, rows=ROWS, expected=f"a folder, {FORMATS}")

    def _files(self, example_id: npt.NDArray[Any]) -> Mapping[Any, Iterable[str]]:
        """The names that the picture of each example may have, relative to the folder."""
        if not self._is_folder:
            return self._rows(example_id)
        ends = [*(end for suffix in SUFFIXES for end in (suffix, suffix.upper())), ""]
        return {one: [f"{one}{end}" for end in ends] for one in example_id.tolist()}

    def _rows(self, example_id: npt.NDArray[Any]) -> Mapping[Any, Iterable[str]]:
        """What the table says of these examples; of one with several rows the first that names a file."""
        known = pa.array(example_id)
        known = known.cast(pa.int64()) if pa.types.is_integer(known.type) else known
        ids, found = example_id.tolist(), dict[Any, list[str]]()
        with readable(self.path):
            for block in self._opened().batches(COLUMNS):
                place = places(Cells(block.column("example_id")), known)
                here = np.flatnonzero(place >= 0)
                paths = block.column("image").cast(pa.string()).take(pa.array(here)).to_pylist()
                for one, path in zip(place[here].tolist(), paths, strict=True):
                    if path and path.strip():
                        found.setdefault(ids[one], [path.strip()])
        return found

    def _source(self, names: Iterable[str]) -> str:
        """The content of `src`, or why there is none."""
        for name in names:
            with suppress(OSError, ValueError):  # ValueError: a name that holds a zero byte
                path = (self._folder / name).resolve()
                if not path.is_file():
                    continue
                if not path.is_relative_to(self._folder):
                    return OUTSIDE
                return self._embedded(path)
        return NO_FILE

    def _embedded(self, path: Path) -> str:
        content = path.read_bytes()
        kind = _kind(content)
        if kind is None or len(content) > SMALL:
            smaller = _smaller(content)
            if smaller is None and (kind is None or len(content) > LARGE):
                return NO_PICTURE if kind is None else TOO_LARGE
            kind, content = smaller or (str(kind), content)
        if len(content) > self._left:
            return TOO_MANY
        self._left -= len(content)
        return f"data:image/{kind};base64,{b64encode(content).decode()}"


def _kind(content: bytes) -> str | None:
    """The type that the first bytes tell, of those that browsers show; None for any other."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    return next((kind for magic, kind in MAGIC.items() if content.startswith(magic)), None)


def _smaller(content: bytes) -> tuple[str, bytes] | None:
    """The picture at most `SIDE` pixels high and wide, with its type; None where Pillow is missing or cannot."""
    try:
        from PIL import Image, ImageOps
    except ImportError:
        return None
    try:
        with Image.open(BytesIO(content)) as opened:
            opened.draft("RGB", (SIDE, SIDE))
            image = ImageOps.exif_transpose(opened)
            image.thumbnail((SIDE, SIDE))
            kind = "png" if image.mode in ("RGBA", "LA", "PA", "P") else "jpeg"
            buffer = BytesIO()
            image.convert("RGBA" if kind == "png" else "RGB").save(buffer, kind, quality=85)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return kind, buffer.getvalue()
