import csv
import gzip
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lesion.audit.comparison.files.texts import TextTable
from lesion.errors import InputError
from lesion.views.page.page import EXCERPT, excerpt
from tests.audit.comparison.files.files import named, rows, written
from tests.audited import audit_pair
from tests.views.page.test_audit import OPTIONS, read

HOSTILE = (
    'He said "a, b"\r\n<script>alert(1)</script>\t& \x00 \N{RIGHT-TO-LEFT OVERRIDE} 猫 \N{CAT FACE} {{ 7 * 7 }} ' * 20
)


def table(ids: Any, texts: Any) -> Any:
    return pd.DataFrame({"example_id": ids, "text": texts})


def picked(path: Path, ids: Any, wanted: Any, **options: int) -> dict[Any, str]:
    found: dict[Any, str] = TextTable(path, **options).of(np.array(ids), np.array(wanted)).to_dict()
    return found


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "parquet"])
@pytest.mark.parametrize("kind", [int, str])
def test_the_texts_of_some_ids_whatever_the_order(tmp_path: Path, suffix: str, kind: type) -> None:
    rng = np.random.default_rng(0)
    numbers = rng.permutation(3000)
    ids = numbers if kind is int else np.array([f"no. {number}" for number in numbers], dtype=object)
    texts = [f"{number}: " + "word, " * int(rng.integers(0, 60)) for number in numbers]
    path = tmp_path / f"texts.{suffix}"
    content = table(ids, texts).assign(unread=[["a list"]] * 3000 if suffix == "parquet" else "another")
    if suffix == "csv.gz":
        path.write_bytes(gzip.compress(content.to_csv(index=False).encode()))
    else:
        written(path, content)
    known, wanted = ids[:2000], rng.random(2000) < 0.1
    expected = {one: text for one, text, want in zip(known, texts, wanted, strict=False) if want}
    assert picked(path, known, wanted, block_size=4096) == expected


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(), min_size=1, max_size=6), suffix=st.sampled_from(["csv", "parquet"]))
def test_any_text_comes_back_as_it_was_but_for_line_ends(tmp_path: Path, texts: list[str], suffix: str) -> None:
    path, content = tmp_path / f"any.{suffix}", table(np.arange(len(texts)), texts)
    if suffix == "csv":
        content.to_csv(path, index=False, quoting=csv.QUOTE_ALL)
    else:
        content.to_parquet(path, index=False)
    expected = [re.sub("\r\n?", "\n", text) for text in texts]
    assert list(picked(path, np.arange(len(texts)), [True] * len(texts)).values()) == expected


def test_ids_are_matched_as_the_predictions_have_them(tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    path.write_text("example_id,text\n7.0,seven\n007,name\n99999999999999999999,long\n-3,less\n")
    assert picked(path, [-3, 7], [True, True]) == {-3: "less", 7: "seven"}
    assert picked(path, np.array(["-3", "007"], dtype=object), [False, True]) == {"007": "name"}
    pq.write_table(
        pa.table({"example_id": pa.array([7, 8], pa.uint8()), "text": ["seven", None]}), tmp_path / "a.parquet"
    )
    assert picked(tmp_path / "a.parquet", np.array(["7", "8"], dtype=object), [True, True]) == {"7": "seven", "8": ""}


def test_ids_and_texts_of_any_type(tmp_path: Path) -> None:
    path, texts, large = tmp_path / "texts.parquet", ["é ", None, "30.0"], [2**63 - 1, 5, 7]
    for kind in (pa.string_view(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())):
        for ids in (pa.uint64(), pa.int64(), pa.decimal128(20, 1)):
            pq.write_table(pa.table({"example_id": pa.array(large, ids), "text": pa.array(texts, kind)}), path)
            assert picked(path, large, [True] * 3) == dict(zip(large, ["é ", "", "30.0"], strict=True))
    past = [2**63, 2**64 - 1, 3]
    pq.write_table(pa.table({"example_id": pa.array(past, pa.uint64()), "text": texts}), path)
    assert picked(path, np.array(list(map(str, past)), dtype=object), [True, False, True]) == {
        str(2**63): "é ",
        "3": "30.0",
    }


def test_ids_of_nineteen_digits_beside_a_name_are_found(tmp_path: Path) -> None:
    path, one = tmp_path / "texts.csv", 2**63 - 1
    path.write_text(f"example_id,text\n{one},large\nanother,name\n")
    assert picked(path, [one], [True]) == {one: "large"}


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_text_longer_than_a_block(tmp_path: Path, separator: str) -> None:
    path, texts = tmp_path / "texts.csv", ["short", "long\n" * 40_000, ""]
    table([1, 2, 3], texts).to_csv(path, index=False, sep=separator)
    assert picked(path, [1, 2, 3], [True] * 3, block_size=1000) == dict(zip([1, 2, 3], texts, strict=True))


def test_examples_that_are_missing_or_there_twice_are_counted(tmp_path: Path) -> None:
    path = written(tmp_path / "texts.csv", table([1, 2, 2, 9, 9, 4], list("abcdef")))
    with pytest.raises(InputError, match=r"texts\.csv: has no row for 2 of the 4 examples .*, e\.g\. 5; one expected"):
        picked(path, [1, 4, 5, 6], [True, False, False, False])
    with pytest.raises(InputError, match=r"texts\.csv: has more than one row for 1 of the 3 examples .*, e\.g\. 2"):
        picked(path, [1, 2, 4], [True, False, False])
    assert picked(path, [1, 4], [False, True]) == {4: "f"}


def test_a_file_that_is_no_table_of_texts(tmp_path: Path) -> None:
    bad = {
        "absent.csv": (None, "no such file"),
        "empty.csv": (b"", "cannot be read"),
        "other.csv": (b"example_id,words\n1,a\n", "has 0 columns named text, one expected"),
        "twice.csv": (b"example_id,text,text\n1,a,b\n", "has 2 columns named text"),
        "broken.parquet": (b"PAR1", "cannot be read"),
        "texts.doc": (b"example_id,text\n", r"ends in \.doc, \.csv, .* or \.parquet expected"),
        "latin.csv": (b"example_id,text\n1,caf\xe9\n", "is not UTF-8 text, perhaps Latin-1"),
    }
    for name, (content, message) in bad.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=f"{name}: .*{message}"):
            picked(tmp_path / name, [1], [True])


