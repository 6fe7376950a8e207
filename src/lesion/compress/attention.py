"""nn.MultiheadAttention as two linear operators and a product, so that its projections can be quantised.

torch computes attention in one function, `multi_head_attention_forward`, or in a fused kernel; the input of the output
projection is nowhere to be seen from outside. Images come first here, so that each has its own range.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class SelfAttention(nn.MultiheadAttention):
    """The same parameters, names and results, for calls that `separable` accepts."""

    def forward(  # type: ignore[override]
        self,
        query: Tensor,
        key: Tensor,  # noqa: ARG002 - the query itself
        value: Tensor,  # noqa: ARG002
        key_padding_mask: None = None,  # noqa: ARG002
        need_weights: bool = True,
        attn_mask: None = None,  # noqa: ARG002
        average_attn_weights: bool = True,
        is_causal: bool = False,  # noqa: ARG002
    ) -> tuple[Tensor, Tensor | None]:
        """softmax(Q Kᵀ / √d) V (Vaswani et al. 2017, eq. 1), and the weights of V if they are needed."""
        x = query if self.batch_first else query.transpose(0, 1)
        projected = functional.linear(x, self.in_proj_weight, self.in_proj_bias)
        queries, keys, values = (
            part.view(*x.shape[:2], self.num_heads, self.head_dim).transpose(1, 2)
            for part in projected.chunk(3, dim=-1)
        )
        weights = None
        if need_weights:
            weights = (queries @ keys.transpose(-2, -1) * self.head_dim**-0.5).softmax(dim=-1)
            mixed = weights @ values
            weights = weights.mean(dim=1) if average_attn_weights else weights
        else:
            mixed = functional.scaled_dot_product_attention(queries, keys, values)
        output = functional.linear(mixed.transpose(1, 2).flatten(2), self.out_proj.weight, self.out_proj.bias)
        return output if self.batch_first else output.transpose(0, 1), weights


def separable(layer: nn.MultiheadAttention, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    """True if `SelfAttention` can stand in for `layer` in this call: one batch attends to itself, nothing is masked."""
    names = ("query", "key", "value", "key_padding_mask", "need_weights", "attn_mask", "average_attn_weights")
    given = dict(zip(names, args, strict=False)) | dict(kwargs)
    masks = ("key_padding_mask", "attn_mask")
    return (
        layer.in_proj_weight is not None
        and layer.bias_k is None
        and not layer.add_zero_attn
        and given["query"] is given["key"] is given["value"]
        and given["query"].dim() == 3
        and all(given.get(name) is None for name in masks)
    )


def separate(layer: nn.Module) -> None:
    """Turn one nn.MultiheadAttention into `SelfAttention`, in place."""
    layer.__class__ = SelfAttention


def separate_all(model: nn.Module, example: Tensor) -> None:
    """Turn all nn.MultiheadAttention into `SelfAttention` whose calls allow it, in place.

    model: in evaluation mode; it is run on `example`, a batch of images, if it has such layers.
    """
    calls: dict[nn.MultiheadAttention, list[bool]] = {layer: [] for layer in _layers(model)}
    handles = [layer.register_forward_pre_hook(_recorder(found), with_kwargs=True) for layer, found in calls.items()]
    try:
        if calls:
            with torch.no_grad():
                model(example)
    finally:
        for handle in handles:
            handle.remove()
    for layer, found in calls.items():
        if found and all(found):
            separate(layer)


def _layers(model: nn.Module) -> Iterator[nn.MultiheadAttention]:
    return (layer for layer in model.modules() if type(layer) is nn.MultiheadAttention)


def _recorder(found: list[bool]) -> Callable[[nn.Module, tuple[Any, ...], dict[str, Any]], None]:
    def record(layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        assert isinstance(layer, nn.MultiheadAttention)
        found.append(separable(layer, args, kwargs))

    return record
