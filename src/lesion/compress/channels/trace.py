"""Runs a network and follows its channels from operation to operation."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from lesion.compress.channels.ledger import NONE, OPAQUE, Ledger


class Operation(NamedTuple):
    """One operation of the network: its name without overload and underscore at the end, and what it was called with.

    Attributes
    ----------
    output : what it returned; of several tensors of which only the first is an activation, the first
    """

    name: str
    function: Any
    args: tuple[Any, ...]
    named: dict[str, Any]
    output: Any

    @property
    def tensors(self) -> list[Tensor]:
        """The tensors among the arguments, those in lists, too."""
        return list(_tensors(self.args))


def _tensors(args: Iterable[Any]) -> Iterator[Tensor]:
    for one in args:
        if isinstance(one, Tensor):
            yield one
        elif isinstance(one, list | tuple):
            yield from _tensors(one)


FIRST_ALONE = frozenset({
    "native_batch_norm", "_native_batch_norm_legit_no_training", "cudnn_batch_norm", "max_pool2d_with_indices",
    "native_dropout", "native_layer_norm", "native_group_norm",
})  # fmt: skip
"""Operations that return statistics, indices or masks beside the activation."""


class Trace(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Labels of all activations, while the network runs inside the block.

    Parameters
    ----------
    network, inputs : the network and the tensor that it is called with
    rules : labels of each tensor that an operation makes

    Attributes
    ----------
    ledger : what was found
    """

    def __init__(self, network: nn.Module, inputs: Tensor, rules: "Rules") -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._rules = rules
        self.ledger = Ledger()
        self._names = {id(tensor): name for name, tensor in [*network.named_parameters(), *network.named_buffers()]}
        self._transposed: dict[int, str] = {}
        self._labels = {id(inputs): torch.full(inputs.shape, OPAQUE)}
        self._held: list[Any] = [inputs]  # so that no other tensor gets the identity of one that was followed

    def name(self, tensor: Tensor) -> str | None:
        """Name of a parameter or buffer, None of anything else."""
        return self._names.get(id(tensor))

    def transposed_name(self, tensor: Tensor) -> str | None:
        """Name of the parameter that this is the transposed view of."""
        return self._transposed.get(id(tensor))

    def labels(self, tensor: Tensor) -> Tensor:
        """Labels of a tensor, int64 in its shape; NONE for one that does not depend on the network's input."""
        found = self._labels.get(id(tensor))
        return torch.full(tensor.shape, NONE) if found is None else found

    def _keep(self, tensor: Tensor, labels: Tensor) -> None:
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
                self._keep(tensor, labels)
        return output


Rules = Callable[[Trace, Operation], list[Tensor]]
