"""dvc.yaml is written out: what it holds for populations of every kind."""

from typing import Any

import yaml

from lesion.pipeline.dvc import dvc_text, published
from lesion.pipeline.graph import Graph
from lesion.pipeline.project import project
from tests.conftest import tiny


def stages(params: dict[str, Any]) -> dict[str, Any]:
    """The stages by name."""
    graph, _ = project(params)
    return dict(yaml.safe_load(dvc_text(graph))["stages"])


def every_kind() -> dict[str, Any]:
    """A chain of which the middle is not active, and two external variants of one member each."""
    params = tiny()
    params["variants"] |= {
        "gmp-50-half": {"method": "float16", "of": "gmp-50"},
        "gmp-50-half-int8": {"method": "int8-static", "of": "gmp-50-half", "calibration_images": 9},
        "one": {"method": "external", "predictions": "one.csv", "members": "0-0"},
        "other": {"method": "external", "predictions": "other.csv", "members": "0-0"},
    }
    params["active"] |= {"derived": ["int8-static", "gmp-50-half-int8"], "external": ["one", "other"]}
    return params


def test_a_chain_has_a_stage_a_parent_and_brings_parents_that_are_not_active() -> None:
    made = stages(every_kind())
    assert made["compress"]["matrix"]["variant"] == ["int8-static"]
    assert made["compress-of-gmp-50"]["matrix"]["variant"] == ["gmp-50-half"]
    last = made["compress-of-gmp-50-half"]
    assert "results/${item.study}/checkpoints/gmp-50-half/${item.shard}.safetensors" in last["deps"]
    assert "gmp-50-half" not in made["predict"]["matrix"]["variant"]


def test_external_variants_depend_on_files_of_their_own_and_are_audited_beside_the_others() -> None:
    made = stages(every_kind())
    for name in ("one", "other"):
        assert made[f"import-{name}"]["matrix"]["variant"] == [name]
        assert f"{name}.csv" in made[f"import-{name}"]["deps"]
    audited = made["pie-external-0-0"]
    assert audited["matrix"]["variant"] == ["one", "other"]
    assert "results/${item.study}/predictions/${item.variant}/0-0.parquet" in audited["deps"]
    assert "results/${item.study}/predictions/dense/2-3.parquet" in audited["deps"]
    assert "results/${item.study}/predictions/one/0-0.parquet" in made["summary"]["deps"]
    assert not any(
        "checkpoints/one" in dep or "robustness/one" in dep for stage in made.values() for dep in stage["deps"]
    )


def test_dependencies_are_files_and_no_stage_names_a_parameter() -> None:
    for name, stage in stages(every_kind()).items():
        assert "params" not in stage, name
        folders = [dep for dep in stage["deps"] if "." not in dep.rsplit("/", 1)[-1]]
        assert all(dep.startswith("results/versions/") for dep in folders) or name == "versions"


def test_what_is_published_needs_no_training_to_be_drawn() -> None:
    graph = Graph(every_kind())
    names = published(graph)
    assert {name.split("-")[0] for name in names} == {
        "versions",
        "data",
        "adversarial",
        "predict",
        "import",
        "robustness",
    }
    assert not any("checkpoints" in str(stages(every_kind())[name].get("outs")) for name in names)
