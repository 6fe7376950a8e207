"""Populations from checkpoints on disk: taken exactly, refused clearly."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from lesion.artifacts.checkpoints import read_facts, read_members
from lesion.artifacts.tables import PREDICTIONS, read_parquet
from lesion.artifacts.tables import read_facts as read_table_facts
from lesion.compress.encoding import decode
from lesion.data.dataset import Geometry
from lesion.data.imagenet_facts import MEAN, STD
from lesion.data.images import FileImages, PackedImages
from lesion.data.split import Normalise, Split
from lesion.errors import InputError
from lesion.models.small_cnn import Options, build
from lesion.params.validation import validate
from lesion.train.pretrained import warn_of_own_input
from tests import places
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
    "compiled, of Lightning": (
        "{study}-{member}.ckpt.pt",
        saved(lambda s: {"state_dict": {f"model._orig_mod.{k}": v for k, v in s.items()}, "best": np.float64(97.2)}),
    ),
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
    path = places.checkpoint("digits", "dense", "0-1")
    found = {member: decode(tensors) for member, tensors in read_members(path)}
    for member, state in states.items():
        assert found[member].keys() == state.keys()
        assert all(torch.equal(found[member][name], tensor) for name, tensor in state.items())
    digests = {member: facts["sha256"] for member, facts in read_facts(path)["members"].items()}
    assert len(set(digests.values())) == 2
    step("predict", **NODE)
    assert len(read_parquet(places.predictions("digits", "dense", "0-1"), PREDICTIONS)) == 2 * 898


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "missing": (lambda: None, "the checkpoint is missing"),
    "a pointer": (
        lambda: Path("digits-0.ckpt.pt").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
        "a Git LFS pointer",
    ),
    "integers": (
        lambda: torch.save({n: v.to(torch.int8) for n, v in network(0).state_dict().items()}, "digits-0.ckpt.pt"),
        r"checkpoint: tensor 0\.weight is int8, the model expects float32",
    ),
    "another model": (
        lambda: torch.save(nn.Linear(3, 4).state_dict(), "digits-0.ckpt.pt"),
        r"checkpoint: tensor 0\.weight is missing",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_checkpoint_of_this_model(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make, message = REFUSED[what]
    make()
    enter(tmp_path, "{study}-{member}.ckpt.pt")
    with pytest.raises(InputError, match=rf"^digits-0\.ckpt\.pt: {message}"):
        step("train", **NODE)
    assert not places.checkpoint("digits", "dense", "0-1").exists()


@pytest.mark.parametrize("files", ["{epoch}-{member}.pt", "{member", "{member.real.x}", "{}", ""])
def test_a_path_with_other_braces_is_refused(files: str) -> None:
    params = tiny()
    params["variants"]["dense"] = {"method": "pretrained", "files": files}
    with pytest.raises(InputError, match=r"variants\.dense"):
        validate(params)


def test_a_path_that_names_no_member_is_the_one_member_of_its_population(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(network(0).state_dict(), "same.pt")
    enter(tmp_path, "same.pt")
    for shard in ("0-1", "3-3"):
        with pytest.raises(InputError, match=r"^same\.pt: \{member\} is expected in this path"):
            step("train", study="digits", variant="dense", shard=shard)
    step("train", study="digits", variant="dense", shard="0-0")
    ((member, stored),) = read_members(places.checkpoint("digits", "dense", "0-0"))
    assert member == 0
    assert torch.equal(decode(stored)["0.weight"], network(0).state_dict()["0.weight"])


def test_what_is_derived_from_a_member_has_its_origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for member in (0, 1):
        as_safetensors(network(member).state_dict(), member)
    enter(tmp_path, "{study}-{member}.ckpt.safetensors")
    step("train", **NODE)
    derived = NODE | {"variant": "int8-static"}
    step("compress", **derived)
    found = []
    for node in (NODE, derived):
        step("predict", **node)
        path = places.predictions(node["study"], node["variant"], node["shard"])
        found.append({member: facts["sha256"] for member, facts in read_table_facts(path)["members"].items()})
    files = {str(member): Path(f"digits-{member}.ckpt.safetensors") for member in (0, 1)}
    assert found[0] == {member: sha256(file.read_bytes()).hexdigest() for member, file in files.items()}
    assert found[1] == found[0]


def test_a_moving_average_is_taken_by_its_key_and_other_names_by_a_map(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plain, average = (network(seed).state_dict() for seed in (0, 1))
    mapped = {f"layer/{number}": name for number, name in enumerate(average)}
    saved = {"model": plain, "model_ema": {other: average[name] for other, name in mapped.items()}}
    torch.save(saved, "0.pt")
    Path("names.csv").write_text("checkpoint,network\n" + "".join(f"{one},{other}\n" for one, other in mapped.items()))
    enter(tmp_path, "0.pt")
    node = {"study": "digits", "variant": "dense", "shard": "0-0"}
    with pytest.raises(InputError, match=r"^0\.pt: has tensors in model and in model_ema; say which by `key`$"):
        step("train", **node)
    params = tiny()
    params["variants"]["dense"] = {"method": "pretrained", "files": "0.pt", "key": "model_ema", "names": "names.csv"}
    write_params(tmp_path, params)
    step("train", **node)
    ((_, stored),) = read_members(places.checkpoint("digits", "dense", "0-0"))
    assert all(torch.equal(decode(stored)[name], tensor) for name, tensor in average.items())


WARNED: list[tuple[str, str, Any, str]] = [
    ("timm", "tf_efficientnet_lite0", None, "mean 0.500 0.500 0.500, std 0.500 0.500 0.500"),
    ("torchvision", "efficientnet_b1", None, "240 pixels of 255, bilinear"),
    ("torchvision", "resnet18", None, ""),  # as ImageNet is shown
    ("timm", "tf_efficientnet_lite0", {}, ""),
    ("timm", "tf_efficientnet_lite0", "own", ""),
]


@pytest.mark.parametrize(("library", "architecture", "given", "message"), WARNED)
def test_another_input_than_the_publishers_is_told(
    library: str, architecture: str, given: Any, message: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    split = Split(
        example_id=torch.arange(1), label=torch.zeros(1, dtype=torch.int64), class_names=("a",), class_ids=("a",),
        images=FileImages(tmp_path, pa.array(["a.png"]), Geometry(256, 224)),
        normalise=Normalise(torch.tensor(MEAN), torch.tensor(STD)),
    )  # fmt: skip
    model = {"name": library, "architecture": architecture} | ({} if given is None else {"input": given})
    warn_of_own_input(model, split)
    told = [record.getMessage() for record in caplog.records]
    if message:
        assert len(told) == 1
        assert message in told[0]
        assert told[0].startswith(
            "images are shown with mean 0.485 0.456 0.406, std 0.229 0.224 0.225, 224 pixels of 256"
        )
        assert "`input: own`" in told[0]
    else:
        assert not told
    small = replace(split, images=PackedImages(np.zeros((1, 32, 32, 3), np.uint8)))
    caplog.clear()
    warn_of_own_input(model, small)
    assert not caplog.records
