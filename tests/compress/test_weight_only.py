"""weight-only: which weights are stored how, and the network that computes with them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from lesion.artifacts.checkpoints import read_members, write_checkpoint
from lesion.compress.encoding import decode, encode
from lesion.compress.masks import prunable
from lesion.compress.methods import weight_only
from lesion.compress.methods.weight_only import Options
from lesion.compress.size import sizes
from lesion.errors import InputError
from tests.compress.quantised import digits_net, images, inference, member, shown

GPTQ = {"images": 200, "damping": 0.01}


def options(**given: Any) -> Options:
    return Options.read({"of": "dense"} | given, where="variants.v")


def compressed(state: dict[str, Tensor], found: Options, net: nn.Module | None = None) -> dict[str, Tensor]:
    return weight_only.compressor(net or digits_net(), found, shown(images()[:200]))(state)


def restored(stored: dict[str, Tensor], found: Options, net: nn.Module | None = None) -> nn.Module:
    return weight_only.restorer(net or digits_net(), found, images()[:1])(stored)


def kinds(stored: dict[str, Tensor]) -> dict[str, torch.dtype]:
    """Type of the codes of each weight that has codes, or of the weight."""
    return {
        name: tensor.dtype
        for name, tensor in stored.items()
        if name.endswith(".codes") or (name.endswith(".weight") and tensor.dim() > 1)
    }


@pytest.mark.parametrize("gptq", [None, GPTQ])
@pytest.mark.parametrize("storage", [{"format": "int8"}, {"format": "int4", "group": 32}, {"format": "float8-e4m3"}])
def test_the_network_has_float_weights_near_those_of_the_member_and_answers_alike(
    storage: dict[str, Any], gptq: dict[str, Any] | None
) -> None:
    state, found = member(digits_net), options(**storage, gptq=gptq)
    stored = compressed(state, found)
    net = restored(stored, found)
    weights = {name for name, _, _ in prunable(digits_net())}
    assert {name for name in stored if "." in name and name.count(".") > 1} == {
        f"{name}.{part}" for name in weights for part in ("codes", "scale")
    }
    for name, tensor in net.state_dict().items():
        assert tensor.dtype == state[name].dtype
        if name not in weights:
            assert torch.equal(tensor, state[name])
        else:
            assert 0 < (tensor - state[name]).abs().max() < 0.5 * state[name].abs().max()
    reference = digits_net()
    reference.load_state_dict(state)
    logits, expected = (inference(network, images()) for network in (net, reference))
    assert (logits.argmax(1) == expected.argmax(1)).float().mean() > 0.98
    assert not net.training


@pytest.mark.parametrize("storage", [{"format": "int2", "group": 16}, {"format": "int3"}])
def test_gptq_brings_the_logits_nearer_than_rounding_does(storage: dict[str, Any]) -> None:
    state, reference = member(digits_net), digits_net()
    reference.load_state_dict(state)
    expected, error = inference(reference, images()), {}
    for gptq in (None, GPTQ):
        found = options(**storage, gptq=gptq)
        error[gptq is None] = float(
            (inference(restored(compressed(state, found), found), images()) - expected).square().mean()
        )
    assert error[False] < 0.7 * error[True]


def test_the_first_match_decides_and_what_is_kept_stays_float() -> None:
    layers = [{"match": "3", "format": "float8-e5m2"}, {"match": "[37]", "format": "int8", "symmetric": False}]
    found = options(format="int4", group=32, keep=["0"], layers=[*layers, {"match": "*", "format": "int2"}])
    stored = compressed(member(digits_net), found)
    assert kinds(stored) == {
        "0.weight": torch.float32,
        "3.weight.codes": torch.float8_e5m2,
        "7.weight.codes": torch.int8,
    }
    assert stored["7.weight.zero_point"].shape == (10, 1)
    assert torch.equal(restored(stored, found).get_parameter("0.weight"), member(digits_net)["0.weight"])
    default = compressed(member(digits_net), options(format="int4", group=32, layers=layers[:1]))
    assert kinds(default)["7.weight.codes"] == torch.uint8


@pytest.mark.parametrize("key", ["keep", "layers"])
def test_a_pattern_that_matches_nothing_is_told(key: str) -> None:
    pattern: Any = "blocks.*" if key == "keep" else {"match": "blocks.*", "format": "int8"}
    with pytest.raises(InputError, match=rf"{key}: blocks\.\* is no layer of this network: 0, 3, 7"):
        compressed(member(digits_net), options(format="int4", **{key: [pattern]}))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"format": "int5"}, "variants.v.format: Input should be"),
        ({"format": "float8-e4m3", "symmetric": False}, "a float8 has no zero point"),
        ({"format": "int4", "group": 0}, "variants.v.group"),
        ({"format": "int4", "gptq": {"images": 4}}, "variants.v.gptq.damping"),
        ({"format": "int4", "layers": [{"match": "head"}]}, "variants.v.layers.0.format"),
        ({"format": "int4", "layers": [{"match": "head", "format": "int8", "groups": 3}]}, "the nearest is group"),
    ],
)
def test_settings_that_mean_nothing_are_told(given: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        options(**given)


def test_gptq_needs_as_many_images_as_it_asks_for() -> None:
    with pytest.raises(InputError, match="calibration: 201 images are asked for"):
        compressed(member(digits_net), options(format="int4", gptq={"images": 201, "damping": 0.01}))


@pytest.mark.parametrize("gptq", [None, GPTQ])
@pytest.mark.parametrize("symmetric", [True, False])
def test_pruned_weights_stay_pruned_and_are_short_on_disk(
    symmetric: bool, gptq: dict[str, Any] | None, tmp_path: Path
) -> None:
    state, found = member(digits_net), options(format="int4", group=32, symmetric=symmetric, gptq=gptq)
    draws = torch.Generator().manual_seed(0)
    for name, _, _ in prunable(digits_net()):
        state[name] = state[name] * (torch.rand(state[name].shape, generator=draws) < 0.1)
    stored = compressed(state, found)
    write_checkpoint(tmp_path / "x.safetensors", {0: encode(stored)})
    ((_, on_disk),) = read_members(tmp_path / "x.safetensors")
    assert decode(on_disk).keys() == stored.keys()
    net = restored(decode(on_disk), found)
    for name, _, _ in prunable(net):
        assert (net.get_parameter(name)[state[name] == 0] == 0).all()
        assert net.get_parameter(name).count_nonzero() > 0.5 * state[name].count_nonzero()
    packed = sum(tensor.nbytes for name, tensor in stored.items() if name.endswith("codes"))
    shortened = sum(tensor.nbytes for name, tensor in on_disk.items() if ".codes" in name)
    assert (shortened < 0.5 * packed) if symmetric else (shortened <= packed)


def test_sizes_are_those_of_the_bytes_and_of_the_weights_that_are_computed_with() -> None:
    state, found = member(digits_net), options(format="int2", group=32)
    stored = encode(compressed(state, found))
    net = restored(decode(stored), found)
    size = sizes([(stored, net)], digits_net(), (1, 8, 8))
    assert size["bytes_per_member"] == sum(tensor.nbytes for tensor in stored.values())
    assert size["bytes_per_member"] < 0.2 * sum(tensor.nbytes for tensor in state.values())
    zeros = {name: float((net.get_parameter(name) == 0).float().mean()) for name, _, _ in prunable(net)}
    assert dict(size["sparsity_by_layer"]) == pytest.approx(zeros)
    assert min(zeros.values()) > 0.1


def test_attention_has_its_projections_rounded_to_the_nearest_and_the_rest_compensated() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Flatten(2),
        nn.TransformerEncoderLayer(64, 2, 16, dropout=0.0, batch_first=True),
        *(nn.Flatten(), nn.Linear(64, 10)),
    ).eval()
    state = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    simple = compressed(state, options(format="int3", group=16), net)
    better = compressed(state, options(format="int3", group=16, gptq=GPTQ), net)
    same = {name for name in simple if name.endswith("codes") and torch.equal(simple[name], better[name])}
    projections = {"1.self_attn.in_proj_weight.codes", "1.self_attn.out_proj.weight.codes"}
    assert same == projections
    assert kinds(simple).keys() | projections == {
        *projections,
        *(f"{name}.weight.codes" for name in ("1.linear1", "1.linear2", "3")),
    }
    restored(better, options(format="int3", group=16), net)
    assert len(set(net.get_parameter("1.self_attn.in_proj_weight")[0, :16].tolist())) <= 2**3


def test_weights_that_are_shared_or_computed_are_refused_unless_they_are_kept() -> None:
    shared = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 10)).eval()
    shared[2].weight = shared[1].weight
    with pytest.raises(InputError, match=r"share the weight 1\.weight; keep: 1 "):
        compressed(shared.state_dict(), options(format="int8"), shared)
    assert kinds(compressed(shared.state_dict(), options(format="int8", keep=["1", "2"]), shared))["1.weight"]
    computed = nn.Sequential(nn.Flatten(), parametrizations.weight_norm(nn.Linear(64, 10))).eval()
    with pytest.raises(InputError, match=r"the weight 1\.weight is computed"):
        compressed(computed.state_dict(), options(format="int8"), computed)


def test_tensors_of_another_network_are_told() -> None:
    found = options(format="int4")
    stored = compressed(member(digits_net), found)
    for wrong, told in (
        ({name: tensor for name, tensor in stored.items() if name != "3.weight.codes"}, r"3\.weight\.codes is missing"),
        (stored | {"7.weight.zero_point": torch.zeros(5, dtype=torch.uint8)}, r"7\.weight\.zero_point is not of this"),
        (stored | {"7.bias": torch.zeros(3)}, r"7\.bias has shape"),
    ):
        with pytest.raises(InputError, match=told):
            restored(wrong, found)


def test_importing_it_imports_no_torch() -> None:
    code = "import sys, lesion.compress.methods.weight_only as m; assert m.KIND == 'derived'; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "torchao", "numpy"} & set(loaded)
