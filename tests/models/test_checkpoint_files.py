"""What is read of checkpoints of other projects, and what each file is called that is none."""

import argparse
import gzip
import json
import os
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from lesion.errors import InputError
from lesion.models.checkpoint_files import read_state
from lesion.models.checkpoint_parts import parts

STATE = {"0.weight": torch.arange(6.0).reshape(2, 3), "0.bias": torch.tensor([1.0, -2.0])}

TAKEN: dict[str, Any] = {
    "plain": STATE,
    "state_dict": {"state_dict": STATE, "epoch": 90},
    "model": {"model": STATE, "optimizer": {"state": {0: {"momentum_buffer": torch.ones(2)}}, "param_groups": []}},
    "net": {"net": STATE, "acc": 93.1},
    "one in the other": {"net": {"epoch": 1, "model": {"state_dict": STATE}}},
    "the model's settings under its name": {"model": {"width": 3}, "state_dict": STATE},
    "a numpy number": {"state_dict": STATE, "best_acc1": np.float64(97.2), "top": np.int64(3)},
    "a numpy array": {"state_dict": STATE, "curve": np.arange(3, dtype=np.float32)},
    "numbers among the tensors": STATE | {"epoch": 3, "note": "best", "best": np.float32(0.5), "hyper": None},
    "a tensor beside": {"state_dict": STATE, "best_acc1": torch.tensor(97.2)},
    "an average alone": {"state_dict_ema": STATE, "step": 3},
    "under a name of its own": {"params": STATE},
    "a tensor beside, inside": {"model": {"state_dict": STATE, "step": torch.tensor(3)}},
    "other tensors beside": {"state_dict": STATE, "criterion": {"weight": torch.ones(3)}},
    "settings": {"model": STATE, "args": argparse.Namespace(lr=0.1, schedule=[1, 2])},
}


@pytest.mark.parametrize("suffix", [".pt", ".safetensors", ""])
@pytest.mark.parametrize("what", TAKEN)
def test_the_tensors_are_found_wherever_they_are_kept(what: str, suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"0{suffix}"
    torch.save(TAKEN[what], file)
    found = read_state(file)
    assert found.keys() == STATE.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in STATE.items())


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_the_format_is_told_by_the_bytes(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"0{suffix}"
    save_file(STATE, file)
    assert all(torch.equal(tensor, STATE[name]) for name, tensor in read_state(file).items())
    torch.save(STATE, file, _use_new_zipfile_serialization=False)
    assert all(torch.equal(tensor, STATE[name]) for name, tensor in read_state(file).items())


class Evil:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("touch executed",)


class Settings:
    rate = 0.1


def held(bytes_: bytes) -> Callable[[Path], object]:
    return lambda file: file.write_bytes(bytes_)


def saved(what: Any) -> Callable[[Path], object]:
    return lambda file: torch.save(what, file)


def itself(file: Path) -> None:
    loop: dict[str, Any] = {}
    loop["model"] = loop
    torch.save(loop, file)


def script(file: Path) -> None:
    torch.jit.save(torch.jit.script(nn.Linear(3, 2)), file)


def onnx_model() -> bytes:
    onnx = pytest.importorskip("onnx")
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["x"], ["x"])], "g", [value], [value])
    made: bytes = onnx.helper.make_model(graph, producer_name="pytorch").SerializeToString()
    return made


def zipped(*names: str) -> Callable[[Path], object]:
    def write(file: Path) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            for name in names:
                archive.writestr(name, "x")

    return write


