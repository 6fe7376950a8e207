"""The nodes of `computation`: variants that choose what they compute, and the figure of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from lesion.artifacts.tables import read_facts
from lesion.errors import InputError
from lesion.pipeline.dvc import dvc_text, published
from lesion.pipeline.graph import Graph
from lesion.pipeline.project import project
from tests import places
from tests.conftest import SHARDS, step, tiny, write_params


def choosing(*variants: str) -> dict[str, Any]:
    params = tiny()
    params["variants"] |= {
        "gates": {"method": "fbs", "density": 0.5},
        "agent": {"method": "rnp", "groups": 2, "penalty": 0.1},
        "absent": {"method": "dropout", "share": 0.2},
    }
    params["active"]["trained"] = ["gmp-50", *variants]
    return params


def nodes(params: dict[str, Any]) -> list[tuple[str, str]]:
    found = project(params)[0].nodes()
    return [(node.step, node.names.get("variant", "")) for node in found if "computation" in node.step]


def test_variants_that_choose_have_nodes_and_only_such_a_study_has_the_figure() -> None:
    assert nodes(choosing()) == []
    assert nodes(choosing("absent")) == []
    expected = [("computation", "gates"), ("computation", "agent"), ("figure-computation", "")]
    assert nodes(choosing("gates", "absent", "agent")) == expected


def test_the_figure_reads_the_tables_of_those_variants() -> None:
    graph = Graph(choosing("gates", "absent"))
    drawn = graph.inputs(graph.node("figure-computation", {"study": "digits"}))
    assert drawn["computation"] == {"gates": "results/digits/computation/gates.csv"}
    read = graph.inputs(graph.node("computation", {"study": "digits", "variant": "gates"}))
    assert read["checkpoints"] == [f"results/digits/checkpoints/gates/{shard}.safetensors" for shard in SHARDS]


def test_other_variants_and_studies_are_refused() -> None:
    graph = Graph(choosing("absent"))
    with pytest.raises(
        InputError, match=r"^computation: absent is of method dropout, fbs or rnp or switch is expected"
    ):
        graph.node("computation", {"study": "digits", "variant": "absent"})
    with pytest.raises(InputError, match=r"^figure-computation: digits has no such step, since no active variant is"):
        graph.node("figure-computation", {"study": "digits"})


def test_both_engines_have_the_steps() -> None:
    stages = yaml.safe_load(dvc_text(project(choosing("gates", "agent"))[0]))["stages"]
    assert stages["computation"]["matrix"] == {"study": ["digits"], "variant": ["gates", "agent"]}
    assert stages["computation"]["cmd"] == "lesion computation --study ${item.study} --variant ${item.variant}"
    assert "results/${item.study}/computation/agent.csv" in stages["figure-computation"]["deps"]


def test_a_reviewer_gets_the_table_without_training() -> None:
    assert "computation" in published(project(choosing("gates"))[0])
    assert "computation" not in published(project(choosing())[0])


def test_the_steps_run_and_sizes_are_means_over_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    params = choosing("agent")
    params["studies"]["digits"]["recipe"] |= {"epochs": 1, "decay": []}
    monkeypatch.chdir(tmp_path)
    write_params(tmp_path, params)
    step("data", study="digits")
    for shard in SHARDS:
        step("train", study="digits", variant="agent", shard=shard)
        step("predict", study="digits", variant="agent", shard=shard)
    step("computation", study="digits", variant="agent")
    found = pd.read_csv(places.place("computation", "digits", "agent"))
    facts = [read_facts(places.predictions("digits", "agent", shard)) for shard in SHARDS]
    assert found["example_id"].is_unique
    assert found["multiply_adds"].mean() == pytest.approx(np.mean([each["multiply_adds"] for each in facts]))
    assert (found["lowest"] <= found["multiply_adds"]).all()
    assert (found["multiply_adds"] <= found["highest"]).all()
    np.testing.assert_allclose(found["share"], found["multiply_adds"] / facts[0]["multiply_adds_dense"])
