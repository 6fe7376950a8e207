from collections.abc import Callable

import pytest
import torch
import torchvision
from torch import Tensor, nn

from lesion.compress.masks import MaskedNetwork, keep_largest
from lesion.compress.units import find_units, over_weights, scale_under_mask
from lesion.models import cifar_resnet, wide_resnet


class Written(nn.Module):
    """A network from a function of its layers and the inputs."""

    def __init__(self, forward: Callable[[nn.ModuleDict, Tensor], Tensor], **layers: nn.Module) -> None:
        super().__init__()
        self.layers, self._forward = nn.ModuleDict(layers), forward

    def forward(self, x: Tensor) -> Tensor:
        return self._forward(self.layers, x)


def norms(model: nn.Module, inputs: Tensor) -> dict[str, str | None]:
    """The path of the norm of each layer, by name of the weight; "layers." is left out."""
    paths = {module: path.removeprefix("layers.") for path, module in model.named_modules()}
    return {
        name.removeprefix("layers."): None if unit.norm is None else paths[unit.norm]
        for name, unit in find_units(model, inputs).items()
    }


def sequential() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Conv2d(4, 5, 3), nn.ReLU(),
        nn.Flatten(), nn.Linear(5 * 16, 6), nn.Identity(), nn.BatchNorm1d(6), nn.Linear(6, 2),
    )  # fmt: skip


def layers(*, inputs: int = 3) -> dict[str, nn.Module]:
    """Two convolutions and two norms, of `inputs` channels each, in which no number is zero."""
    torch.manual_seed(1)
    made: dict[str, nn.Module] = {name: nn.Conv2d(inputs, inputs, 1) for name in ("one", "two")}
    for name in ("norm", "other"):
        made[name] = norm = nn.BatchNorm2d(inputs)
        for tensor in (norm.weight, norm.bias, norm.running_mean):
            nn.init.uniform_(torch.as_tensor(tensor), 0.5, 1.0)
    return made


IMAGES = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def test_norms_of_a_sequence() -> None:
    expected = {"0.weight": "1", "3.weight": None, "6.weight": "8", "9.weight": None}
    assert norms(sequential(), IMAGES[:, :1]) == expected


def test_norms_of_the_basic_residual_network() -> None:
    model = cifar_resnet.build(cifar_resnet.Options(depth=8, width=2), channels=3, side=8, classes=4)
    found = norms(model, IMAGES)
    blocks = [f"stage{stage}.0." for stage in (1, 2, 3)]
    assert found == {"conv.weight": "norm", "linear.weight": None} | {
        f"{block}conv{place}.weight": f"{block}norm{place}" for block in blocks for place in (1, 2)
    }


def test_a_sum_that_is_written_over_a_convolutions_output_is_not_its_output() -> None:
    model = wide_resnet.build(wide_resnet.Options(depth=10, width=1), channels=3, side=8, classes=4)
    found = norms(model, IMAGES)
    for stage in (1, 2, 3):
        assert found.pop(f"stage{stage}.0.conv1.weight") == f"stage{stage}.0.norm2"
    assert found.pop("conv.weight") == "stage1.0.norm1"  # pre-activation: it reads the first convolution itself
    assert set(found.values()) == {None}
    assert "stage1.0.conv2.weight" in found


def test_norms_of_the_residual_network_of_torchvision() -> None:
    model = torchvision.models.resnet18()
    found = norms(model, torch.zeros(1, 3, 32, 32))
    assert found.pop("fc.weight") is None
    assert len(found) == 20
    for name, norm in found.items():
        if "downsample" in name:
            assert norm == name.replace("downsample.0.weight", "downsample.1")
        else:
            assert norm == name.replace("conv", "bn").removesuffix(".weight")


def test_a_transformer_has_units_without_norms_and_none_in_its_packed_projections() -> None:
    model = torchvision.models.VisionTransformer(8, 4, num_layers=1, num_heads=2, hidden_dim=8, mlp_dim=16)
    found = norms(model, IMAGES)
    assert set(found.values()) == {None}
    assert [name.rpartition("encoder_layer_0.")[2] for name in found] == [
        "conv_proj.weight", "self_attention.out_proj.weight", "mlp.0.weight", "mlp.3.weight", "heads.head.weight"
    ]  # fmt: skip


