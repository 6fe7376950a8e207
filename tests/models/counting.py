"""Parameters of networks too large to be made: tensors of their shapes, without memory."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode


class WithoutMemory(TorchFunctionMode):
    """Layers' weights begin as `torch.empty`: here it makes tensors that have a shape and no numbers.

    (`with torch.device("meta")` would also take the small tensors that some networks compute their widths with.)
    """

    def __torch_function__(
        self, func: Any, types: Iterable[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        more = {"device": "meta"} if func is torch.empty else {}
        return func(*args, **{**(kwargs or {}), **more})


def parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())
