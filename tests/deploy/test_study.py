"""Members of a study as ONNX files, and ONNX files as variants of a study: the predictions are the same."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file
from typer.testing import CliRunner

from lesion.artifacts.tables import PREDICTIONS, read_facts, read_parquet
from lesion.cli.app import app
from lesion.errors import InputError
from lesion.params.validation import validate
from lesion.pipeline.graph import Graph
from tests import places
from tests.conftest import SHARDS, lesion, step, tiny, write_params
from tests.deploy.onnx_files import weight, write_linear

Main = Callable[..., tuple[int, list[str]]]


def exported(variant: str, out: str, member: int = 0) -> str:
    """What `lesion export-onnx` prints."""
    words = ["export-onnx", "--study", "digits", "--variant", variant, "--member", str(member), "--out", out]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    return done.output


def with_models(folder: Path, **variants: dict[str, object]) -> None:
    params = tiny()
    params["variants"] |= variants
    params["active"]["external"] = list(variants)
    validate(params)
    write_params(folder, params)


def member(variant: str, number: int = 0) -> pd.DataFrame:
    table = read_parquet(places.predictions("digits", variant, SHARDS[0]), PREDICTIONS).to_pandas()
    return table[table["member"] == number].reset_index(drop=True)


def test_an_exported_member_is_a_variant_with_its_own_predictions(predicted_copy: Path) -> None:
    said = [exported("dense", f"dense-{number}.onnx", number) for number in (0, 1)]
    assert "256 of 256 answers are the same" in said[0]
    with_models(predicted_copy, own={"method": "onnx", "file": "dense-{member}.onnx", "members": "0-1"})
    step("run-onnx", study="digits", variant="own", shard="0-1")
    path = places.predictions("digits", "own", "0-1")
    found = read_parquet(path, PREDICTIONS).to_pandas()
    for number in (0, 1):
        dense, own = member("dense", number), found[found["member"] == number].reset_index(drop=True)
        assert own[["example_id", "label"]].equals(dense[["example_id", "label"]])
        sure = dense["confidence"] - 0.5 > 1e-3
        assert own["prediction"][sure].equals(dense["prediction"][sure])
        np.testing.assert_allclose(own["confidence"], dense["confidence"], atol=1e-4)
        np.testing.assert_allclose(own["true_probability"], dense["true_probability"], atol=1e-4)
    sizes = [(predicted_copy / f"dense-{number}.onnx").stat().st_size for number in (0, 1)]
    assert read_facts(path)["bytes_per_member"] == np.mean(sizes)


def test_int8_is_exported_with_integers_and_agrees(predicted_copy: Path) -> None:
    """In a process of its own: nothing has registered torch's operators of int8 there."""
    known = ("--study", "digits", "--variant", "int8-static", "--out", "int8.onnx")
    said = lesion("export-onnx", *known, cwd=predicted_copy).stdout
    assert "3 int8 weights" in said
    with_models(predicted_copy, own={"method": "onnx", "file": "int8.onnx", "members": "0-0"})
    step("run-onnx", study="digits", variant="own", shard="0-0")
    found = read_parquet(places.predictions("digits", "own", "0-0"), PREDICTIONS).to_pandas()
    int8 = member("int8-static")
    assert (found["prediction"] == int8["prediction"]).mean() > 0.98
    np.testing.assert_allclose(found["confidence"], int8["confidence"], atol=0.1)


def test_predict_onnx_on_the_images_gives_the_same(predicted_copy: Path) -> None:
    """The other door: pixels of the test images in an array, normalised by hand."""
    exported("gmp-50", "pruned.onnx")
    arrays, examples = load_file(places.images("digits")), pd.read_parquet(places.examples("digits"))
    test = (examples["split"] == "test").to_numpy()
    pixels = (arrays["images"][test] / np.float32(255) - arrays["mean"]) / arrays["std"]
    names = examples["example_id"][test].to_numpy()
    np.savez("x.npz", images=pixels.transpose(0, 3, 1, 2), label=examples["label"][test], example_id=names)
    words = ["predict-onnx", "--model", "pruned.onnx", "--inputs", "x.npz", "--out", "out.parquet"]
    assert CliRunner().invoke(app, words).exit_code == 0
    found, pruned = pd.read_parquet("out.parquet"), member("gmp-50")
    np.testing.assert_allclose(found["confidence"], pruned["confidence"], atol=1e-4)
    assert (found["prediction"] == pruned["prediction"]).mean() > 0.99
    assert (found["correct_top5"] == pruned["correct_top5"]).mean() > 0.99


@pytest.mark.parametrize(
    ("shape", "classes", "said"),
    [
        (("n", 1, 8, 8), 7, "has 7 classes, the study has 10"),
        (("n", 3, 8, 8), 10, "the study's images have 1 channels"),
        (("n", 1, 9, 9), 10, "--side says 8"),
        (("n", 64), 10, r"no images \(n, 1, 8, 8\)"),
    ],
)
def test_a_model_of_something_else_is_told(
    predicted_copy: Path, shape: tuple[object, ...], classes: int, said: str
) -> None:
    length = int(np.prod([one for one in shape if isinstance(one, int)]))
    write_linear(predicted_copy / "m.onnx", weight(length, classes), shape)
    with_models(predicted_copy, other={"method": "onnx", "file": "m.onnx", "members": "0-0"})
    with pytest.raises(InputError, match=said):
        step("run-onnx", study="digits", variant="other", shard="0-0")
    assert not places.predictions("digits", "other", "0-0").exists()


def test_the_files_are_inputs_of_the_node_and_the_step_is_for_this_method_alone(tmp_path: Path) -> None:
    params = tiny()
    params["variants"] |= {
        "one": {"method": "onnx", "file": "one.onnx", "members": "0-0"},
        "two": {"method": "onnx", "file": "m{member}.onnx", "members": "1-2"},
        "file": {"method": "external", "predictions": "p.csv", "members": "0-0"},
    }
    params["active"]["external"] = ["one", "two", "file"]
    graph = Graph(params)
    nodes = {(node.step, node.names["variant"]): node for node in graph.nodes() if node.step in ("run-onnx", "import")}
    assert nodes.keys() == {("run-onnx", "one"), ("run-onnx", "two"), ("import", "file")}
    assert graph.inputs(nodes["run-onnx", "one"])["source"] == "one.onnx"
    assert graph.inputs(nodes["run-onnx", "two"])["source"] == ["m1.onnx", "m2.onnx"]
    with pytest.raises(InputError, match="import: one is of method onnx, external is expected"):
        graph.node("import", {"study": "digits", "variant": "one", "shard": "0-0"})


def test_several_members_need_a_file_each() -> None:
    params = tiny()
    params["variants"]["x"] = {"method": "onnx", "file": "one.onnx", "members": "0-1"}
    with pytest.raises(InputError, match=r"variants\.x: .*\{member\} is expected"):
        validate(params)


def test_what_cannot_be_exported_is_told_in_a_line(predicted_copy: Path, main: Main) -> None:
    known = ["export-onnx", "--study", "digits", "--variant", "dense"]
    code, lines = main(*known, "--member", "9", "--out", "m.onnx")
    assert (code, lines) == (2, ["lesion: export-onnx: no shard of dense has a member 9"])
    code, lines = main(*known, "--out", "m.pt")
    assert (code, lines) == (2, ["lesion: m.pt: a file that ends in .onnx is expected"])
