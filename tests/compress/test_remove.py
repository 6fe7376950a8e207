"""From masked members to smaller ones, through the `compress` step, and what is made of smaller members."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from lesion.artifacts.checkpoints import read_facts, read_members, write_checkpoint
from lesion.compress.encoding import decode, encode
from lesion.compress.restore import restore, restored
from lesion.compress.size import sizes
from lesion.compress.stored_shapes import SHAPES
from lesion.deploy.contract import RunOptions
from lesion.deploy.graphs import INPUT, OUTPUT, to_onnx
from lesion.deploy.runtimes.onnx_runtime import open_model
from lesion.errors import InputError
from lesion.models.build import build
from lesion.train import derive
from tests.training import random_split, recipe

MODEL = {"name": "cifar-resnet", "depth": 8, "width": 8}
SPLIT = random_split()
SHOWN = SPLIT.normalise(torch.from_numpy(SPLIT.images.read(np.arange(20))))
MEMBERS = (3, 4)
MASKED: dict[str, Any] = {
    "method": "prune-trained", "of": "dense", "sparsity": 0.5, "score": "magnitude", "shape": "channel",
    "allocation": "uniform", "batch_norms": 40,
}  # fmt: skip
REMOVED: dict[str, Any] = {"method": "remove", "of": "masked"}


def network(seed: int) -> nn.Module:
    """A network with random batch norms."""
    torch.manual_seed(seed)
    model = build(MODEL, SPLIT)
    for name, tensor in model.state_dict().items():
        if tensor.dim() == 1:
            tensor.uniform_(0.5, 1.5) if "bias" not in name else tensor.normal_()
    return model.eval()


class Study:
    """Shards of variants in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        members = {member: encode(network(member).state_dict()) for member in MEMBERS}
        self.said: dict[str, dict[str, Any]] = {"dense": {"method": "dense"}}
        write_checkpoint(self.file("dense"), members, study="s", variant="dense", members={m: {} for m in MEMBERS})

    def file(self, variant: str) -> Path:
        """The checkpoint of a variant."""
        return self.folder / f"{variant}.safetensors"

    def add(self, variant: str, said: dict[str, Any]) -> None:
        """Make a derived variant."""
        self.said[variant] = said
        derive.compress(
            study="s", variant=variant, examples=self.folder, images=self.folder, parent=self.file(said["of"]),
            checkpoint=self.file(variant), root_seed=7, model=MODEL, compression=said,
            parent_compression=self.said[said["of"]], calibration="train",
        )  # fmt: skip

    def stored(self, variant: str) -> dict[int, dict[str, Tensor]]:
        """What is stored of each member."""
        return {member: decode(tensors) for member, tensors in read_members(self.file(variant))}

    def networks(self, variant: str) -> dict[int, nn.Module]:
        """The restored networks."""
        return dict(restored(self.file(variant), model=MODEL, compression=self.said[variant], split=SPLIT))

    def logits(self, variant: str) -> Tensor:
        """(members, images, classes)."""
        with torch.no_grad():
            return torch.stack([network(SHOWN) for network in self.networks(variant).values()])


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(derive, "read_inputs", lambda *_: SPLIT)
        made = Study(tmp_path_factory.mktemp("study"))
        made.add("masked", MASKED)
        made.add("removed", REMOVED)
        yield made


def size(tensors: Mapping[str, Tensor]) -> int:
    return sum(tensor.numel() for name, tensor in tensors.items() if name.endswith("weight") and tensor.dim() > 1)


def test_members_are_stored_small_and_compute_the_same(study: Study) -> None:
    before, after = study.logits("masked"), study.logits("removed")
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-4)
    for member, tensors in study.stored("removed").items():
        assert size(tensors) < 0.3 * size(study.stored("masked")[member])
        assert SHAPES not in tensors
        half = build(MODEL | {"width": 4}, SPLIT)
        assert {name: t.shape for name, t in tensors.items()} == {n: t.shape for n, t in half.state_dict().items()}


