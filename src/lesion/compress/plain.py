"""Members that are stored as they were trained: float weights by the names of the network, pruned ones zero."""

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
    """Return a function: stored tensors -> `model` in eval mode with these weights, valid until the next call.

    It raises InputError where a tensor is missing, unexpected or of another shape.
    """
    from lesion.models.build import load_weights

    model.eval()

    def restore(tensors: Mapping[str, Tensor]) -> nn.Module:
        load_weights(model, tensors)
        return model

    return restore