@given(st.text())
def test_an_excerpt_is_one_short_line_of_the_beginning(text: str) -> None:
    line = excerpt(text)
    assert len(line) <= EXCERPT
    assert line == " ".join(line.split())
    assert not any(ord(sign) < 32 for sign in line)


def test_only_what_is_too_long_is_shortened() -> None:
    fits, long = "a" * EXCERPT, "b" * (EXCERPT + 1)
    assert excerpt(f"  {fits}\n\n") == fits
    assert excerpt(long) == "b" * (EXCERPT - 1) + "…"
    assert excerpt("one\n\ttwo\u2028three \x00") == "one two three \N{REPLACEMENT CHARACTER}"


@pytest.fixture
def given_files(tmp_path: Path) -> dict[str, Any]:
    """A single pair without labels, named examples: no figure is drawn of it."""
    paths = {}
    for seed, name in enumerate(("dense", "compressed")):
        answers = named(rows(seed, members=1, examples=90, skill=0.4))[["example_id", "prediction"]]
        paths[name] = written(tmp_path / f"{name}.csv", answers)
    return paths


def test_the_page_shows_the_texts_and_the_file_holds_them_whole(tmp_path: Path, given_files: dict[str, Any]) -> None:
    ids = pd.read_csv(given_files["dense"])["example_id"]
    content = table(ids, [f"This is {name}. {HOSTILE}" for name in ids])
    content.loc[:60, "text"] = [f"This is {name},\rwith line ends of its own" for name in ids[:61]]
    audit_pair(**given_files, out=tmp_path / "out", texts=written(tmp_path / "t.parquet", content), **OPTIONS)
    graded = pq.read_table(tmp_path / "out" / "pie.parquet")
    assert "text" not in graded.column_names
    found = pd.read_csv(tmp_path / "out" / "pie.csv")
    assert len(found) == sum(graded["pie"].to_pylist()) > 50
    expected = content.set_index("example_id")["text"][found["example_id"]]
    assert found["text"].tolist() == [re.sub("\r\n?", "\n", text) for text in expected]
    page = read(tmp_path / "out")
    assert "\x00" not in "".join(page.text)
    assert [row[0] for row in page.rows if row and row[0] in set(ids)] == found["example_id"].tolist()
    shown = [text for text in page.text if text.startswith("This is ")]
    assert shown == [excerpt(text) for text in found["text"]]
    assert any("{{ 7 * 7 }}" in text and "<script>" in text for text in shown)


def test_without_texts_nothing_is_said_of_them(tmp_path: Path, given_files: dict[str, Any]) -> None:
    audit_pair(**given_files, out=tmp_path / "out", **OPTIONS)
    assert "text" not in pd.read_csv(tmp_path / "out" / "pie.csv")
    assert 'class="text"' not in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


def test_nothing_is_written_where_a_text_is_missing(tmp_path: Path, given_files: dict[str, Any]) -> None:
    ids = pd.read_csv(given_files["dense"])["example_id"]
    texts = written(tmp_path / "texts.csv", table(ids[3:], "a text"))
    with pytest.raises(InputError, match=r"texts\.csv: has no row for 3 of the 90 examples"):
        audit_pair(**given_files, out=tmp_path / "out", texts=texts, **OPTIONS)
    assert not (tmp_path / "out").exists()