def test_the_metadata_say_what_has_left(study: Study) -> None:
    facts = read_facts(study.file("removed"))["members"]
    stream, inside, classes = 32, 8 + 16 + 32, 4
    for member in MEMBERS:
        found = facts[str(member)]
        assert found["channels"] == stream + inside + classes
        assert found["left"] == (stream + inside) // 2 + classes
        assert found["stay"] == {}
        assert 0 <= found["rounding"] < 1e-5


def test_sizes_are_those_of_what_is_there(study: Study) -> None:
    plain = build(MODEL, SPLIT)
    members = [(encode(study.stored("removed")[m]), one) for m, one in study.networks("removed").items()]
    found = sizes(members, plain, tuple(SHOWN.shape[1:]))
    masked = [(encode(study.stored("masked")[m]), one) for m, one in study.networks("masked").items()]
    dense = sizes(masked, plain, tuple(SHOWN.shape[1:]))
    assert found["parameters"] == dense["parameters"]
    assert found["parameters_left"] == size(study.stored("removed")[MEMBERS[0]])
    assert found["parameters_left"] < 0.6 * dense["parameters_left"]  # the mask alone keeps what reads pruned channels
    assert found["multiply_adds_dense"] == dense["multiply_adds_dense"]
    assert found["bytes_per_member"] < 0.7 * dense["bytes_per_member"]


FURTHER: dict[str, tuple[dict[str, Any], float]] = {
    "float16": ({"method": "float16"}, 0.02),
    "int8-static": ({"method": "int8-static", "calibration_images": 60}, 0.2),
    "int8-dynamic": ({"method": "int8-dynamic"}, 0.2),
    "weight-only": ({"method": "weight-only", "format": "int8", "group": None}, 0.2),
    "rounded again": (REMOVED | {"round_to": 8}, 1e-4),
}


@pytest.mark.parametrize("further", FURTHER)
def test_a_smaller_member_can_be_compressed_further(
    study: Study, further: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derive, "read_inputs", lambda *_: SPLIT)
    said, tolerance = FURTHER[further]
    study.add(further, said | {"of": "removed"})
    before, after = study.logits("removed"), study.logits(further)
    assert (after - before).abs().max() <= tolerance * before.abs().max()
    for tensors in study.stored(further).values():
        assert SHAPES in tensors


def test_a_smaller_member_is_pruned_and_fine_tuned(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derive, "read_inputs", lambda *_: SPLIT)
    study.add("tuned", MASKED | {"of": "removed", "fine_tune": recipe(epochs=1.0).model_dump()})
    study.add("smaller", REMOVED | {"of": "tuned"})
    for member, tensors in study.stored("smaller").items():
        assert size(tensors) < 0.4 * size(study.stored("removed")[member])
    torch.testing.assert_close(study.logits("smaller"), study.logits("tuned"), rtol=1e-4, atol=1e-4)


def test_onnxruntime_runs_a_smaller_member(study: Study, tmp_path: Path) -> None:
    small = study.networks("removed")[MEMBERS[0]]
    onnx.save(to_onnx(small, SHOWN[:1], study.stored("removed")[MEMBERS[0]]), tmp_path / "m.onnx")
    found = open_model(tmp_path / "m.onnx", RunOptions()).run({INPUT: SHOWN.contiguous().numpy()}, OUTPUT)
    np.testing.assert_allclose(found, study.logits("removed")[0].numpy(), atol=1e-4)


def test_channels_are_left_in_multiples(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derive, "read_inputs", lambda *_: SPLIT)
    study.add("rounded", REMOVED | {"round_to": 8})
    torch.testing.assert_close(study.logits("rounded"), study.logits("masked"), rtol=1e-4, atol=1e-4)
    for one in study.networks("rounded").values():
        assert {layer.out_channels % 8 for layer in one.modules() if isinstance(layer, nn.Conv2d)} == {0}


def test_a_file_of_other_shapes_is_refused_where_no_channel_can_have_left(study: Study) -> None:
    tensors = study.stored("removed")[MEMBERS[0]]
    with pytest.raises(InputError, match="has shape"):
        restore(tensors, model=MODEL, compression={"method": "dense"}, split=SPLIT)
