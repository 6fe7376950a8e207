from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file
from scipy.special import softmax
from torch import nn

from lesion.artifacts.checkpoints import read_members, write_checkpoint
from lesion.artifacts.tables import PREDICTIONS, read_facts, read_parquet
from lesion.compress.encoding import decode
from lesion.errors import InputError
from tests import places
from tests.conftest import SHARDS, step

VARIANTS = ["dense", "gmp-50", "int8-static"]


def network_of_digits() -> nn.Sequential:
    """The network that params.yaml describes, written out."""
    return nn.Sequential(
        *(nn.Conv2d(1, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()),
        *(nn.Conv2d(16, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(128, 10)),
    ).eval()


def images_for_testing() -> tuple[torch.Tensor, pd.DataFrame]:
    """Test images as the network sees them, and their rows of the table of examples."""
    examples = pd.read_parquet(places.examples("digits"))
    arrays = load_file(places.images("digits"))
    pixels = arrays["images"].double() / 255
    test = torch.tensor((examples["split"] == "test").tolist())
    scaled = (pixels - pixels[~test].mean()) / pixels[~test].std(correction=0)
    return scaled.permute(0, 3, 1, 2).float()[test], examples[examples["split"] == "test"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_one_row_for_each_member_and_test_example(variant: str, predicted: Path) -> None:
    table = read_parquet(places.predictions("digits", variant, SHARDS[0]), PREDICTIONS)
    assert table.schema.remove_metadata() == PREDICTIONS
    rows = table.to_pandas()
    _, examples = images_for_testing()
    assert rows["member"].tolist() == [0] * len(examples) + [1] * len(examples)
    for _, part in rows.groupby("member"):
        assert part["example_id"].tolist() == examples["example_id"].tolist()
        assert part["label"].tolist() == examples["label"].tolist()
    assert (rows["correct_top5"] | (rows["prediction"] != rows["label"])).all()
    assert (rows["prediction"] == rows["label"]).mean() > 0.5  # it did learn something


@pytest.mark.parametrize("variant", ["dense", "gmp-50"])
def test_the_rows_are_what_the_stored_weights_say(variant: str, predicted: Path) -> None:
    rows = pd.read_parquet(places.predictions("digits", variant, SHARDS[0]))
    inputs, examples = images_for_testing()
    for member, tensors in read_members(places.checkpoint("digits", variant, SHARDS[0])):
        network = network_of_digits()
        network.load_state_dict(decode(tensors))
        with torch.no_grad():
            probability = softmax(network(inputs).double().numpy(), axis=1)
        part = rows[rows["member"] == member]
        second, first = np.sort(probability, axis=1)[:, -2:].T
        clear = first - second > 1e-4
        assert clear.mean() > 0.9
        np.testing.assert_array_equal(part["prediction"][clear], probability.argmax(axis=1)[clear])
        np.testing.assert_allclose(part["confidence"], first, atol=1e-4)
        own = probability[np.arange(len(examples)), examples["label"]]
        np.testing.assert_allclose(part["true_probability"], own, atol=1e-4)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_metadata_tell_where_the_rows_come_from_and_how_big_a_member_is(variant: str, predicted: Path) -> None:
    facts = read_facts(places.predictions("digits", variant, SHARDS[0]))
    assert (facts["study"], facts["variant"]) == ("digits", variant)
    assert set(facts["members"]) == {"0", "1"}
    assert facts["members"]["0"].keys() >= {"initialisation", "order", "augmentation"}
    stored = [tensors for _, tensors in read_members(places.checkpoint("digits", variant, SHARDS[0]))]
    assert facts["bytes_per_member"] == sum(tensor.nbytes for each in stored for tensor in each.values()) / 2
    assert facts["encoding"] == ("bit mask + values" if variant == "gmp-50" else "plain")


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_metadata_count_weights_and_multiply_adds(variant: str, predicted: Path) -> None:
    facts = read_facts(places.predictions("digits", variant, SHARDS[0]))
    weights, positions = {"0": 16 * 9, "3": 32 * 16 * 9, "7": 10 * 128}, {"0": 4 * 4, "3": 2 * 2, "7": 1}
    dense = sum(weights[layer] * positions[layer] for layer in weights)
    assert facts["parameters"] == sum(weights.values())
    assert facts["multiply_adds_dense"] == dense
    assert [name for name, _ in facts["sparsity_by_layer"]] == ["0.weight", "3.weight", "7.weight"]
    shares = [share for _, share in facts["sparsity_by_layer"]]
    if variant == "gmp-50":  # uniform
        assert (facts["sparsity"], *shares) == (0.5,) * 4
        assert (facts["parameters_left"], facts["multiply_adds"]) == (facts["parameters"] / 2, dense / 2)
        return
    kept = 1 if variant == "dense" else pytest.approx(1, abs=0.05)  # small weights are rounded to zero
    assert (facts["parameters_left"] / facts["parameters"], facts["multiply_adds"] / dense) == (kept, kept)


def test_running_it_again_gives_the_same_bytes(predicted_copy: Path) -> None:
    path = places.predictions("digits", "gmp-50", SHARDS[0])
    before = path.read_bytes()
    path.unlink()
    step("predict", study="digits", variant="gmp-50", shard=SHARDS[0])
    assert path.read_bytes() == before


def test_a_diverged_member_is_named(predicted_copy: Path) -> None:
    path = places.checkpoint("digits", "dense", SHARDS[0])
    stored = {member: decode(tensors) for member, tensors in read_members(path)}
    stored[1]["7.bias"] = torch.full((10,), float("nan"))
    write_checkpoint(path, stored, members={})
    predictions = places.predictions("digits", "dense", SHARDS[0])
    predictions.unlink()
    with pytest.raises(InputError, match=f"^{path}: member 1: a logit is not finite"):
        step("predict", study="digits", variant="dense", shard=SHARDS[0])
    assert not list(predictions.parent.iterdir())


def test_a_checkpoint_of_another_model(predicted_copy: Path) -> None:
    path = places.checkpoint("digits", "dense", SHARDS[0])
    save_file({"0/0.weight": torch.ones(3, 3)}, path)
    with pytest.raises(InputError, match=r"checkpoint: tensor \S+ is missing"):
        step("predict", study="digits", variant="dense", shard=SHARDS[0])
