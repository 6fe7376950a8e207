"""How big a member is: parameters, zeros among them, bytes on disk."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from lesion.compress.encoding import decode


def sizes(stored: Mapping[str, Tensor]) -> dict[str, Any]:
    """Of the stored tensors of one member: bytes_per_member as they lie on disk, parameters, and sparsity.

    `sparsity` is the share of zeros among the weights that can be pruned: stored tensors of two dimensions or more.
    """
    prunable = [tensor for tensor in decode(stored).values() if tensor.dim() > 1]
    parameters = sum(tensor.numel() for tensor in prunable)
    return {
        "bytes_per_member": sum(tensor.numel() * tensor.element_size() for tensor in stored.values()),
        "parameters": parameters,
        "sparsity": 1 - sum(int(tensor.count_nonzero()) for tensor in prunable) / parameters,
    }
