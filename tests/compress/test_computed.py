"""Which weights are transformed before they are multiplied with: found in layers of torch and timm."""

from collections.abc import Callable

import pytest
import timm
import torch
from timm.layers.conv2d_same import Conv2dSame
from timm.layers.std_conv import ScaledStdConv2d, StdConv2d, StdConv2dSame
from timm.models.beit import Attention
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from lesion.compress.computed import computed_weights


class Tokens(nn.Module):
    """Images as rows of eight numbers, for layers of attention."""

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs.reshape(len(inputs), -1, 8)


class Twice(nn.Module):
    """A linear layer whose weight the network reads itself, beside the layer."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(8, 8)

    def forward(self, inputs: Tensor) -> Tensor:
        found: Tensor = inputs @ self.inner.weight.t() + self.inner(inputs)
        return found


COMPUTED: dict[str, tuple[Callable[[], nn.Module], list[str]]] = {
    "plain": (lambda: nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(144, 2)), []),
    "padded by the layer": (lambda: nn.Sequential(Conv2dSame(1, 4, 3, stride=2)), []),
    "transposed": (lambda: nn.Sequential(nn.ConvTranspose2d(1, 4, 3)), []),
    "standardised": (lambda: nn.Sequential(StdConv2d(1, 4, 3), nn.Conv2d(4, 4, 3)), ["0.weight"]),
    "standardised and padded": (lambda: nn.Sequential(StdConv2dSame(1, 4, 3)), ["0.weight"]),
    "scaled": (lambda: nn.Sequential(ScaledStdConv2d(1, 4, 3), ScaledStdConv2d(4, 4, 3)), ["0.weight", "1.weight"]),
    "attention": (lambda: nn.Sequential(Tokens(), nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)), []),
    "attention of BEiT": (lambda: nn.Sequential(Tokens(), Attention(8, 2)), []),
    "parametrised": (lambda: nn.Sequential(parametrizations.weight_norm(nn.Conv2d(1, 4, 3))), ["0.weight"]),
    "read by the network": (lambda: nn.Sequential(Tokens(), Twice()), []),
}


@pytest.mark.parametrize("kind", COMPUTED)
@pytest.mark.parametrize("training", [False, True])
def test_weights_that_are_computed_are_found(kind: str, training: bool) -> None:
    build, expected = COMPUTED[kind]
    model = build().train(training)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert computed_weights(model, torch.randn(1, 1, 8, 8)) == expected
    assert model.training == training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize(("name", "share"), [("nf_regnet_b0", 1.0), ("tf_efficientnet_lite0", 0.0), ("resnet10t", 0.0)])
def test_convolutions_of_whole_networks(name: str, share: float) -> None:
    model = timm.create_model(name, pretrained=False)
    convolutions = [path for path, layer in model.named_modules() if isinstance(layer, nn.Conv2d)]
    found = computed_weights(model, torch.zeros(1, 3, 64, 64))
    standardised = [path for path in convolutions if f"{path}.weight" in found]
    assert len(found) == len(standardised)
    assert len(standardised) >= share * 0.5 * len(convolutions)
    assert bool(standardised) == bool(share)
