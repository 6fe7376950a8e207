"""Populations from checkpoints on disk: taken exactly, refused clearly, never executed."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from lesion.artifacts import paths
from lesion.artifacts.checkpoints import read_facts, read_members
from lesion.artifacts.tables import PREDICTIONS, read_parquet
from lesion.compress.encoding import decode
from lesion.errors import InputError
from lesion.models.small_cnn import Options, build
from lesion.params.file import validate
from tests.conftest import step, tiny, write_params

NODE = {"study": "digits", "variant": "dense", "shard": "0-1"}
Save = Callable[[dict[str, Tensor], int], None]


def network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return build(Options(widths=[16, 32]), channels=1, side=8, classes=10)


def enter(folder: Path, files: str) -> None:
    params = tiny()
    params["variants"]["dense"] = {"method": "pretrained", "files": files}
    write_params(folder, params)
    step("data", study="digits")


def as_safetensors(state: dict[str, Tensor], member: int) -> None:
    save_file(state, f"digits-{member}.ckpt.safetensors")


def saved(wrap: Callable[[dict[str, Tensor]], Any]) -> Save:
    return lambda state, member: torch.save(wrap(state), f"digits-{member}.ckpt.pt")


WAYS: dict[str, tuple[str, Save]] = {
    "safetensors": ("{study}-{member}.ckpt.safetensors", as_safetensors),
    "state dict": ("{study}-{member}.ckpt.pt", saved(lambda state: state)),
    "of a training script": ("$HERE/{study}-{member}.ckpt.pt", saved(lambda s: {"state_dict": s, "epoch": 90})),
    "of DataParallel": ("{study}-{member}.ckpt.pt", saved(lambda s: {f"module.{k}": v for k, v in s.items()})),
    "old, without counters": (
        "{study}-{member}.ckpt.pt",
        saved(lambda s: {k: v for k, v in s.items() if "num_batches" not in k}),
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_members_are_taken_to_the_bit(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HERE", str(tmp_path))
    files, save = WAYS[way]
    states = {member: network(member).state_dict() for member in (0, 1)}
    for member, state in states.items():
        save(state, member)
    enter(tmp_path, files)
    step("train", **NODE)
    path = paths.checkpoint("digits", "dense", "0-1")
    found = {member: decode(tensors) for member, tensors in read_members(path)}
    for member, state in states.items():
        assert found[member].keys() == state.keys()
        assert all(torch.equal(found[member][name], tensor) for name, tensor in state.items())
    digests = {member: facts["sha256"] for member, facts in read_facts(path)["members"].items()}
    assert len(set(digests.values())) == 2
    step("predict", **NODE)
    assert len(read_parquet(paths.predictions("digits", "dense", "0-1"), PREDICTIONS)) == 2 * 898


class Evil:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("touch executed",)


def _pickle(what: Any) -> None:
    Path("digits-0.ckpt.pt").write_bytes(pickle.dumps(what))


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "missing": (lambda: None, r"digits-0\.ckpt\.pt: the checkpoint is missing"),
    "code": (lambda: torch.save({"a": Evil()}, "digits-0.ckpt.pt"), "not a checkpoint of tensors alone"),
    "a bare pickle": (lambda: _pickle(Evil()), "not a checkpoint of tensors alone"),
    "empty": (lambda: Path("digits-0.ckpt.pt").touch(), "not a checkpoint of tensors alone"),
    "text": (lambda: Path("digits-0.ckpt.pt").write_text("hello"), "not a checkpoint of tensors alone"),
    "a tensor": (lambda: torch.save(torch.ones(3), "digits-0.ckpt.pt"), "a state dict is expected"),
    "another model": (
        lambda: torch.save(nn.Linear(3, 4).state_dict(), "digits-0.ckpt.pt"),
        r"digits-0\.ckpt\.pt: checkpoint: tensor \S+ is missing",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_checkpoint_of_this_model(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make, message = REFUSED[what]
    make()
    enter(tmp_path, "{study}-{member}.ckpt.pt")
    with pytest.raises(InputError, match=message) as raised:
        step("train", **NODE)
    assert "\n" not in str(raised.value)
    assert not Path("executed").exists()
    assert not paths.checkpoint("digits", "dense", "0-1").exists()


@pytest.mark.parametrize("files", ["same.pt", "{epoch}-{member}.pt", "{member", ""])
def test_the_path_must_name_the_member(files: str) -> None:
    params = tiny()
    params["variants"]["dense"] = {"method": "pretrained", "files": files}
    with pytest.raises(InputError, match=r"variants\.dense"):
        validate(params)
