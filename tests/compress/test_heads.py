"""Heads of attention leave a network, from the mask to the smaller member."""

from typing import Any

import pytest
import torch
from bench.architectures import random_images
from torch import nn

from lesion.compress.calibration import Calibration
from lesion.compress.choice import Choice
from lesion.compress.masks import MaskedNetwork
from lesion.compress.methods import prune_trained, remove
from lesion.compress.partition import find_tied
from lesion.compress.probe import Probe
from lesion.errors import InputError
from lesion.models.build import build, load_weights
from tests.compress.channels.test_find_blocks import IMAGES, Attention, SelfAttention, Transformer, network

MASKED: dict[str, Any] = {
    "of": "dense",
    "sparsity": 0.5,
    "score": "magnitude",
    "shape": "head",
    "allocation": "uniform",
}

SAMPLE = Calibration(random_images(8), 0).sampler(torch.device("cpu"), 16)


def masked(attention: nn.Module) -> Transformer:
    """A transformer of 4 heads, of which the two with the smallest weights are pruned."""
    model = Transformer(attention, 8).eval()
    units, channels = find_tied(model, IMAGES[:1], "head")
    heads = MaskedNetwork(model, units=units, channels=channels)
    probe = Probe(heads, SAMPLE, seed=0)
    Choice(probe, score="magnitude", shape="head", allocation="uniform").prune(0.5, monotone=False)
    heads.remove()
    return model


@pytest.mark.parametrize("kind", [Attention, SelfAttention])
def test_the_heads_with_the_smallest_weights_are_pruned(kind: type[nn.Module]) -> None:
    torch.manual_seed(0)
    attention = Attention(8, 4, fused=True) if kind is Attention else SelfAttention(8, 4)
    name = "qkv.weight" if kind is Attention else "attention.in_proj_weight"
    before = attention.get_parameter(name).detach().clone().view(3, 4, 2, 8)
    after = masked(attention).attention.get_parameter(name).detach().view(3, 4, 2, 8)
    kept = before.abs().sum(dim=(0, 2, 3)).argsort()[2:]
    expected = torch.zeros_like(before)
    expected[:, kept] = before[:, kept]
    assert torch.equal(after, expected)


def test_other_layers_stay_dense_and_networks_without_heads_are_refused() -> None:
    model = masked(Attention(8, 4, fused=True))
    assert all(layer.get_parameter("weight").all() for layer in (model.hidden[0], model.head, model.patches))
    plain = network()
    units, channels = find_tied(plain, IMAGES[:1], "head")
    assert channels == []
    probe = Probe(MaskedNetwork(plain, units=units, channels=channels), SAMPLE, seed=0)
    with pytest.raises(InputError, match="fits no layer"):
        Choice(probe, score="magnitude", shape="head", allocation="uniform")


def test_a_removed_head_equals_a_masked_one() -> None:
    split, described = random_images(64), {"name": "timm", "architecture": "test_vit"}
    torch.manual_seed(0)
    dense = build(described, split).eval()
    calibration = Calibration(split, 0)
    image = calibration.images(1)
    pruned = prune_trained.compressor(dense, prune_trained.Options(**MASKED), calibration)(dense.state_dict())
    small = remove.compressor(build(described, split).eval(), remove.Options(of="masked"), calibration)(pruned)
    restored = remove.restorer(build(described, split).eval(), remove.Options(of="masked"), image)(small)
    assert [len(small[f"blocks.{block}.attn.qkv.weight"]) for block in range(6)] == [96] * 6
    assert small["blocks.0.attn.proj.weight"].shape == (64, 32)
    load_weights(dense, pruned)
    shown = calibration.images(4)
    with torch.no_grad():
        torch.testing.assert_close(restored(shown), dense(shown), rtol=1e-4, atol=1e-5)
