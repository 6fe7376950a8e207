"""State dicts as other projects write them give the network that they were written from, or one line."""

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune

from lesion.errors import InputError
from lesion.models.foreign_weights import load_foreign_weights, masked

State = dict[str, Tensor]


def network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    made = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3))
    made(torch.randn(5, 2, 4, 4))  # statistics of the batch norm
    return made.eval()


IMAGES = torch.randn(7, 2, 4, 4, generator=torch.Generator().manual_seed(1))


def loaded(state: State) -> nn.Sequential:
    made = network(seed=1)
    load_foreign_weights(made, state)
    return made


def each(change: Callable[[Tensor], Tensor]) -> State:
    """The state of the network, each matrix changed."""
    return {name: change(value) if value.dim() > 1 else value for name, value in network().state_dict().items()}


def prefixed(prefix: str) -> State:
    return {f"{prefix}{name}": value for name, value in network().state_dict().items()}


def compiled(module: nn.Module) -> Any:
    return torch.compile(module)


def inside(part: str) -> State:
    """`part` after the first component of each name."""
    return {name.replace(".", f".{part}.", 1): value for name, value in network().state_dict().items()}


class Compiled(nn.Module):
    """A module whose network is compiled in parts, as frameworks do."""

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.DataParallel(compiled(network()))


WRAPPED: dict[str, Callable[[], State]] = {
    "plain": lambda: prefixed(""),
    "DataParallel": lambda: nn.DataParallel(network()).state_dict(),
    "compiled": lambda: compiled(network()).state_dict(),
    "compiled, then parallel": lambda: nn.DataParallel(compiled(network())).state_dict(),
    "parallel, then compiled": lambda: compiled(nn.DataParallel(network())).state_dict(),
    "in a module of Lightning": lambda: Compiled().state_dict(),
    "beside a loss": lambda: prefixed("model.") | {"loss.weight": torch.ones(3), "metric.total": torch.tensor(3)},
    "net of Lightning, compiled": lambda: prefixed("net._orig_mod.") | {"criterion.weight": torch.ones(3)},
    "averaged": lambda: torch.optim.swa_utils.AveragedModel(network()).state_dict(),
    "any name": lambda: prefixed("classifier.net.module._orig_mod."),
    "compiled layers": lambda: inside("_orig_mod"),
    "FSDP": lambda: inside("_fsdp_wrapped_module._checkpoint_wrapped_module"),
    "old, without counters": lambda: {k: v for k, v in prefixed("module.").items() if "num_batches" not in k},
    "double precision": lambda: each(Tensor.double),
    "channels last": lambda: each(lambda v: v.to(memory_format=torch.channels_last) if v.dim() == 4 else v.t().t()),
}


@pytest.mark.parametrize("wrapping", WRAPPED)
def test_a_wrapped_network_is_the_network(wrapping: str) -> None:
    found, wanted = loaded(WRAPPED[wrapping]()).state_dict(), network().state_dict()
    for name, tensor in wanted.items():
        if "num_batches" not in name:
            assert torch.equal(found[name], tensor)


def thinned(tensor: Tensor) -> Tensor:
    return tensor * (tensor.abs() > 0.1)


def csr(tensor: Tensor) -> Tensor:
    return tensor.to_sparse_csr() if tensor.dim() == 2 else tensor.to_sparse()


STORED: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "sparse": (lambda v: thinned(v).to_sparse(), thinned),
    "sparse rows": (lambda v: csr(thinned(v)), thinned),
    "half": (Tensor.half, lambda v: v.half().float()),
    "quarter": (
        lambda v: v.to(torch.float8_e4m3fn),
        lambda v: v.to(torch.float8_e4m3fn).float(),
    ),
    "bfloat16": (Tensor.bfloat16, lambda v: v.bfloat16().float()),
    "quantised": (
        lambda v: torch.quantize_per_tensor(v, 0.01, 0, torch.qint8),
        lambda v: (v / 0.01).round().clamp(-128, 127) * 0.01,
    ),
}


@pytest.mark.parametrize("layout", STORED)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_tensors_of_any_layout_and_width_become_dense(layout: str) -> None:
    store, meant = STORED[layout]
    found = loaded(each(store)).state_dict()
    for name, tensor in each(meant).items():
        assert found[name].layout == torch.strided
        assert found[name].dtype == tensor.dtype
        torch.testing.assert_close(found[name], tensor)


@pytest.mark.parametrize("wrap", [lambda n: n, nn.DataParallel], ids=["bare", "parallel"])
def test_masks_of_torchs_own_pruning_are_applied(wrap: Callable[[nn.Module], nn.Module]) -> None:
    pruned = network()
    for layer, name in ((pruned[0], "weight"), (pruned[4], "weight"), (pruned[4], "bias")):
        prune.l1_unstructured(layer, name, amount=0.5)  # type: ignore[no-untyped-call]
    found = loaded(wrap(pruned).state_dict())
    torch.testing.assert_close(found(IMAGES), pruned(IMAGES))
    weight = found.state_dict()["4.weight"]
    assert int((weight == 0).sum()) == weight.numel() // 2
    assert not weight[weight == 0].signbit().any()  # no -0.0, which would be stored as a value
    prune.remove(pruned[0], "weight")  # type: ignore[no-untyped-call]
    torch.testing.assert_close(loaded(pruned.state_dict())(IMAGES), pruned(IMAGES))  # removed in one layer alone


