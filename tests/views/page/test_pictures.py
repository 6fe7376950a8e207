import struct
import zlib
from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lesion.errors import InputError
from lesion.views.page import pictures
from lesion.views.page.pictures import Pictures
from tests.audit.comparison.files.files import named, rows, written
from tests.audited import audit_pair
from tests.views.page.test_audit import read


def png(side: int = 4, seed: int = 0) -> bytes:
    """A grey picture of noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side), dtype=np.uint8)
    lines = b"".join(b"\x00" + line.tobytes() for line in pixels)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def ids(*names: Any) -> Any:
    return np.array(names, dtype=object if any(isinstance(name, str) for name in names) else np.int64)


def content(src: str) -> bytes:
    head, _, text = src.partition(";base64,")
    assert head.startswith("data:image/")
    return b64decode(text)


def without_pillow(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(__import__("sys").modules, "PIL", None)


@pytest.mark.parametrize("known", [ids(7, 8, 9), ids("7", "8", "9")])
def test_a_folder_holds_pictures_by_the_ids_of_examples(tmp_path: Path, known: Any) -> None:
    (tmp_path / "7.png").write_bytes(png(seed=7))
    (tmp_path / "8.PNG").write_bytes(png(seed=8))
    (tmp_path / "70.png").write_bytes(png(seed=1))
    found = Pictures(tmp_path).of(known)
    assert {one: content(src) for one, src in found.src.items()} == {known[0]: png(seed=7), known[1]: png(seed=8)}
    assert found.said == " Pictures not shown: 1 without a file."


def test_the_type_is_told_by_the_first_bytes_and_not_by_the_name(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(png())
    (tmp_path / "b.png").write_text("<svg onload='alert(1)'/>")
    found = Pictures(tmp_path).of(ids("a", "b"))
    assert found.src["a"].startswith("data:image/png;")
    assert "1 that cannot be read" in found.said


def test_ids_that_hold_a_folder_lead_into_it(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "1.png").write_bytes(png())
    assert set(Pictures(tmp_path).of(ids("cat/1", "cat/1.png")).src) == {"cat/1", "cat/1.png"}


@pytest.mark.parametrize("name", ["../secret", "link", "folder/secret"])
def test_nothing_outside_of_the_folder_is_read(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.png").write_bytes(png(seed=3))
    (inside / "link.png").symlink_to(tmp_path / "secret.png")
    (inside / "folder").symlink_to(tmp_path)
    (inside / "fine.png").write_bytes(png())
    found = Pictures(inside).of(ids("fine", name, str(tmp_path / "secret"), "\x00"))
    assert set(found.src) == {"fine"}
    assert "2 outside of the folder" in found.said
    assert "1 without a file" in found.said


def test_a_table_says_where_pictures_lie(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    for seed in range(3):
        (tmp_path / "images" / f"{seed}.png").write_bytes(png(seed=seed))
    paths = ["images/0.png", str(tmp_path / "images" / "1.png"), "", "images/2.png", "images/2.png"]
    table = written(tmp_path / "t.csv", pd.DataFrame({"example_id": [5, 6, 7, 8, 8], "image": paths, "more": 1}))
    found = Pictures(table).of(ids(8, 5, 6, 7))
    assert {one: content(src) for one, src in found.src.items()} == {8: png(seed=2), 5: png(seed=0), 6: png(seed=1)}
    assert list(found.src) == [8, 5, 6]
    assert "1 without a file" in found.said


def test_large_pictures_are_made_smaller_where_pillow_is_there(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    from io import BytesIO

    large = png(side=600)
    assert len(large) > pictures.LARGE
    (tmp_path / "1.png").write_bytes(large)
    (tmp_path / "2.png").write_bytes(large[:-500_000] if len(large) > 500_000 else large[:-50_000])
    found = Pictures(tmp_path).of(ids(1, 2))
    with image.open(BytesIO(content(found.src[1]))) as smaller:
        assert max(smaller.size) == pictures.SIDE
    assert len(content(found.src[1])) < len(large) / 3


def test_without_pillow_large_pictures_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_pillow(monkeypatch)
    middle, large = png(side=220), png(side=600)
    assert pictures.SMALL < len(middle) < pictures.LARGE < len(large)
    (tmp_path / "1.png").write_bytes(middle)
    (tmp_path / "2.png").write_bytes(large)
    found = Pictures(tmp_path).of(ids(1, 2))
    assert content(found.src[1]) == middle
    assert "1 of more than 200 kB" in found.said


def test_all_together_are_no_more_than_a_page_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "PAGE", 5 * len(png()) + 10)
    for name in range(8):
        (tmp_path / f"{name}.png").write_bytes(png())
    found = Pictures(tmp_path).of(np.arange(8))
    assert sorted(found.src) == [0, 1, 2, 3, 4]
    assert "3 beyond" in found.said


@pytest.mark.parametrize("names", [["image"], ["example_id"], ["example_id", "image", "image "]])
def test_a_table_without_its_columns_is_refused(tmp_path: Path, names: list[str]) -> None:
    (tmp_path / "t.csv").write_text(",".join(names) + "\n" + ",".join("1" for _ in names) + "\n")
    with pytest.raises(InputError, match=r"t\.csv: has \d columns named"):
        Pictures(tmp_path / "t.csv")


def test_a_folder_of_other_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(png())
    with pytest.raises(InputError, match=r"no picture of an example that is listed: 2 without a file, e\.g\. 4"):
        Pictures(tmp_path).of(ids(4, 5))
    with pytest.raises(InputError, match="nowhere: there is no such folder or table of pictures"):
        Pictures(tmp_path / "nowhere")
    assert Pictures(tmp_path).of(ids()).src == {}  # no example is listed


def test_the_page_shows_the_pictures_of_its_examples_with_their_names(tmp_path: Path) -> None:
    tables = [named(rows(seed, members=1, examples=40, skill=0.5)).drop(columns="confidence") for seed in range(2)]
    given = {
        name: written(tmp_path / f"{name}.csv", one) for name, one in zip(("dense", "compressed"), tables, strict=True)
    }
    folder = tmp_path / "pictures"
    folder.mkdir()
    known = sorted(tables[0]["example_id"])
    for seed, name in enumerate(known[1:]):
        (folder / f"{name}.png").write_bytes(png(seed=seed))
    audit_pair(**given, out=tmp_path / "out", images=folder, splits=2, resamples=2)
    shown = pd.read_csv(tmp_path / "out" / "pie.csv")["example_id"]
    text = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    for name in shown:
        assert (f'alt="Picture of {name}"' in text) == (name != known[0])
    assert sum(source.startswith("data:image/png") for source in read(tmp_path / "out").references) == text.count(
        "<img "
    )


def test_nothing_is_written_where_pictures_cannot_be_found(tmp_path: Path) -> None:
    tables = [named(rows(seed, members=1, examples=40, skill=0.5)) for seed in range(2)]
    given = {
        name: written(tmp_path / f"{name}.csv", one) for name, one in zip(("dense", "compressed"), tables, strict=True)
    }
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="without a file"):
        audit_pair(**given, out=tmp_path / "out", images=tmp_path / "empty", splits=2, resamples=2)
    assert not (tmp_path / "out").exists()
