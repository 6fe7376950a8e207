"""Runs a network and follows its channels from operation to operation."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from lesion.compress.channels.ledger import NONE, OPAQUE, Ledger
from lesion.compress.channels.operation import Operation
from lesion.compress.channels.origins import Origins

FIRST_ALONE = frozenset({
    "native_batch_norm", "_native_batch_norm_legit_no_training", "cudnn_batch_norm", "max_pool2d_with_indices",
    "native_dropout", "native_layer_norm", "native_group_norm", "_scaled_dot_product_flash_attention_for_cpu",
    "_scaled_dot_product_flash_attention", "_scaled_dot_product_efficient_attention",
    "_scaled_dot_product_cudnn_attention", "_scaled_dot_product_attention_math",
})  # fmt: skip
"""Operations that return statistics, indices or masks beside the activation."""


class Trace(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Labels of all activations, while the network runs inside the block.

    Parameters
    ----------
    network, inputs : the network and the tensor that it is called with
    rules : labels of each tensor that an operation makes
    moving : names of operations that do not combine elements

    Attributes
    ----------
    ledger : what was found
    origins : what tensors that do not depend on the input are made of
    """

    def __init__(self, network: nn.Module, inputs: Tensor, rules: "Rules", moving: Collection[str] = ()) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._rules, self._moving = rules, moving
        self.ledger = Ledger()
        self.origins = Origins(network)
        self._stored = network.state_dict().keys()
        self._transposed: dict[int, str] = {}
        self._labels = {id(inputs): torch.full(inputs.shape, OPAQUE)}
        self._held: list[Any] = [inputs]  # so that no other tensor gets the identity of one that was followed

    def name(self, tensor: Tensor) -> str | None:
        """Name of a parameter or buffer, None of anything else."""
        return self.origins.name(tensor)

    def stored(self, name: str) -> bool:
        """True for a parameter or buffer of the state dict."""
        return name in self._stored

    def followed(self, tensor: Tensor) -> bool:
        """True if the tensor depends on the network's input."""
        return id(tensor) in self._labels

    def transposed_name(self, tensor: Tensor) -> str | None:
        """Name of the parameter that this is the transposed view of."""
        return self._transposed.get(id(tensor))

    def labels(self, tensor: Tensor) -> Tensor:
        """Labels of a tensor, int64 in its shape; NONE for one that does not depend on the network's input."""
        found = self._labels.get(id(tensor))
        return torch.full(tensor.shape, NONE) if found is None else found

    def keep(self, tensor: Tensor, labels: Tensor) -> None:
        """Note the labels of a tensor."""
        self._labels[id(tensor)] = labels
        self._held.append(tensor)

    def __torch_dispatch__(
        self, function: Any, types: Iterable[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run any operation and note the labels of what it makes."""
        output = function(*args, **(kwargs or {}))
        name = function.overloadpacket.__name__.rstrip("_")
        operation = Operation(name, function, args, dict(kwargs or {}), output[0] if name in FIRST_ALONE else output)
        if name == "t" and (own := self.name(args[0])) is not None:
            self._transposed[id(output)] = own
            self._held.append(output)
        elif any(id(tensor) in self._labels for tensor in operation.tensors):
            made = [operation.output] if isinstance(operation.output, Tensor) else operation.output
            for tensor, labels in zip(made, self._rules(self, operation), strict=True):
                self.keep(tensor, labels)
        else:
            self._held.append(output)
            self.origins.note(operation, moves=name in self._moving)
        return output


Rules = Callable[[Trace, Operation], list[Tensor]]
