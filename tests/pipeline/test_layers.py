"""The nodes of `layers`: those variants that a study names, and the figure of them."""

from typing import Any

import pytest
import yaml

from lesion.errors import InputError
from lesion.params.validation import validate
from lesion.pipeline.dvc import dvc_text
from lesion.pipeline.graph import Graph
from lesion.pipeline.project import project
from tests.conftest import tiny


def named(*variants: str, **more: Any) -> dict[str, Any]:
    params = tiny()
    params["variants"] |= {
        "gmp-50-int8": {"method": "int8-static", "of": "gmp-50", "calibration_images": 32},
        "int8-dynamic": {"method": "int8-dynamic", "of": "dense"},
        "tuned": {
            **{"method": "prune-trained", "of": "dense", "sparsity": 0.5, "score": "magnitude", "shape": "weight"},
            **{"allocation": "uniform", "fine_tune": params["studies"]["digits"]["recipe"]},
        },
    }
    params["active"]["derived"] = ["int8-static", "gmp-50-int8", "int8-dynamic", "tuned"]
    params["studies"]["digits"]["layers"] = {"variants": list(variants), "images": 100} | more if variants else None
    return params


def nodes(params: dict[str, Any]) -> list[tuple[str, str]]:
    found = project(params)[0].nodes()
    return [(node.step, node.names.get("variant", "")) for node in found if "layers" in node.step]


def test_only_the_named_variants_have_nodes_and_only_such_a_study_has_the_figure() -> None:
    assert nodes(named()) == []
    assert nodes(named("gmp-50-int8", "int8-static")) == [
        ("layers", "int8-static"),
        ("layers", "gmp-50-int8"),
        ("figure-layers", ""),
    ]


def test_a_node_reads_all_members_before_and_after_compression() -> None:
    graph = Graph(named("gmp-50-int8"))
    read = graph.inputs(graph.node("layers", {"study": "digits", "variant": "gmp-50-int8"}))
    folder = "results/digits/checkpoints"
    assert read["parent"] == [f"{folder}/gmp-50/{shard}.safetensors" for shard in ("0-1", "2-3")]
    assert read["checkpoint"] == [f"{folder}/gmp-50-int8/{shard}.safetensors" for shard in ("0-1", "2-3")]
    drawn = graph.inputs(graph.node("figure-layers", {"study": "digits"}))
    assert drawn["layers"] == {"gmp-50-int8": "results/digits/layers/gmp-50-int8.csv"}


def test_both_engines_have_the_step() -> None:
    stages = yaml.safe_load(dvc_text(project(named("gmp-50-int8", "int8-static"))[0]))["stages"]
    [one, other] = (stages[name] for name in ("layers-digits", "layers-of-gmp-50-digits"))
    assert one["matrix"] == {"study": ["digits"], "variant": ["int8-static"]}
    assert other["matrix"] == {"study": ["digits"], "variant": ["gmp-50-int8"]}
    assert one["cmd"] == "lesion layers --study ${item.study} --variant ${item.variant}"


@pytest.mark.parametrize(
    ("variants", "said"),
    [
        (["int8-statick"], "studies.digits.layers.variants: 'int8-statick' is not in the catalogue (the nearest is"),
        (["gmp-50"], "studies.digits.layers.variants: gmp-50 is made by prune, which leaves no layer alone (`keep`)"),
        (["int8-static", "int8-static"], "studies.digits.layers.variants: an id is listed twice"),
        (["tuned"], "studies.digits.layers.variants: tuned is fine-tuned after compression, which changes all layers"),
    ],
)
def test_variants_whose_layers_cannot_be_judged_are_refused(variants: list[str], said: str) -> None:
    with pytest.raises(InputError) as raised:
        validate(named(*variants))
    assert said in str(raised.value)


def test_a_variant_that_is_not_named_has_no_node() -> None:
    graph = Graph(named("int8-static"))
    with pytest.raises(InputError, match=r"^layers: int8-dynamic is not among the variants of studies\.digits\.layers"):
        graph.node("layers", {"study": "digits", "variant": "int8-dynamic"})
