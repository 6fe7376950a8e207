"""Modules of attention: the number of heads that they hold, and that operations can be followed through them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from lesion.compress.attention import SelfAttention, separate


def recount_heads(layer: nn.Module, shapes: Mapping[str, torch.Size], prefix: str) -> None:
    """Set the number of heads of a module of attention by the shape that its projection will have.

    That of queries, keys and values is one: `in_proj_weight` of nn.MultiheadAttention, which becomes a `SelfAttention`
    if heads leave, or `qkv` of timm's attention, (3 · heads · features, inputs).

    Parameters
    ----------
    layer : before its tensors get other shapes
    shapes : shapes of the network's tensors by name; those of the layer begin with `prefix`
    """
    module: Any = layer
    if isinstance(layer, nn.MultiheadAttention) and layer.in_proj_weight is not None:
        rows, shape = len(layer.in_proj_weight), shapes.get(f"{prefix}in_proj_weight")
    elif isinstance(getattr(layer, "qkv", None), nn.Linear) and isinstance(getattr(layer, "num_heads", None), int):
        rows, shape = module.qkv.out_features, shapes.get(f"{prefix}qkv.weight")
    else:
        return
    if shape is None or shape[0] == rows:
        return
    features = rows // 3 // module.num_heads
    module.num_heads = shape[0] // 3 // features
    if isinstance(layer, nn.MultiheadAttention) and not isinstance(layer, SelfAttention):
        separate(layer)
    elif hasattr(module, "attn_dim"):
        module.attn_dim = module.num_heads * features


@contextmanager
def operation_by_operation() -> Iterator[None]:
    """Inside the block nn.MultiheadAttention runs its operations, and not one that has all in it."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
