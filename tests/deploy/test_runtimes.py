"""Other runtimes than onnxruntime, where they are installed: they answer as it does."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lesion.deploy.contract import RunOptions
from lesion.deploy.predict import Said, predict_file
from lesion.errors import InputError
from tests.deploy.onnx_files import weight, write_linear

X = np.random.default_rng(1).normal(size=(9, 5)).astype(np.float32)


def test_openvino_answers_as_onnxruntime(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    model = write_linear(tmp_path / "m.onnx", weight(5, 7), beside=("again",))
    np.save(tmp_path / "x.npy", X)
    for runtime in ("onnxruntime", "openvino"):
        predict_file(
            model,
            tmp_path / "x.npy",
            tmp_path / f"{runtime}.parquet",
            runtime=runtime,
            said=Said(output="again", batch=4),
        )
    one, other = (pd.read_parquet(tmp_path / f"{runtime}.parquet") for runtime in ("onnxruntime", "openvino"))
    assert one["prediction"].equals(other["prediction"])
    np.testing.assert_allclose(one["confidence"], other["confidence"], rtol=1e-4)


def test_openvino_refuses_in_a_line(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    (tmp_path / "m.onnx").write_bytes(b"hello")
    np.save(tmp_path / "x.npy", X)
    with pytest.raises(InputError, match=r"m\.onnx: OpenVINO cannot run it"):
        predict_file(tmp_path / "m.onnx", tmp_path / "x.npy", tmp_path / "o.csv", runtime="openvino")
    with pytest.raises(InputError, match="OpenVINO has no such device here"):
        predict_file(
            write_linear(tmp_path / "m.onnx", weight(5, 7)), tmp_path / "x.npy", tmp_path / "o.csv",
            runtime="openvino", running=RunOptions(("cuda",)),
        )  # fmt: skip


def test_litert_refuses_what_is_no_tflite_file(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    (tmp_path / "m.tflite").write_bytes(b"hello")
    np.save(tmp_path / "x.npy", X)
    with pytest.raises(InputError, match=r"m\.tflite: not a TensorFlow Lite model"):
        predict_file(tmp_path / "m.tflite", tmp_path / "x.npy", tmp_path / "o.csv")
