"""A layer of experts of which each image takes one (Fedus et al. 2021, arXiv 2101.03961: the Switch layer).

The router takes the mean over pixels of the layer's input x: p = softmax(W_r x̄), i = argmax p, y = p_i · E_i(x). All
experts have the shape of the layer that they replace.
"""

from __future__ import annotations

from copy import deepcopy
from math import ceil
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lesion.compress.per_image import Computed
from lesion.compress.runtime.pairs import in_order
from lesion.errors import InputError

ROUTER_SCALE = 0.1
"""Variance of the router's weights at the start, times its inputs: a tenth of the usual, as published."""


class Routing(NamedTuple):
    """How a batch was routed.

    Attributes
    ----------
    probability : float32 (n, experts), p
    expert : int64 (n,), i
    taken : bool (n,), False where the expert had no room
    """

    probability: Tensor
    expert: Tensor
    taken: Tensor


def route(logits: Tensor, capacity: int | None) -> Routing:
    """Route each image to the likeliest expert; an expert takes the first `capacity` of its images, all for None."""
    probability = logits.softmax(dim=1)
    expert = probability.argmax(dim=1)
    if capacity is None:
        return Routing(probability, expert, torch.ones_like(expert, dtype=torch.bool))
    mine = torch.nn.functional.one_hot(expert, logits.shape[1])
    place = (mine.cumsum(dim=0) * mine).sum(dim=1)  # from 1, in the queue of its expert
    return Routing(probability, expert, place <= capacity)


def balance(routing: Routing) -> Tensor:
    """N · Σ f_i P_i, 1 where both are even: f the share of images by expert, before any overflow, P the mean
    probability (eq. 4).
    """
    experts = routing.probability.shape[1]
    share = torch.nn.functional.one_hot(routing.expert, experts).float().mean(dim=0)
    return experts * (share * routing.probability.mean(dim=0)).sum()


class Switch(nn.Module):
    """Experts in place of a convolution or a linear layer, the first of which is the layer itself.

    In training an expert takes at most ⌈capacity · n / experts⌉ of a micro-batch of n images; the output is zero for
    the others, so that they pass by a shortcut if there is one. In evaluation every image is taken: what is said of an
    image does not depend on the images beside it.

    Attributes
    ----------
    routing : of the last batch
    """

    routing: Routing | None = None

    def __init__(self, layer: nn.Conv2d | nn.Linear, *, experts: int, capacity: float) -> None:
        super().__init__()
        self.capacity = capacity
        inputs = layer.in_features if isinstance(layer, nn.Linear) else layer.in_channels
        self.router = nn.Linear(inputs, experts, bias=False)
        nn.init.trunc_normal_(self.router.weight, std=(ROUTER_SCALE / inputs) ** 0.5)
        self.router.to(layer.weight.device)
        self.experts = nn.ModuleList([layer, *(_like(layer) for _ in range(experts - 1))])
        self._positions = 1

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) or (n, inputs) to what the layer gives."""
        with torch.autocast(x.device.type, enabled=False):
            pooled = x.float() if x.dim() == 2 else x.float().mean(dim=(2, 3))
            capacity = ceil(self.capacity * len(x) / len(self.experts)) if self.training else None
            self.routing = route(self.router(pooled), capacity)
        own = self.routing.probability.gather(1, self.routing.expert[:, None])
        chosen = [(self.routing.expert == place) & self.routing.taken for place in range(len(self.experts))]
        output: Tensor | None = None
        for expert, mask in zip(self.experts, chosen, strict=True):
            rows = mask.nonzero().squeeze(1)
            if not len(rows) and not self.training:  # in training it runs on no image, for gradients of zero
                continue
            said = expert(x[rows])
            said = said * own[rows].reshape(-1, *[1] * (said.dim() - 1)).to(said.dtype)
            whole = said.new_zeros(len(x), *said.shape[1:]) if output is None else output
            output = whole.index_copy(0, rows, said)
        assert output is not None
        self._positions = output[0, 0].numel()
        return output

    def computed(self) -> dict[str, Computed]:
        """All rows of an expert, for the images that it took of the last batch."""
        assert self.routing is not None
        return {
            f"experts.{place}.weight": Computed(
                ((self.routing.expert == place) & self.routing.taken)[:, None], self._positions
            )
            for place in range(len(self.experts))
        }

    def forget(self) -> None:
        """Drop what is known of the last batch."""
        self.routing = None


def _like(layer: nn.Conv2d | nn.Linear) -> nn.Conv2d | nn.Linear:
    """A layer of the same shape: weights normal with the spread of the layer's own, the same biases."""
    made = deepcopy(layer)
    weight = made.weight.detach()
    weight.copy_(torch.randn(weight.shape) * weight.std().cpu())
    return made


def last_hidden(model: nn.Module, inputs: Tensor) -> str:
    """The name of the last layer but one of a network, in the order in which its layers run.

    Raises
    ------
    InputError
        Where there are not two convolutions (without groups) or linear layers.
    """
    names = in_order(model, inputs, (nn.Conv2d, nn.Linear))
    if len(names) < 2:
        raise InputError("switch: this network has no hidden convolution or linear layer")
    return names[-2]


def switched(model: nn.Module, name: str, *, experts: int, capacity: float) -> Switch:
    """Put experts in place of a layer. Their weights are drawn from torch's generator.

    Raises
    ------
    InputError
        Where `name` is no convolution without groups and no linear layer.
    """
    known = dict(model.named_modules())
    layer = known.get(name)
    if not isinstance(layer, nn.Conv2d | nn.Linear) or type(layer) not in (nn.Conv2d, nn.Linear):
        raise InputError(f"switch: {name} is no convolution and no linear layer of this network")
    if isinstance(layer, nn.Conv2d) and layer.groups > 1:
        raise InputError(f"switch: {name} is a convolution in groups")
    switch = Switch(layer, experts=experts, capacity=capacity)
    model.set_submodule(name, switch)
    return switch
