"""What the weights of a network read that does not depend on its input: zeros, and other constants."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from lesion.compress.channels.dependence import Dependence
from lesion.compress.channels.heads import operation_by_operation


@dataclass(frozen=True)
class Read:
    """What one weight reads: input channels of a convolution, features of a linear layer.

    Attributes
    ----------
    constant : bool (inputs,), True if the input has the same value at all positions whatever the network is shown
    value : (inputs,), that value; without meaning elsewhere
    padded : True if the layer adds zeros around what it reads
    """

    constant: Tensor
    value: Tensor
    padded: bool

    def also(self, other: "Read") -> "Read":
        """What is true of both, of a weight that is used twice."""
        same = self.constant & other.constant & (self.value == other.value)
        return Read(same, self.value, self.padded or other.padded)

    @property
    def folds(self) -> Tensor:
        """Bool (inputs,): True if the input adds a constant to each output, the same at all positions."""
        return self.constant if not self.padded else self.constant & (self.value == 0)


def reads(model: nn.Module, inputs: Tensor) -> dict[str, Read]:
    """What each weight of a convolution or linear layer reads, by name, without weights that are transformed first.

    model : in evaluation mode; float64, so that constants are exact enough to be folded
    inputs : one example, (1, …)
    """
    reading = _Reading(model, inputs)
    with torch.no_grad(), operation_by_operation(), reading:
        model(inputs)
    return reading.reads


class _Reading(Dependence):  # type: ignore[no-untyped-call]
    """Notes what is multiplied by parameters. It knows them by their memory, since operations get views of them."""

    def __init__(self, model: nn.Module, inputs: Tensor) -> None:
        super().__init__(inputs)
        self.reads: dict[str, Read] = {}
        self._names: dict[tuple[int, torch.Size], list[str]] = defaultdict(list)
        for name, parameter in model.named_parameters(remove_duplicate=False):
            self._names[parameter.data_ptr(), parameter.shape].append(name)

    def __torch_dispatch__(
        self, function: Any, types: Iterable[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run any operation; of products with a parameter note what is multiplied."""
        for names, read in self._read(function.overloadpacket.__name__, args):
            for name in names:
                self.reads[name] = self.reads[name].also(read) if name in self.reads else read
        return super().__torch_dispatch__(function, types, args, kwargs)

    def _read(self, operation: str, args: tuple[Any, ...]) -> Iterator[tuple[list[str], Read]]:
        if operation == "convolution" and not args[6]:
            x, weight, padding = args[0], args[1], any(args[4])
        elif operation in ("mm", "addmm"):
            x, weight, padding = args[-2], args[-1].t(), False
        else:
            return
        if names := self._names.get((weight.data_ptr(), weight.shape)):
            values, depends = (tensor.movedim(1, 0).flatten(1) for tensor in (x, self.of(x)))
            same = (values == values[:, :1]).all(dim=1)
            yield names, Read(same & ~depends.any(dim=1), values[:, 0].clone(), padding)