def test_every_tensor_can_be_masked_and_a_name_that_only_ends_so_is_kept() -> None:
    tensors = {"a_orig": torch.tensor([1.0, 2.0]), "a_mask": torch.tensor([0, 1]), "b_mask": torch.ones(2)}
    found = masked(tensors)
    assert found.keys() == {"a", "b_mask"}
    assert found["a"].tolist() == [0.0, 2.0]


def changed(**changes: Any) -> State:
    return prefixed("") | {name.replace("__", "."): value for name, value in changes.items()}


def normed(wrap: Callable[[nn.Module], nn.Module]) -> State:
    made = network()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wrap(made[0])
    return made.state_dict()


WRONG: dict[str, tuple[Callable[[], State], str]] = {
    "integers for floats": (lambda: each(lambda v: v.to(torch.int8)), r"0\.weight is int8, the model expects float32"),
    "truth values for floats": (lambda: changed(**{"4__bias": torch.ones(3) > 0}), r"4\.bias is bool"),
    "complex numbers": (lambda: changed(**{"4__bias": torch.ones(3) * 1j}), r"4\.bias is complex64"),
    "floats for a counter": (
        lambda: changed(**{"1__num_batches_tracked": torch.tensor(1.5)}),
        r"1\.num_batches_tracked is float32, the model expects int64",
    ),
    "without values": (lambda: changed(**{"4__bias": torch.ones(3, device="meta")}), r"4\.bias has no values"),
    "of another shape": (lambda: changed(**{"4__bias": torch.ones(4)}), r"4\.bias has shape \(4,\)"),
    "one missing": (
        lambda: {k: v for k, v in prefixed("module.").items() if k != "module.4.bias"},
        r"4\.bias is missing$",
    ),
    "one too many": (lambda: changed(**{"5__bias": torch.ones(4)}), r"5\.bias is not of this model"),
    "one beside, and one missing": (
        lambda: {k: v for k, v in prefixed("model.").items() if k != "model.4.bias"} | {"loss.weight": torch.ones(3)},
        r"0\.bias is missing, and all others of the model; found: loss\.weight, model\.0\.bias, ",
    ),
    "one too many within": (
        lambda: prefixed("model.") | {"model.5.bias": torch.ones(3)},
        r"5\.bias is not of this model",
    ),
    "the same twice": (lambda: prefixed("") | prefixed("_orig_mod."), r"_orig_mod\.0\.bias is not of this model"),
    "another network": (
        lambda: nn.Linear(3, 4).state_dict(),
        r"0\.bias is missing, .* found: bias, weight; ",
    ),
    "none": (dict, r"0\.bias is missing, .* found: none;"),
    "masks of another shape": (
        lambda: {"a_orig": torch.ones(2), "a_mask": torch.ones(3)},
        "a_mask has another shape than a_orig",
    ),
    "parametrised": (
        lambda: normed(parametrizations.weight_norm),
        r"0\.parametrizations\.weight\.original0 is a part of a parametrised one",
    ),
    "spectral norm": (lambda: normed(nn.utils.spectral_norm), r"0\.weight_orig is a part of a parametrised one"),
    "weight norm": (lambda: normed(nn.utils.weight_norm), r"0\.weight_g is a part of a parametrised one"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_state_that_does_not_fit_is_refused_by_name(what: str) -> None:
    state, message = WRONG[what]
    with pytest.raises(InputError, match=f"^checkpoint: tensor {message}") as why:
        loaded(state())
    assert "\n" not in str(why.value)


def test_two_copies_of_the_network_must_be_told_apart() -> None:
    with pytest.raises(InputError, match=r"^checkpoint: has this network as ema_model and as model; say which"):
        loaded(prefixed("model.") | prefixed("ema_model."))


def test_names_of_others_are_mapped() -> None:
    wanted = network().state_dict()
    names = {f"backbone.layer{number}": name for number, name in enumerate(wanted)}
    state = {other: wanted[name] for other, name in names.items()} | {"total_ops": torch.ones(1)}
    made = network(seed=1)
    load_foreign_weights(made, state, names | {"total_ops": ""})
    assert all(torch.equal(made.state_dict()[name], tensor) for name, tensor in wanted.items())
    with pytest.raises(InputError, match=r"^checkpoint: has no tensor absent, which the map of names has$"):
        load_foreign_weights(made, state, names | {"absent": "0.weight"})
    with pytest.raises(InputError, match=r"^checkpoint: tensor total_ops is not of this model$"):
        load_foreign_weights(made, state, names)
