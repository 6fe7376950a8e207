"""Tiny networks in float64, smooth unless ReLUs are asked for, with a fixed batch, and what autograd says of them."""

import copy
from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from lesion.compress.masks import MaskedNetwork, prunable
from lesion.compress.probe import Batch, Probe


def smooth_network(seed: int = 0, activation: nn.Module | None = None) -> nn.Sequential:
    """Convolution, batch norm that is not the identity, linear layer: 8 and 24 prunable weights; 1 × 3 × 3 images."""
    torch.manual_seed(seed)
    norm = nn.BatchNorm2d(2)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    norm.running_mean, norm.running_var = torch.randn(2), torch.rand(2) + 0.5
    return nn.Sequential(nn.Conv2d(1, 2, 2), norm, activation or nn.Tanh(), nn.Flatten(), nn.Linear(8, 3)).double()


def images(count: int = 7, *shape: int, classes: int = 3, seed: int = 1) -> Batch:
    """Normal inputs, float64, of 1 × 3 × 3 where no shape is given, and random labels."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(count, *(shape or (1, 3, 3)), generator=generator, dtype=torch.float64)
    return inputs, torch.randint(classes, (count,), generator=generator)


def parts(batch: Batch, part: int) -> list[Batch]:
    """The batch in parts, the last of them smaller."""
    return list(zip(torch.split(batch[0], part), torch.split(batch[1], part), strict=True))


def probe_of(model: nn.Module, batch: Batch, *, part: int = 3, masks: Mapping[str, Tensor] | None = None) -> Probe:
    """A probe of the model, which gets masks, whose sample is the batch in parts."""

    def sample(count: int, seed: int) -> Iterator[Batch]:
        return iter(parts((batch[0][:count], batch[1][:count]), part))

    network = MaskedNetwork(model)
    network.set(masks or {})
    return Probe(network, sample, seed=0)


def some_masks(model: nn.Module, share: float = 0.5, seed: int = 2) -> dict[str, Tensor]:
    """Random masks on all prunable weights."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.rand(model.get_parameter(name).shape, generator=generator) > share for name, _, _ in prunable(model)
    }


class Plain:
    """A copy of a network, without masks but with zeros where they are, as a function of all its prunable weights."""

    def __init__(self, model: nn.Module, masks: Mapping[str, Tensor] | None = None, *, training: bool) -> None:
        self.model = copy.deepcopy(model).train(training)
        self.model.requires_grad_(False)
        self.weights = {name: self.model.get_parameter(name) for name, _, _ in prunable(model)}
        for name, mask in (masks or {}).items():
            self.weights[name].mul_(mask)

    @property
    def vector(self) -> Tensor:
        """All weights, flat."""
        return torch.cat([weight.flatten() for weight in self.weights.values()])

    def split(self, vector: Tensor) -> dict[str, Tensor]:
        """The inverse."""
        sizes = [weight.numel() for weight in self.weights.values()]
        pieces = zip(self.weights.items(), torch.split(vector, sizes), strict=True)
        return {name: piece.view_as(weight) for (name, weight), piece in pieces}

    def loss(self, vector: Tensor, batches: list[Batch], *, temperature: float = 1) -> Tensor:
        """Mean cross-entropy over the images of some batches."""
        total, count = torch.zeros((), dtype=vector.dtype), 0
        for inputs, label in batches:
            logits = functional_call(self.model, self.split(vector), (inputs,))
            total = total + functional.cross_entropy(logits / temperature, label, reduction="sum")
            count += len(label)
        return total / count  # batch norm in training by the statistics of each batch

    def gradient(self, vector: Tensor, batches: list[Batch], *, temperature: float = 1) -> Tensor:
        """Of the loss, flat."""
        vector = vector.clone().requires_grad_()
        (found,) = torch.autograd.grad(self.loss(vector, batches, temperature=temperature), vector)
        return found

    def hessian(self, batches: list[Batch]) -> Tensor:
        """Of the loss, (n, n)."""
        return hessian(lambda vector: self.loss(vector, batches), self.vector)


def hessian(function: Callable[[Tensor], Tensor], vector: Tensor) -> Tensor:
    """Of a scalar function of a vector, by autograd: (n, n)."""
    found = torch.autograd.functional.hessian(function, vector)  # type: ignore[no-untyped-call]
    assert isinstance(found, Tensor)
    return found


def flat(values: Mapping[str, Tensor]) -> Tensor:
    """Tensors of all weights as one vector."""
    return torch.cat([value.flatten() for value in values.values()])


def close(found: Tensor, expected: Tensor, *, rtol: float = 1e-8) -> None:
    """Raise AssertionError where they differ by more than a share of themselves or of the largest entry."""
    torch.testing.assert_close(found, expected, rtol=rtol, atol=rtol * float(expected.abs().max()))


def attention() -> tuple[Probe, Plain]:
    """A small transformer, whose attention torch computes in fused kernels where it may."""
    torch.manual_seed(0)
    encoder = nn.TransformerEncoderLayer(4, 2, 5, dropout=0.0, batch_first=True, activation="gelu")
    model = nn.Sequential(encoder, nn.Flatten(), nn.Linear(12, 3)).double()
    plain = Plain(model, training=False)
    return probe_of(model, images(5, 3, 4)), plain
