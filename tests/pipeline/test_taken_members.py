"""The files that members are taken from are inputs of their node, so that another file is taken anew."""

import json
from pathlib import Path

import pytest

from lesion.errors import InputError
from lesion.pipeline.dvc import dvc_text
from lesion.pipeline.graph import Graph, Node, flat
from tests.conftest import tiny


def graph(**entry: str) -> Graph:
    params = tiny()
    params["variants"]["dense"] = {"method": "pretrained"} | entry
    return Graph(params)


def sources(graph: Graph, shard: str, variant: str = "dense") -> list[str]:
    inputs = graph.inputs(Node("train", {"study": "digits", "variant": variant, "shard": shard}))
    return flat(inputs.get("source", []))


def test_checkpoints_and_the_map_of_names_are_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELS", "/models")
    found = graph(files="$MODELS/{study}/{member}.pt", names="names.csv")
    assert sources(found, "0-1") == ["/models/digits/0.pt", "/models/digits/1.pt", "names.csv"]
    assert sources(found, "2-3") == ["/models/digits/2.pt", "/models/digits/3.pt", "names.csv"]
    assert sources(found, "0-1", "gmp-50") == []


def test_what_an_index_lists_is_an_input_too(tmp_path: Path) -> None:
    index = {"weight_map": {"a": "2.safetensors", "b": "1.safetensors", "c": "2.safetensors"}}
    (tmp_path / "0.json").write_text(json.dumps(index))
    found = sources(graph(files=f"{tmp_path}/{{member}}.json"), "0-0")
    assert found == [f"{tmp_path}/{name}" for name in ("0.json", "1.safetensors", "2.safetensors")]


def test_dvc_depends_on_them() -> None:
    text = dvc_text(graph(files="m-{member}.pt"))
    for shard, members in (("0-1", (0, 1)), ("2-3", (2, 3))):
        stage = text.partition(f"  train-dense-{shard}-digits:\n")[2].partition("    outs:")[0]
        assert [f"    - m-{member}.pt\n" in stage for member in range(4)] == [member in members for member in range(4)]


def test_a_path_of_one_member_does_for_no_other() -> None:
    assert sources(graph(files="one.pt"), "0-0") == ["one.pt"]
    with pytest.raises(InputError, match=r"^one\.pt: \{member\} is expected in this path"):
        sources(graph(files="one.pt"), "0-1")
