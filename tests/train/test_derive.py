"""The `compress` step: a fine-tuning holds the zeros of pruned members, and images are of the split that is named."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from lesion.artifacts.checkpoints import read_facts, read_members, write_checkpoint
from lesion.compress.calibration import Calibration
from lesion.compress.encoding import decode
from lesion.compress.masks import prunable
from lesion.compress.methods import prune_trained
from lesion.data.split import Split
from lesion.errors import InputError
from lesion.train import derive
from lesion.train.derive import compress, fine_tune
from lesion.train.loop import fit
from tests.training import CPU, RECIPE, SEEDS, method_of, random_split, recipe, small_network

MODEL = {"name": "small-cnn", "widths": [4, 6]}
SPLITS = {"train": random_split(), "test": random_split(40, seed=6)}
VARIANT: dict[str, Any] = {
    "method": "prune-trained", "of": "dense", "sparsity": 0.5, "score": "magnitude", "shape": "weight",
    "allocation": "uniform",
}  # fmt: skip


def pruned(**named: Any) -> dict[str, Tensor]:
    chosen = {key: value for key, value in VARIANT.items() if key != "method"} | named
    compressor = prune_trained.compressor(
        small_network(1).eval(), prune_trained.Options.read(chosen, where=""), Calibration(SPLITS["train"], 0)
    )
    return compressor(small_network().state_dict())


def tuned(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return fine_tune(tensors, prune_trained, model=MODEL, split=SPLITS["train"], recipe=RECIPE, seeds=SEEDS, device=CPU)


@pytest.mark.parametrize("shape", ["weight", "filter", {"name": "n-m", "of": 2}], ids=str)
def test_a_fine_tuning_moves_weights_and_holds_zeros(shape: Any) -> None:
    before = pruned(shape=shape)
    after = tuned(before)
    assert list(after) == list(before)
    for name, _, _ in prunable(small_network()):
        assert torch.equal(after[name] == 0, before[name] == 0)
        assert not torch.equal(after[name], before[name])
    if shape == "filter":
        for layer, norm in (("0", "1"), ("3", "4")):
            gone = (before[f"{layer}.weight"] == 0).flatten(1).all(dim=1)
            assert int(gone.sum()) == len(gone) // 2
            for entry in ("weight", "bias"):
                assert torch.equal(after[f"{norm}.{entry}"][gone], before[f"{norm}.{entry}"][gone])
                assert not torch.equal(after[f"{norm}.{entry}"][~gone], before[f"{norm}.{entry}"][~gone])


def test_a_constant_of_a_pruned_channel_is_held() -> None:
    before = pruned(shape="filter", score={"name": "activation-variance", "images": 30})
    after = tuned(before)
    gone = (before["0.weight"] == 0).flatten(1).all(dim=1)
    assert (before["1.bias"][gone] != 0).any()
    assert torch.equal(after["1.bias"][gone], before["1.bias"][gone])


def test_without_zeros_a_fine_tuning_is_the_dense_training() -> None:
    network = small_network()
    found = tuned(network.state_dict())
    fit(network, method_of(network, {"method": "dense"}), SPLITS["train"], recipe=RECIPE, seeds=SEEDS, device=CPU)
    assert all(torch.equal(found[name], tensor) for name, tensor in network.state_dict().items())


# the step


class Reads:
    """Notes which splits are read, and hands out random images."""

    def __init__(self) -> None:
        self.splits: list[str] = []

    def __call__(self, *files: object) -> Split:
        split = str(files[-1])
        self.splits.append(split)
        return SPLITS[split]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    found = Reads()
    monkeypatch.setattr(derive, "read_inputs", found)
    return found


def run(folder: Path, calibration: str = "train", **named: Any) -> dict[int, dict[str, Tensor]]:
    parent, checkpoint = folder / "parent.safetensors", folder / "child.safetensors"
    facts = {member: {"order": member} for member in (3, 4)}
    members = {member: small_network(member).state_dict() for member in facts}
    write_checkpoint(parent, members, study="s", variant="dense", members=facts)
    compress(
        study="s", variant="v", examples=folder / "e", images=folder / "i", parent=parent, checkpoint=checkpoint,
        root_seed=7, model=MODEL, compression=VARIANT | named, parent_compression={"method": "dense"},
        calibration=calibration,
    )  # fmt: skip
    assert read_facts(checkpoint)["members"] == read_facts(parent)["members"]
    return {member: decode(tensors) for member, tensors in read_members(checkpoint)}


def test_each_member_is_pruned_and_fine_tuned_by_seeds_of_its_own(tmp_path: Path, reads: Reads) -> None:
    plain = run(tmp_path)
    assert reads.splits == ["train"]
    found = run(tmp_path, fine_tune=recipe(epochs=1.0).model_dump())
    again = run(tmp_path, fine_tune=recipe(epochs=1.0).model_dump())
    assert set(found) == set(plain) == {3, 4}
    for member, tensors in found.items():
        assert all(torch.equal(tensor, again[member][name]) for name, tensor in tensors.items())
        for name, _, _ in prunable(small_network()):
            assert torch.equal(tensors[name] == 0, plain[member][name] == 0)
            assert not torch.equal(tensors[name], plain[member][name])


def test_the_test_images_are_seen_only_where_they_are_asked_for_and_never_trained_on(
    tmp_path: Path, reads: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, int] = {"train": 0, "test": 0}
    for name, split in SPLITS.items():

        def read(rows: np.ndarray[Any, Any], name: str = name, split: Split = split) -> Any:
            seen[name] += len(rows)
            return type(split.images).read(split.images, rows)

        monkeypatch.setitem(split.images.__dict__, "read", read)
    score = {"name": "gradient-weight", "images": 30}
    run(tmp_path, score=score, batch_norms=30)
    assert seen["test"] == 0
    assert seen["train"] > 60
    seen["train"] = 0
    run(tmp_path, "test", score=score, batch_norms=30)
    assert seen["train"] == 0
    assert seen["test"] > 60
    reads.splits.clear()
    run(tmp_path, "test", fine_tune=recipe(epochs=1.0).model_dump())
    assert reads.splits == ["test", "train"]


def test_a_recipe_that_does_not_fit_and_a_training_that_diverges_are_refused(tmp_path: Path, reads: Reads) -> None:
    with pytest.raises(InputError, match="a batch of 128 is more than the 70 training examples"):
        run(tmp_path, fine_tune=recipe(batch=128, micro_batch=128).model_dump())
    with pytest.raises(InputError, match="s, v, member 3: the loss is"):
        run(tmp_path, fine_tune=recipe(rate=1e30, epochs=1.0, warmup=0.0).model_dump())
    assert not (tmp_path / "child.safetensors").exists()
    assert reads.splits
