"""The files that tell a verdict: JSON by its schema, Markdown that shows names as they are, JUnit's XML."""

import html
import json
from dataclasses import replace
from math import nan
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from lesion.audit.comparison.source import Source
from lesion.audit.gate.budget import given_budget
from lesion.audit.gate.contract import Verdict
from lesion.audit.gate.files import verdict_files
from lesion.audit.gate.markdown import ROWS, escaped
from lesion.audit.gate.verdict_file import VerdictFile, read_verdict, verdict_file, verdict_json
from lesion.errors import InputError
from tests.audit.gate.judging import judged, verdict
from tests.conftest import REPOSITORY

BUDGET = given_budget({"version": 1, "every_class": {"loss": 5.0}}, "budget.yaml")
NASTY = 'a|b <img src=x onerror=alert(1)> @someone #12 `x` [y](http://z) **b** \x00\ud800 & "q" \n# h'
TWO = (
    verdict("int8", judged("passed"), judged("inconclusive", "dog")),
    verdict("int4", judged("failed"), judged("passed", "dog", high=0.049)),
)


def files(*verdicts: Verdict) -> dict[str, bytes]:
    return verdict_files(BUDGET, verdicts)


def loaded(content: bytes) -> Any:
    """JSON as a strict reader has it."""

    def refuse(name: str) -> None:
        raise AssertionError(name)

    return json.loads(content.decode("utf-8"), parse_constant=refuse)


def test_the_json_holds_all_candidates_and_limits() -> None:
    found = loaded(files(*TWO)["verdict.json"])
    assert (found["version"], found["status"], found["sure"]) == (1, "failed", 0.95)
    assert found["budget"] == {"name": "budget.yaml", "sha256": BUDGET.sha256}
    assert [(one["name"], one["status"]) for one in found["candidates"]] == [
        ("int8", "inconclusive"),
        ("int4", "failed"),
    ]
    cat = found["candidates"][1]["limits"][0]
    assert cat["at_most"] == 0.05
    assert (cat["attribute"], cat["group"], cat["measure"], cat["low"]) == ("class", "cat", "loss", 0.08)
    assert cat["said"] == TWO[1].judged[0].said


def test_the_published_schema_is_that_of_the_model_and_takes_verdicts() -> None:
    path = REPOSITORY / "workflow" / "schemas" / "verdict.schema.json"
    schema = json.loads(path.read_text())
    assert schema == VerdictFile.model_json_schema(), f"write it anew: lesion schema --verdict > {path}"
    found = loaded(files(*TWO)["verdict.json"])
    Draft202012Validator(schema).validate(found)
    del found["candidates"][0]["limits"][0]["said"]
    assert not Draft202012Validator(schema).is_valid(found)


def test_numbers_that_are_none_are_null(tmp_path: Path) -> None:
    made = verdict("one", judged("inconclusive", estimate=nan, low=nan, high=nan, needed=None))
    content = files(made)["verdict.json"]
    limit = loaded(content)["candidates"][0]["limits"][0]
    assert {limit[name] for name in ("estimate", "low", "high", "needed")} == {None}
    (tmp_path / "verdict.json").write_bytes(content)
    assert verdict_json(read_verdict(tmp_path / "verdict.json")) == content


def test_inputs_are_named_without_the_folder_of_a_machine() -> None:
    sources = (Source(Path("/home/me/fp16.csv"), "0" * 64, 5, "CSV"), Source(Path("runs/int8.csv"), "1" * 64, 6, "CSV"))
    found = verdict_file(BUDGET, [replace(TWO[0], sources=sources)]).candidates[0].inputs
    assert [one.name for one in found] == ["fp16.csv", "runs/int8.csv"]
    assert [one.sha256[0] for one in found] == ["0", "1"]


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "verdict.json"
    path.write_bytes(files(*TWO)["verdict.json"])
    assert read_verdict(path).verdicts == TWO


@pytest.mark.parametrize("content", ["", "{}", '{"version": 2}', "[1]"])
def test_what_is_no_verdict_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "verdict.json"
    path.write_text(content)
    with pytest.raises(InputError, match="no verdict"):
        read_verdict(path)


def test_equal_verdicts_are_equal_bytes() -> None:
    assert files(*TWO) == files(*TWO)


