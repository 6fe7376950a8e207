"""What cannot be run is told in a line that names the file, and nothing is written."""

import sys
from pathlib import Path

import numpy as np
import pytest

from lesion.deploy.contract import RunOptions
from lesion.deploy.predict import Said, predict_file
from lesion.errors import InputError
from tests.deploy.onnx_files import weight, write_linear

X = np.random.default_rng(1).normal(size=(4, 5)).astype(np.float32)
W = weight(5, 3)


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    np.save(tmp_path / "x.npy", X)
    return tmp_path / "x.npy"


def refused(model: Path, inputs: Path, said: str, options: Said = Said()) -> None:  # noqa: B008
    out = inputs.with_name("out.parquet")
    with pytest.raises(InputError, match=said) as found:
        predict_file(model, inputs, out, said=options)
    assert "\n" not in str(found.value)
    assert not out.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"hello", "not an ONNX file"),
        (b"", "not an ONNX file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "pointer of Git LFS"),
    ],
)
def test_what_is_no_onnx_file(tmp_path: Path, inputs: Path, content: bytes, said: str) -> None:
    (tmp_path / "m.onnx").write_bytes(content)
    refused(tmp_path / "m.onnx", inputs, said)


def test_a_file_that_is_not_there(tmp_path: Path, inputs: Path) -> None:
    refused(tmp_path / "m.onnx", inputs, "m.onnx: there is no such file")
    refused(write_linear(tmp_path / "m.onnx", W), tmp_path / "y.npy", "y.npy: No such file")
    refused(tmp_path / "m.onnx", tmp_path / "folder", "folder: there is no such file or folder")


def test_external_weights_that_are_missing_or_cut_off(tmp_path: Path, inputs: Path) -> None:
    model = write_linear(tmp_path / "m.onnx", W, external=True)
    (tmp_path / "m.data").write_bytes(b"123")
    refused(model, inputs, "weights that it refers to is too short")
    (tmp_path / "m.data").unlink()
    refused(model, inputs, "weights that it refers to is missing: .*m.data")


@pytest.mark.parametrize("shape", [(4, 6), (4,), (4, 5, 1)])
def test_another_rank_or_size(tmp_path: Path, inputs: Path, shape: tuple[int, ...]) -> None:
    np.save(inputs, np.zeros(shape, dtype=np.float32))
    refused(write_linear(tmp_path / "m.onnx", W), inputs, r"x.npy: has the shape .*takes x: float32 \(n, 5\)")


def test_numbers_of_another_type(tmp_path: Path, inputs: Path) -> None:
    model = write_linear(tmp_path / "m.onnx", W, dtype="uint8")
    refused(model, inputs, "holds float32")
    np.save(inputs, np.full((4, 5), 300))
    refused(model, inputs, "holds 300 to 300")


def test_scores_that_are_not_finite(tmp_path: Path, inputs: Path) -> None:
    broken = X.copy()
    broken[2, 1] = np.nan
    np.save(inputs, broken)
    refused(write_linear(tmp_path / "m.onnx", W), inputs, "a score of example 2 is not finite")


def test_one_score_is_no_classifier(tmp_path: Path, inputs: Path) -> None:
    refused(write_linear(tmp_path / "m.onnx", weight(5, 1)), inputs, "two or more classes are expected")


@pytest.mark.parametrize("labels", ["0\n1\n2\n3", "a\nb\na\nb"])
def test_labels_that_are_no_class(tmp_path: Path, inputs: Path, labels: str) -> None:
    (tmp_path / "label.txt").write_text(labels)
    said = Said(labels=tmp_path / "label.txt")
    refused(write_linear(tmp_path / "m.onnx", W), inputs, "label.txt: the label [3a] is none of the model's 3", said)


def test_labels_and_names_of_another_number(tmp_path: Path, inputs: Path) -> None:
    (tmp_path / "two.txt").write_text("0\n1")
    model = write_linear(tmp_path / "m.onnx", W)
    refused(model, inputs, "has 2 labels, 4 expected", Said(labels=tmp_path / "two.txt"))
    refused(model, inputs, "names 2 classes, the model has 3", Said(classes=tmp_path / "two.txt"))
    (tmp_path / "three.txt").write_text("a\nb\na")
    refused(model, inputs, "the class a is there twice", Said(classes=tmp_path / "three.txt"))
    (tmp_path / "three.txt").write_text("a\n\na")
    refused(model, inputs, "line 2 is blank", Said(classes=tmp_path / "three.txt"))


def test_objects_are_not_unpickled(tmp_path: Path, inputs: Path) -> None:
    np.save(inputs, np.array([{}], dtype=object), allow_pickle=True)
    refused(write_linear(tmp_path / "m.onnx", W), inputs, "x.npy: not a readable array")


def test_a_provider_that_is_not_there(tmp_path: Path, inputs: Path) -> None:
    with pytest.raises(InputError, match=r"no such provider here \(.*cpu.* expected\)"):
        predict_file(
            write_linear(tmp_path / "m.onnx", W), inputs, tmp_path / "o.csv", running=RunOptions(("nonesuch", "cpu"))
        )


@pytest.mark.parametrize(
    ("runtime", "module", "package"),
    [
        ("onnxruntime", "onnxruntime", r"lesion\[onnx\]"),
        ("openvino", "openvino", "openvino"),
        ("litert", "ai_edge_litert.interpreter", "ai-edge-litert"),
    ],
)
def test_a_runtime_that_is_not_installed(
    tmp_path: Path, inputs: Path, monkeypatch: pytest.MonkeyPatch, runtime: str, module: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match=f"not installed: pip install .*{package}"):
        predict_file(tmp_path / "m.onnx", inputs, tmp_path / "o.csv", runtime=runtime)  # type: ignore[arg-type]


def test_a_suffix_that_is_no_format_of_predictions(tmp_path: Path, inputs: Path) -> None:
    with pytest.raises(InputError, match=r"ends in \.parquet or \.csv"):
        predict_file(write_linear(tmp_path / "m.onnx", W), inputs, tmp_path / "o.xlsx")
