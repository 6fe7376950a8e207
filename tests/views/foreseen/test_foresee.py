from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from lesion.cli.app import app
from lesion.errors import InputError
from lesion.views.foreseen.foresee import FILES, foresee
from tests.audit.statistics.test_foresight import LABEL, ONE


def dense_file(folder: Path, *, hostile: str = "") -> Path:
    path = folder / "dense.csv"
    assert ONE.confidence is not None
    group = ["easy" if ease > 0.9 else f"hard{hostile}" for ease in ONE.confidence[0]]
    rows = {"example_id": range(400), "label": LABEL, "prediction": ONE.prediction[0], "confidence": ONE.confidence[0]}
    pd.DataFrame(rows | {"group": group}).to_csv(path, index=False)
    return path


class Page(HTMLParser):
    """The text and the links of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.text = ""
        self.tags: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href" and value]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_folder_holds_the_tables_and_a_page_that_links_them(tmp_path: Path) -> None:
    found = foresee(dense=dense_file(tmp_path), out=tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(FILES)
    page = Page(tmp_path / "out" / "index.html")
    assert set(page.links) == set(FILES) - {"index.html"}
    assert "quantised to int4" in page.text
    assert "group hard" in page.text  # the riskiest group is named
    assert len(pd.read_csv(tmp_path / "out" / "risk.csv")) == 400
    assert len(pd.read_csv(tmp_path / "out" / "risk_parts.csv")) == len(found.parts)


def test_text_from_data_is_escaped_and_texts_are_shown(tmp_path: Path) -> None:
    texts = tmp_path / "texts.csv"
    pd.DataFrame({"example_id": range(400), "text": "what <b>it</b> says"}).to_csv(texts, index=False)
    foresee(dense=dense_file(tmp_path, hostile="<script>"), out=tmp_path / "out", texts=texts)
    page = Page(tmp_path / "out" / "index.html")
    assert "hard<script>" in page.text
    assert "what <b>it</b> says" in page.text
    assert not {"script", "b"} & set(page.tags)


def test_the_same_file_gives_the_same_bytes_and_replaces_what_it_wrote(tmp_path: Path) -> None:
    made = []
    for _ in range(2):
        foresee(dense=dense_file(tmp_path), out=tmp_path / "out")
        made.append({name: (tmp_path / "out" / name).read_bytes() for name in FILES})
    assert made[0] == made[1]


def test_a_folder_of_something_else_is_kept(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"notes\.txt"):
        foresee(dense=dense_file(tmp_path), out=tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["notes.txt"]


def test_the_command_says_it_in_a_few_lines(tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["foresee", "--dense", str(dense_file(tmp_path)), "--out", str(tmp_path / "out")])
    assert said.exit_code == 0, said.output
    lines = said.output.splitlines()
    assert len(lines) <= 10
    assert lines[0].startswith("400 examples, one model.")
    assert any(line.startswith("At risk") and "group hard" in line for line in lines)
    assert lines[-1].endswith("index.html.")


def test_members_without_confidence_leave_no_table_of_flips(tmp_path: Path) -> None:
    path = tmp_path / "dense.csv"
    pd.DataFrame({"example_id": range(30), "member_0": [0, 1, 1] * 10, "member_1": [0, 1, 0] * 10}).to_csv(
        path, index=False
    )
    foresee(dense=path, out=tmp_path / "out")
    assert not (tmp_path / "out" / "expected.csv").exists()
    assert "how far the models agree" in Page(tmp_path / "out" / "index.html").text