def test_markdown_has_what_did_not_pass_first() -> None:
    text = files(*TWO)["verdict.md"].decode()
    assert text.startswith("### Compression budget: ❌ failed\n")
    rows = [line for line in text.splitlines() if line.startswith("| int")]
    assert [(row.split(" | ")[0], row.split(" | ")[1].split()[3].strip(",")) for row in rows] == [
        ("| int4", "cat"),
        ("| int8", "dog"),
        ("| int4", "dog"),
        ("| int8", "cat"),
    ]
    assert "- **int8** ❔ inconclusive: 1 of 2 limits is inconclusive" in text
    assert "- **int4** ❌ failed: 1 of 2 limits failed" in text
    assert "100 of about 250" in rows[1]


def test_markdown_of_many_limits_is_short_and_says_what_it_leaves_out() -> None:
    many = verdict("int8", *(judged("passed", f"c{place}") for place in range(40)), judged("failed", "last"))
    text = files(many)["verdict.md"].decode()
    rows = [line for line in text.splitlines() if line.startswith("| int8")]
    assert len(rows) == ROWS
    assert "last" in rows[0]
    assert f"{41 - ROWS} more limits are in verdict.json ({41 - ROWS} passed)." in text


def rendered(text: str) -> list[list[str]]:
    """The rows of the table, as a renderer of GitHub's tables shows them."""
    page = MarkdownIt("gfm-like", {"linkify": False}).render(text)
    assert "<img" not in page
    assert "<a " not in page
    root = ET.fromstring(f"<page>{page.replace('<br>', '<br/>')}</page>")
    return [[" ".join("".join(cell.itertext()).split()) for cell in row.iter("td")] for row in root.iter("tr")][1:]


def test_markdown_shows_names_as_they_are() -> None:
    text = files(verdict(NASTY, judged("failed", NASTY), judged("passed")))["verdict.md"].decode()
    rows = rendered(text)
    assert len(rows) == 2
    for row in rows:
        assert len(row) == 7
        shown = row[0].replace("\u200b", "")
        assert shown.startswith("a|b <img src=x onerror=alert(1)> @someone #12 `x` [y](http://z) **b**")
    assert "@someone" not in html.unescape(text)
    assert "#12" not in html.unescape(text)
    assert "://z" not in html.unescape(text)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_markdown_of_any_text(name: str) -> None:
    [row] = rendered(f"| a | b |\n| --- | --- |\n| {escaped(name)} | x |\n")
    assert len(row) == 2
    assert row[0].replace("\u200b", "") == " ".join(name.replace("\u200b", "").split())


ATTRIBUTES = {
    "testsuites": ({"name", "tests", "failures", "errors"}, {"name", "tests", "failures", "errors", "time"}),
    "testsuite": ({"name", "tests", "failures", "errors"}, {"name", "tests", "failures", "errors", "skipped", "time"}),
    "testcase": ({"name"}, {"name", "classname", "time", "group"}),
    "failure": (set(), {"type", "message"}),
    "error": (set(), {"type", "message"}),
    "system-out": (set(), set()),
}
"""Element → the attributes that Jenkins's junit-10.xsd asks for, and those that it allows (of those used here)."""
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "error", "system-out"},
}


def check_element(element: ET.Element) -> None:
    needed, allowed = ATTRIBUTES[element.tag]
    assert needed <= set(element.attrib) <= allowed
    for child in element:
        assert child.tag in CHILDREN.get(element.tag, set())
        check_element(child)


def test_junit_has_a_suite_a_candidate_and_a_case_a_limit() -> None:
    root = ET.fromstring(files(*TWO)["verdict.xml"])
    check_element(root)
    assert root.tag == "testsuites"
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("4", "1", "1")
    first, second = root
    assert [(one.get("name"), one.get("tests"), one.get("failures"), one.get("errors")) for one in root] == [
        ("int8", "2", "0", "1"),
        ("int4", "2", "1", "0"),
    ]
    assert [child.tag for case in first for child in case] == ["system-out", "error"]
    assert [child.tag for case in second for child in case] == ["failure", "system-out"]
    failure = second[0][0]
    assert failure.get("message") == TWO[1].judged[0].said
    assert second[0].get("name") == "Recall of class cat"


def test_junit_takes_any_name() -> None:
    root = ET.fromstring(files(verdict(NASTY, judged("failed", NASTY)))["verdict.xml"])
    check_element(root)
    assert "<img src=x" in str(root[0].get("name"))


def test_json_takes_any_name(tmp_path: Path) -> None:
    content = files(verdict(NASTY, judged("failed", NASTY)))["verdict.json"]
    assert loaded(content)["candidates"][0]["name"] == NASTY