def cut_off(file: Path) -> None:
    save_file(STATE, file)
    file.write_bytes(file.read_bytes()[:-8])


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00ff\nsize 97781\n"
REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda _: None, "the checkpoint is missing"),
    "a folder": (lambda file: file.mkdir(), "not a readable file"),
    "empty": (held(b""), "the file is empty"),
    "Git LFS": (held(LFS), "a Git LFS pointer"),
    "a page": (held(b"\n<!DOCTYPE html>\n<html><body>404</body></html>"), "a web page"),
    "a page without doctype": (held(b"<HTML><head></head></HTML>"), "a web page"),
    "some JSON": (held(b'{\n  "a": {"b": "model-00001.safetensors"}}'), "a JSON text"),
    "an index of other folders": (held(b'{"weight_map": {"a": "../a.safetensors"}}'), "files beside this index"),
    "ONNX": (held(onnx_model()), "a model of ONNX"),
    "ONNX without a producer": (held(b"\x08\x0e:3\n\x0c\n\x01x"), "a model of ONNX"),
    "TensorFlow Lite": (held(b"\x1c\x00\x00\x00TFL3" + bytes(20)), "a model of TensorFlow Lite"),
    "HDF5": (held(b"\x89HDF\r\n\x1a\n" + bytes(20)), "an HDF5 file, as of Keras"),
    "Keras": (zipped("model.weights.h5", "config.json"), "a model of Keras"),
    "torch.export": (zipped("m/archive_format", "m/data/weights/weight_0"), r"a program of torch\.export"),
    "NumPy": (lambda file: np.save(file.open("wb"), np.ones(3)), "an array of NumPy"),
    "arrays of NumPy": (lambda file: np.savez(file.open("wb"), a=np.ones(3)), "an archive of NumPy"),
    "GGUF": (held(b"GGUF\x03\x00\x00\x00"), "a GGUF file"),
    "OpenVINO": (held(b'<?xml version="1.0"?>\n<net name="a" version="11">'), "an XML text"),
    "a safetensors file cut off": (cut_off, "not a readable safetensors file"),
    "an average beside": (saved({"model": STATE, "model_ema": STATE}), "has tensors in model and in model_ema; say"),
    "an average within": (
        saved({"state_dict": STATE, "ema": {"shadow": STATE}}),
        ".* and in ema/shadow;",
    ),
    "two of other names": (saved({"a": STATE, "b": {"c": torch.ones(3)}}), "has tensors in a and in b; say which"),
    "compressed": (held(gzip.compress(b"weights")), "a compressed file"),
    "text": (held(b"hello"), "not a checkpoint of tensors"),
    "three bytes": (held(b"PK\x03"), "not a checkpoint of tensors"),
    "a truncated archive": (held(b"PK\x03\x04" + bytes(100)), "not a checkpoint of tensors"),
    "a header alone": (held((100).to_bytes(8, "little") + b"{"), "not a readable safetensors file"),
    "code": (saved({"a": torch.ones(1), "b": Evil()}), r"holds a \S*system, which is not loaded"),
    "a bare pickle": (held(pickle.dumps(Evil(), protocol=2)), r"holds a \S*system, which is not loaded"),
    "a pickle of today": (held(pickle.dumps(Evil())), "not a checkpoint of tensors"),
    "an object": (saved({"state_dict": STATE, "settings": Settings()}), r"holds a \S+\.Settings, which is not loaded"),
    "a whole module": (saved(nn.Linear(3, 2)), r"holds a torch\.nn\.modules\.linear\.Linear, .*save the state dict"),
    "a script": (script, "a TorchScript archive"),
    "a tensor": (saved(torch.ones(3)), "a state dict is expected"),
    "numbers alone": (saved({"epoch": 3, "state_dict": {}}), "a state dict is expected"),
    "tensors by number": (saved({0: torch.ones(3)}), "a state dict is expected"),
    "two models": (saved({"net": STATE, "model": STATE}), "has tensors in net and in model; say which by `key`"),
    "itself": (itself, "a state dict is expected"),
}


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_checkpoint_is_named_in_a_line(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make, message = REFUSED[what]
    make(tmp_path / "0.pt")
    with pytest.raises(InputError, match=f"^{re.escape(str(tmp_path / '0.pt'))}: {message}") as raised:
        read_state(tmp_path / "0.pt")
    assert not re.search(r"[\n\x1b]|weights_only", str(raised.value))
    assert not Path("executed").exists()


def test_numbers_that_numpy_1_wrote(tmp_path: Path) -> None:
    """Numpy 1 calls the function that makes its scalars numpy.core.multiarray.scalar, numpy 2 has an underscore."""
    held: dict[str, Tensor | np.float64] = {"a": torch.ones(1), "best": np.float64(1.5)}
    torch.save(held, tmp_path / "new.pt", _use_new_zipfile_serialization=False)
    old = (tmp_path / "new.pt").read_bytes().replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")
    assert b"cnumpy.core.multiarray\n" in old
    (tmp_path / "old.pt").write_bytes(old)
    assert read_state(tmp_path / "old.pt").keys() == {"a"}


BOTH = {"model": STATE, "ema": {"decay": 0.9, "shadow": {name: value + 1 for name, value in STATE.items()}}}


@pytest.mark.parametrize(("key", "more"), [("model", 0), ("ema/shadow", 1)])
def test_the_key_says_which_state_dict_is_taken(key: str, more: int, tmp_path: Path) -> None:
    torch.save(BOTH, tmp_path / "0.pt")
    found = read_state(tmp_path / "0.pt", key)
    assert found.keys() == STATE.keys()
    assert all(torch.equal(found[name], tensor + more) for name, tensor in STATE.items())


def test_the_key_may_be_a_prefix_of_names(tmp_path: Path) -> None:
    both = {f"model.{name}": value for name, value in STATE.items()}
    both |= {f"ema.{name}": value + 1 for name, value in STATE.items()}
    torch.save({"state_dict": both}, tmp_path / "0.ckpt")
    found = read_state(tmp_path / "0.ckpt", "ema")
    assert found.keys() == STATE.keys()
    assert torch.equal(found["0.bias"], STATE["0.bias"] + 1)
    with pytest.raises(InputError, match=r"there are no tensors under teacher; there are some under state_dict$"):
        read_state(tmp_path / "0.ckpt", "teacher")


def index(folder: Path, *files: str) -> Path:
    names = dict(zip(STATE, files, strict=True))
    path = folder / "model.safetensors.index.json"
    path.write_text(json.dumps({"metadata": {"total_size": 32}, "weight_map": names}, indent=2))
    return path


def test_a_checkpoint_in_several_files_is_read_by_its_index(tmp_path: Path) -> None:
    first, second = "model-00001-of-00002.safetensors", "model-00002-of-00002.bin"
    path = index(tmp_path, first, second)
    save_file({"0.weight": STATE["0.weight"]}, tmp_path / first)
    torch.save({"0.bias": STATE["0.bias"]}, tmp_path / second)
    assert parts(path) == [tmp_path / first, tmp_path / second]
    found = read_state(path)
    assert found.keys() == STATE.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in STATE.items())
    torch.save({"0.bias": STATE["0.bias"], "0.weight": STATE["0.weight"]}, tmp_path / second)
    with pytest.raises(InputError, match=r"index\.json: tensor 0\.weight is in two files"):
        read_state(path)
    (tmp_path / second).unlink()
    with pytest.raises(InputError, match=r"model-00002-of-00002\.bin: the checkpoint is missing"):
        read_state(path)
