from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lesion import Candidates
from lesion.audit.candidates.facts import known_facts
from lesion.errors import InputError
from lesion.views.page.audit import audit
from tests.audit.comparison.files.files import named, rows, written

NAMES = ["int8", "int4"]
KNOWN = {
    "dense": {"size_mib": 6000.0, "by": "me"},
    "int8": {"size_mib": 3000.5, "by": "me"},
    "int4": {"size_mib": 1e3, "by": "7 b"},
}
CSV = "name,size_mib,by\nint4,1e3,7 b\ndense,6000,me\nint8,3000.5,me\n"
YAML = "dense: {size_mib: 6000, by: me}\nint8: {size_mib: 3000.5, by: me}\nint4: {size_mib: 1000, by: 7 b}\n"


@pytest.mark.parametrize(("name", "content"), [("f.csv", CSV), ("f.tsv", CSV.replace(",", "\t")), ("f.yaml", YAML)])
def test_files_and_mappings_say_the_same(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    for given in (tmp_path / name, KNOWN, pd.DataFrame.from_dict(KNOWN, orient="index")):
        known = known_facts(given, NAMES)
        assert known.of == KNOWN
        assert known.numeric == ("size_mib",)
        assert known.table()["name"].tolist() == ["dense", "int8", "int4"]


def test_what_is_missing_is_empty_and_no_fact() -> None:
    given = {"int8": {"size": None, "ms": float("nan"), "b": " "}, "int4": {"size": 3, "c": np.float32(2)}}
    known = known_facts(given, NAMES)
    assert known.of == {"int8": {}, "int4": {"size": 3.0, "c": 2.0}}
    assert known.table().isna().sum().sum() == 2


def test_texts_among_numbers_are_told() -> None:
    known = known_facts({"int8": {"ms": 3, "by": "me"}, "int4": {"ms": "4 ms", "by": "you"}}, NAMES)
    assert known.notes() == ["Of the facts, ms of int4 is 4 ms, no number: it is shown, and not drawn."]
    assert known.numeric == ()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"int8": {}, "int4": {}, "int44": {}}, "names int44, which is no candidate; did you mean int4?"),
        ({"int8": {}, "int4": {}, "xyz": {}}, "there are int8, int4"),
        ({"int8": {}}, "has no row for int4"),
        (pd.DataFrame({"name": ["int8", "int8", "int4"]}), "two rows for int8"),
        ({"int8": {"change": 3}, "int4": {}}, "change is a column of the audit"),
        ({"int8": 3, "int4": 4}, "a mapping of names to facts"),
        ([1, 2], "a mapping of names to facts"),
    ],
)
def test_what_cannot_be_is_told(given: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        known_facts(given, NAMES, ["change"])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("f.csv", "model,size\nint8,3\nint4,4\n", "expected a column called name, and none twice"),
        ("f.csv", "name,size,size\nint8,3,3\nint4,4,4\n", "found name, size, size"),
        ("f.yaml", "- int8\n", "names with their facts"),
        ("f.yaml", "int8: {a: [\n", r"no YAML \(line 2\)"),
        ("f.txt", CSV, "expected"),
        ("f.csv", "", "expected a column called name"),
        ("absent.yaml", None, "no such file"),
        ("absent.csv", None, "no such file"),
    ],
)
def test_files_that_cannot_be_read_are_told(tmp_path: Path, name: str, content: str | None, said: str) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=said) as error:
        known_facts(tmp_path / name, NAMES)
    assert name in str(error.value)
    assert "\n" not in str(error.value)


def test_a_single_candidate_has_its_facts_among_the_notes() -> None:
    label = [0, 1, 0, 1]
    facts = {"int8": {"size": 3, "by": "me"}, "dense": {"size": 6}}
    found = Candidates(splits=2).fit(label, {"int8": [0, 1, 1, 1]}, label, facts=facts).audited_
    assert found.all[0].audited.notes[-1] == "Known beside the answers: size 3.0 (dense 6.0), by me."
    assert found.all[0].facts == {"size": 3.0, "by": "me"}


def test_facts_reach_the_tables_and_the_page(tmp_path: Path) -> None:
    table = named(rows(1, members=1, examples=60))
    paths = [written(tmp_path / f"{name}.csv", named(rows(seed, members=1, examples=60)))
             for seed, name in enumerate(NAMES)]  # fmt: skip
    (tmp_path / "f.csv").write_text(CSV.replace("7 b", "<b>7"))
    given: dict[str, Any] = {
        "dense": written(tmp_path / "dense.csv", table),
        "compressed": dict(zip(NAMES, paths, strict=True)),
    }
    audit(**given, facts=tmp_path / "f.csv", out=tmp_path / "out", splits=2, resamples=2)
    assert pd.read_csv(tmp_path / "out" / "candidates.csv")["size_mib"].tolist() == [3000.5, 1000.0]
    assert pd.read_csv(tmp_path / "out" / "facts.csv")["name"].tolist() == ["dense", *NAMES]
    page = (tmp_path / "out" / "index.html").read_text()
    assert "3,000" in page
    assert "&lt;b&gt;7" in page
    (tmp_path / "f.csv").write_text("name,size\nint8,3\n")
    with pytest.raises(InputError, match="no row for"):
        audit(**given, facts=tmp_path / "f.csv", out=tmp_path / "none", splits=2, resamples=2)
    assert not (tmp_path / "none").exists()


def test_other_encodings_are_told(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_bytes("name;größe\nint8;3,5\n".encode("latin-1"))
    with pytest.raises(InputError, match="not UTF-8"):
        known_facts(tmp_path / "f.csv", ["int8"])
    (tmp_path / "f.csv").write_text("name;größe\nint8;3\n\n", encoding="utf-8-sig")
    assert known_facts(tmp_path / "f.csv", ["int8"]).of == {"int8": {"größe": 3.0}}
