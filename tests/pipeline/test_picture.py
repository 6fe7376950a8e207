"""The picture of the graph: it shows every step and every file that a step reads, and the docs show it as it is."""

import re

from lesion.pipeline.picture import picture
from lesion.pipeline.steps import STATISTICS, STEPS
from tests.pipeline.project import ROOT

PAGE = ROOT / "docs" / "ARCHITECTURE.md"
EDGE = re.compile(r'^    ([\w-]+) -- "([^"]+)" --> ([\w-]+)$', flags=re.MULTILINE)


def place(step: str) -> str:
    if step in STATISTICS:
        return "statistics"
    return "figures" if step.startswith("figure-") else step


def test_the_page_of_the_architecture_shows_it_as_it_is() -> None:
    [shown] = re.findall(r"<!-- lesion graph -->\n\n```mermaid\n(.*?)```\n\n<!-- end -->", PAGE.read_text(), re.DOTALL)
    assert shown == picture(), f"copy what `lesion graph` prints to {PAGE.relative_to(ROOT)}"


def test_every_step_has_a_node() -> None:
    nodes = dict(re.findall(r'^    ([\w-]+)\["(.+)"\]$', picture(), flags=re.MULTILINE))
    assert set(nodes) == {place(step) for step in STEPS}
    assert {name for name, text in nodes.items() if text != name} == {"statistics", "figures"}


def test_an_edge_leads_from_each_step_that_writes_an_artifact_to_each_that_reads_it() -> None:
    expected = {
        (place(writer), place(reader))
        for reader, read in STEPS.items()
        for writer, written in STEPS.items()
        if {given.artifact for given in read.inputs.values()} & set(written.outputs.values())
    }
    found = EDGE.findall(picture())
    assert {(writer, reader) for writer, _, reader in found} == expected
    assert len(found) == len(expected)


def test_an_edge_has_the_names_of_what_it_carries() -> None:
    labels = {(writer, reader): label for writer, label, reader in EDGE.findall(picture())}
    assert labels["data", "train"] == "examples, images"
    assert labels["compress", "compress"] == "checkpoint"
    assert labels["statistics", "summary"] == "tables"