@pytest.mark.parametrize("length", [5, 6])
def test_a_norm_over_another_dimension_than_the_layers_outputs_is_not_its_own(length: int) -> None:
    model = nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(length))
    assert norms(model, torch.randn(2, length, 3)) == {"0.weight": None}
    assert norms(nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6)), torch.randn(2, 3)) == {"0.weight": "1"}


@pytest.mark.parametrize(
    ("forward", "expected"),
    [
        (lambda at, x: at["norm"](at["one"](x)) + at["other"](at["two"](x)), ("norm", "other")),
        (lambda at, x: at["norm"](at["one"](x)) + at["norm"](at["two"](x)), (None, None)),  # one norm for two layers
        (lambda at, x: at["norm"](at["one"](x)) + at["norm"](x), (None, None)),
        (lambda at, x: at["norm"](y := at["one"](x)) + at["other"](y), (None, None)),  # two norms for one layer
        (lambda at, x: at["norm"](at["one"](at["one"](x))), ("norm", None)),  # a layer that runs twice
        (lambda at, x: at["norm"](at["one"](x)) + at["other"](at["one"](-x)), (None, None)),
        (lambda at, x: at["norm"](at["one"](x).relu_()), (None, None)),
        (lambda at, x: at["norm"](at["one"](x).mul_(2)), (None, None)),
        (lambda at, x: at["norm"](at["one"](x) + x), (None, None)),
        (lambda at, x: at["norm"](y := at["one"](x)) + y, ("norm", None)),
    ],
)
def test_a_norm_belongs_to_a_layer_where_it_reads_that_alone_and_is_its_only_one(
    forward: Callable[[nn.ModuleDict, Tensor], Tensor], expected: tuple[str | None, str | None]
) -> None:
    found = norms(Written(forward, **layers()), IMAGES)
    assert (found["one.weight"], found["two.weight"]) == expected


def test_norms_without_a_scale_and_transposed_convolutions_are_left_out() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4, affine=False), nn.ConvTranspose2d(4, 2, 2))
    assert norms(model, IMAGES) == {"0.weight": None}


def test_where_a_unit_is_pruned_all_that_read_its_layer_see_zeros() -> None:
    seen: list[Tensor] = []

    def forward(at: nn.ModuleDict, x: Tensor) -> Tensor:
        y = at["one"](x)
        seen[:] = [y, at["norm"](y)]
        return torch.add(*seen)

    model = Written(forward, **layers()).eval()
    network = MaskedNetwork(model, units=find_units(model, IMAGES))
    kept = torch.tensor([True, False, True])
    network.set({"layers.one.weight": kept[:, None, None, None].expand(3, 3, 1, 1)})
    model(IMAGES)
    for tensor in seen:
        assert (tensor[:, ~kept] == 0).all()
        assert (tensor[:, kept] != 0).any()


def test_units_of_a_masked_network_are_those_of_the_plain_one() -> None:
    model, inputs = sequential(), IMAGES[:, :1]
    plain = find_units(model, inputs)
    network = MaskedNetwork(model, units=plain)
    network.set(
        {name: keep_largest(weight.flatten(1).abs(), 2).view_as(weight) for name, weight in network.weights().items()}
    )
    assert find_units(model, inputs) == plain
    network.remove()
    assert find_units(model, inputs) == plain


@pytest.mark.parametrize("training", [True, False])
def test_watching_changes_nothing(training: bool) -> None:
    model = sequential().train(training)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    find_units(model, IMAGES[:, :1])
    assert all(module.training == training for module in model.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_the_scale_under_a_mask_is_the_parameter_itself() -> None:
    model = sequential()
    scale = model[1].get_parameter("weight")
    assert scale_under_mask(model[1]) is scale
    network = MaskedNetwork(model, units=find_units(model, IMAGES[:, :1]))
    network.set({"0.weight": torch.zeros(4, 1, 3, 3, dtype=torch.bool)})
    assert (dict(model.named_modules())["1"].weight == 0).all()
    assert scale_under_mask(model[1]) is scale


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 2), (4, 1, 3, 3)])
def test_a_units_value_counts_for_all_weights_of_its_output_channel(shape: tuple[int, ...]) -> None:
    values, weight = torch.randn(4), torch.randn(shape)
    spread = over_weights(values, weight)
    assert spread.shape == weight.shape
    for value, channel in zip(values, spread, strict=True):
        assert (channel == value).all()
