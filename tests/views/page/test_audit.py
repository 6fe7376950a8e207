import re
import shutil
import subprocess
import sys
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lesion.audit.estimator import Audit
from lesion.errors import InputError
from lesion.views.page import folder
from tests.audit.comparison.files.files import named, rows, written
from tests.audited import audit_pair

OPTIONS: dict[str, Any] = {"splits": 12, "resamples": 10, "smallest": 10}
VOID = {"meta", "use", "path", "br", "link", "img"}


class Reader(HTMLParser):
    """Checks that tags close in order, and collects ids, references, and the cells of tables."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.tags: set[str] = set()
        self.scripts = 0
        self.rows: list[list[str]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.tags.add(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(str(value))
            if name in ("href", "src", "xlink:href"):
                self.references.append(str(value))
        if tag == "tr":
            self.rows.append([])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.rows and {"td", "th"} & set(self.open) and "tbody" in self.open and "svg" not in self.open:
            self.rows[-1].append(data)
        self.text.append(data)


def read(out: Path) -> Reader:
    reader = Reader()
    reader.feed((out / "index.html").read_text(encoding="utf-8"))
    assert reader.open == []
    assert reader.scripts == 1  # the page's own
    return reader


def files(folder: Path, *, members: tuple[int, int] = (6, 5), **of_rows: Any) -> dict[str, Any]:
    tables = [rows(3 + side, members=count, skill=0.9 - 0.4 * side, **of_rows) for side, count in enumerate(members)]
    names = ("dense", "compressed")
    return {name: written(folder / f"{name}.csv", named(table)) for name, table in zip(names, tables, strict=True)}


def unlabelled(folder: Path) -> dict[str, Any]:
    """A single pair without labels: no figure is drawn of it, which is what takes long."""
    given = {name: folder / f"{name}.npy" for name in ("dense", "compressed")}
    for seed, path in enumerate(given.values()):
        np.save(path, np.random.default_rng(seed).integers(0, 3, 50))
    return given


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """Two files and the folder of their audit; not to be written to."""
    folder = tmp_path_factory.mktemp("audited")
    given = files(folder, examples=120)
    audit_pair(**given, out=folder / "out", **OPTIONS)
    return given, folder / "out"


def contents(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def test_the_tables_are_those_of_the_estimator_with_names(audited: tuple[dict[str, Any], Path]) -> None:
    given, out = audited
    tables = [pd.read_csv(path) for path in given.values()]
    names = np.unique(tables[0]["label"])
    dense, compressed = (
        np.searchsorted(names, table.pivot(index="member", columns="example_id", values="prediction").to_numpy())
        for table in tables
    )

    def of_member(table: pd.DataFrame, name: str) -> Any:
        return table.pivot(index="member", columns="example_id", values=name).to_numpy()

    measured = {
        name: (of_member(tables[0], name), of_member(tables[1], name)) for name in ("true_probability", "confidence")
    }
    once = tables[0].drop_duplicates("example_id").sort_values("example_id")
    fitted = Audit(**OPTIONS).fit(
        dense,
        compressed,
        np.searchsorted(names, once["label"]),
        groups={"age": once["age"].to_numpy()},
        true_probability=measured["true_probability"],
        confidence=measured["confidence"],
    )
    impact = pd.read_csv(out / "impact.csv")
    assert impact["class"].tolist() == names.tolist()
    np.testing.assert_allclose(impact["p"], fitted.impact_["p"])
    assert impact["name"].tolist() == names.tolist()
    pd.testing.assert_frame_equal(pd.read_csv(out / "null.csv"), fitted.null_)
    graded = pd.read_parquet(out / "pie.parquet")
    assert graded["example_id"].tolist() == once["example_id"].tolist()
    assert graded["dense_label"].tolist() == names[fitted.pie_["dense_label"]].tolist()
    pie = pd.read_csv(out / "pie.csv")
    assert len(pie) == fitted.pie_["pie"].sum() > 3
    assert pie["pie_score"].is_monotonic_decreasing
    assert set(pie["example_id"]) == set(graded["example_id"][graded["pie"]])
    assert set(pd.read_csv(out / "subgroups.csv")["group"]) == {"all", "old", "young"}
    summaries = (table.drop(columns=["top5", "test"]) for table in (pd.read_csv(out / "summary.csv"), fitted.summary_))
    pd.testing.assert_frame_equal(*summaries, check_dtype=False)


def test_the_page_needs_nothing_else_and_shows_the_tables(audited: tuple[dict[str, Any], Path]) -> None:
    _, out = audited
    reader = read(out)
    assert not reader.tags & {"link", "img", "iframe", "object"}
    assert len(reader.ids) == len(set(reader.ids))
    links = [reference for reference in reader.references if not reference.startswith("#")]
    assert {link for link in links if not (out / link).is_file()} == set()
    assert set(links) == set(contents(out)) - {"index.html"}
    assert {reference[1:] for reference in reader.references if reference.startswith("#")} <= set(reader.ids)
    text = (out / "index.html").read_text(encoding="utf-8")
    assert set(re.findall(r"url\(#([^)]+)\)", text)) <= set(reader.ids)
    assert not re.findall(r"(?:@import|url\((?!#))", text)
    shown = {row[0] for row in reader.rows if row}
    assert set(pd.read_csv(out / "impact.csv")["class"]) <= shown
    assert set(pd.read_csv(out / "pie.csv")["example_id"].head(50)) <= shown
    assert {"age: old", "age: young", "all"} <= shown
    [script], [digest] = re.findall(r"<script>(.*?)</script>", text, re.DOTALL), re.findall(r"'sha256-([^']+)'", text)
    assert b64encode(sha256(script.encode()).digest()).decode() == digest  # no other script may run


def test_names_from_files_are_escaped(tmp_path: Path) -> None:
    table = named(rows(1, members=1, examples=60))
    table["prediction"] = table["prediction"].replace("ant", "<script>alert(1)</script>")
    table["age"] = table["age"].replace("old", "<b>&")
    dense = written(tmp_path / "a.csv", named(rows(2, members=1, examples=60)).drop(columns="age"))
    audit_pair(dense=dense, compressed=written(tmp_path / "b.csv", table), out=tmp_path / "out", **OPTIONS)
    assert "b" not in read(tmp_path / "out").tags


def test_the_same_bytes_again(tmp_path: Path, audited: tuple[dict[str, Any], Path]) -> None:
    given, out = audited
    audit_pair(**given, out=tmp_path, **OPTIONS)
    assert contents(tmp_path) == contents(out)


@pytest.mark.parametrize("labelled", [True, False])
def test_a_single_pair_is_told_what_cannot_be_said(tmp_path: Path, labelled: bool) -> None:
    given, out = files(tmp_path, members=(1, 1), examples=80) if labelled else unlabelled(tmp_path), tmp_path / "out"
    audit_pair(**given, out=out, **OPTIONS)
    made, text = set(contents(out)), " ".join(read(out).text)
    assert "null.csv" not in made
    assert ("impact.csv" in made) == ("subgroups.csv" in made) == labelled
    assert ("No labels were given" in text) != labelled
    assert "no t-test of classes and no null" in text
    assert "plain disagreements" in text
    assert {name for name in made if name.endswith(".svg")} <= {"figures/flips.svg", "figures/reliability.svg"}
    if labelled:
        assert pd.read_csv(out / "impact.csv")["p"].isna().all()
        assert "figures/flips.svg" in made


def test_the_two_models_of_each_pair_are_named(tmp_path: Path) -> None:
    given, names = files(tmp_path, members=(3, 3), examples=60), {0: "seed1", 2: "seed2", 4: "seed10"}
    for path, suffix in zip(given.values(), ("", "_<int8>"), strict=True):
        table = pd.read_csv(path)
        written(path, table.assign(member=table["member"].map(names) + suffix))
    audit_pair(**given, out=tmp_path / "out", design="paired", **OPTIONS)
    text = "".join(read(tmp_path / "out").text)
    assert "3 pairs of models" in text
    assert "seed1 with seed1_<int8>, seed2 with seed2_<int8>, seed10 with seed10_<int8>." in text
    audit_pair(**given, out=tmp_path / "out", **OPTIONS)
    text = "".join(read(tmp_path / "out").text)
    assert "pairs of models" not in text
    assert "their names tell pairs, such as seed10 and seed10_<int8>" in text


@pytest.mark.parametrize("members", [1, 4])
@pytest.mark.parametrize("labelled", [True, False])
def test_answers_that_never_change(tmp_path: Path, members: int, labelled: bool) -> None:
    table = named(rows(1, members=members, examples=60))
    table = table if labelled else table[["example_id", "member", "prediction"]]
    given = {name: written(tmp_path / f"{name}.csv", table) for name in ("dense", "compressed")}
    audit_pair(**given, out=tmp_path / "out", **OPTIONS)
    assert f"the same {60 * members} answers" in " ".join(read(tmp_path / "out").text)
    assert pd.read_csv(tmp_path / "out" / "pie.csv").empty


def test_an_earlier_audit_is_replaced_whole(tmp_path: Path, audited: tuple[dict[str, Any], Path]) -> None:
    out = tmp_path / "out"
    shutil.copytree(audited[1], out)
    given = unlabelled(tmp_path)
    audit_pair(**given, out=out, **OPTIONS)
    assert set(contents(out)) == {"effects.csv", "flips.csv", "index.html", "pie.csv", "pie.parquet", "summary.csv"}
    audit_pair(**given, out=tmp_path / "fresh", **OPTIONS)
    assert contents(out) == contents(tmp_path / "fresh")
    assert not (out / "figures").exists()


@pytest.mark.parametrize(("name", "content"), [("thesis.tex", "mine"), ("index.html", "<html>mine</html>")])
def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, name: str, content: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_text(content)
    with pytest.raises(InputError, match=f"{name}, which no audit wrote"):
        audit_pair(**unlabelled(tmp_path), out=out, **OPTIONS)
    assert contents(out) == {name: content.encode()}


def test_nothing_is_written_where_the_input_is_bad(tmp_path: Path) -> None:
    given = files(tmp_path)
    given["compressed"].write_text("example_id,prediction\n1,\n")
    with pytest.raises(InputError, match=r"compressed\.csv: column prediction is empty"):
        audit_pair(**given, out=tmp_path / "out", **OPTIONS)
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file"):
        audit_pair(**given, out=tmp_path / "file", **OPTIONS)


def test_a_writer_that_fails_leaves_no_page_and_no_half_file(tmp_path: Path) -> None:
    def fails(path: Path) -> None:
        path.write_text("half")
        raise RuntimeError

    (tmp_path / "index.html").write_bytes(folder.MARK)
    with pytest.raises(RuntimeError):
        folder.write_folder(tmp_path, {"effects.csv": fails, "index.html": fails})
    assert contents(tmp_path) == {}


def test_no_torch_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from lesion.views.page.audit import audit;"
        "files = {'int8': Path('compressed.csv')};"
        "audit(dense=Path('dense.csv'), compressed=files, out=Path('out'), splits=2, resamples=2);"
        "print([name for name in sys.modules if name.partition('.')[0] in ('torch', 'torchvision', 'statsmodels')])"
    )
    files(tmp_path)
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"
