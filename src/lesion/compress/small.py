"""Members that are stored with fewer channels than the network was built with: float weights in smaller shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor, nn

    from lesion.params.settings import Settings


def restorer(
    model: nn.Module,
    options: Settings,  # noqa: ARG001
    example: Tensor,  # noqa: ARG001
) -> Callable[[Mapping[str, Tensor]], nn.Module]:
    """Return a function: stored tensors -> `model` in their shapes, in eval mode, valid until the next call.

    It raises InputError where a tensor is missing or not of this network.
    """
    from lesion.compress.channels.shrink import resize

    model.eval()

    def restore(tensors: Mapping[str, Tensor]) -> nn.Module:
        resize(model, tensors)
        return model

    return restore
