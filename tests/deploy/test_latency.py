"""The `latency` step on a tiny study. What it measures is not asserted, since machines differ."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.torch import load_file

from lesion.artifacts.tables import read_facts
from lesion.errors import InputError
from lesion.params.validation import validate
from lesion.pipeline.graph import Graph
from lesion.pipeline.version import code, settings
from tests import places
from tests.conftest import SHARDS, step, tiny, write_params

MEASURED = {"batches": [1, 3], "threads": 1, "repeats": 3, "warmup": 0}
TABLE = Path("results/digits/latency/latency.csv")


def with_latency(**changed: object) -> dict[str, object]:
    params = tiny()
    params["active"]["shards"] = SHARDS[:1]
    params["studies"]["digits"]["latency"] = MEASURED | changed
    params["studies"]["digits"]["recipe"]["paired"] = True  # two members are enough
    return params


@pytest.fixture(scope="module")
def table(predicted_once: Path, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    import shutil

    folder = tmp_path_factory.mktemp("latency")
    shutil.copytree(predicted_once, folder, dirs_exist_ok=True)
    write_params(folder, with_latency())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        step("latency", study="digits")
        step("figure", study="digits", figure="latency")
        assert places.figure("digits", "latency", "svg").exists()
        facts = {v: read_facts(places.predictions("digits", v, SHARDS[0])) for v in ("dense", "gmp-50", "int8-static")}
        size = sum(
            tensor.nbytes
            for name, tensor in load_file(places.checkpoint("digits", "dense", SHARDS[0])).items()
            if name.startswith("0/")
        )
        found = pd.read_csv(TABLE)
    found.attrs |= {"facts": facts, "size": size}
    return found


def rows(table: pd.DataFrame, variant: str) -> pd.DataFrame:
    return table[table["variant"] == variant].set_index(["backend", "batch"])


def test_every_variant_is_timed_by_what_can_run_it(table: pd.DataFrame) -> None:
    expected = {
        "dense": {"torch", "onnxruntime"},
        "gmp-50": {"torch", "torch-coo", "torch-csr", "torch-bsr", "onnxruntime"},
        "int8-static": {"onnxruntime"},
    }
    for variant, backends in expected.items():
        found = rows(table, variant).index.tolist()
        here = {(backend, batch) for backend, batch in found if backend != "openvino"}
        assert here == {(backend, batch) for backend in backends for batch in (1, 3)}


def test_medians_lie_between_quartiles_and_dense_is_as_fast_as_itself(table: pd.DataFrame) -> None:
    for name, low, high in (("median_ms", "low_ms", "high_ms"), ("speedup", "speedup_low", "speedup_high")):
        assert (table[low] <= table[name]).all()
        assert (table[name] <= table[high]).all()
    assert (table["low_ms"] > 0).all()
    assert (rows(table, "dense")["speedup"] == 1).all()


def test_costs_are_those_of_predictions_and_checkpoints(table: pd.DataFrame) -> None:
    facts = table.attrs["facts"]
    for variant, known in facts.items():
        of = rows(table, variant)
        assert (of["multiply_adds"] == known["multiply_adds"]).all()
        ratio = facts["dense"]["multiply_adds"] / known["multiply_adds"]
        np.testing.assert_allclose(of["multiply_adds_ratio"], ratio)
    assert (rows(table, "dense").loc["torch", "bytes"] == table.attrs["size"]).all()
    int8, dense = rows(table, "int8-static").loc["onnxruntime"], rows(table, "dense").loc["onnxruntime"]
    assert (int8["bytes"] < dense["bytes"]).all()
    np.testing.assert_allclose(int8["bytes_ratio"], dense["bytes"] / int8["bytes"])


def test_the_facts_of_the_machine_stand_in_every_row(table: pd.DataFrame) -> None:
    assert (table["threads"] == 1).all()
    assert (table["repeats"] == 3).all()
    assert table["processor"].notna().all()
    assert table["runtime"].str.contains(r"\d+\.\d+").all()


def test_studies_without_it_have_no_such_nodes_and_only_listed_variants_are_read() -> None:
    assert not [node for node in Graph(tiny()).nodes() if "latency" in node.step]
    graph = Graph(with_latency(variants=["gmp-50"]))
    nodes = {node.step: node for node in graph.nodes() if "latency" in node.step}
    assert nodes.keys() == {"latency", "figure-latency"}
    node = nodes["latency"]
    assert list(graph.inputs(node)["checkpoints"]) == ["dense", "gmp-50"]
    seen = settings(graph, node)
    assert list(seen["variants.*"]) == ["dense", "gmp-50"]
    other = Graph(with_latency())
    [whole] = [one for one in other.nodes() if one.step == "latency"]
    assert code(other, whole) != code(graph, node)  # of int8, too


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"repeats": 1}, "latency.repeats"),
        ({"batches": []}, "latency.batches"),
        ({"batches": [0]}, r"latency.batches.0"),
        ({"variants": ["gmp-05"]}, "latency.variants: 'gmp-05' is not in the catalogue"),
    ],
)
def test_what_cannot_be_measured_is_told_when_the_file_is_read(changed: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        validate(with_latency(**changed))
