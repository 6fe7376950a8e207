"""Where the elements of a tensor come from that does not depend on the network's input.

A parameter may be moved before an activation meets it, as a table of positions that is indexed, or computed with, as a
weight that a layer standardises.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lesion.compress.channels.operation import Operation, tensors_in

MOST = 2**40
"""More elements than a parameter has."""


class Part(NamedTuple):
    """Elements that come from one parameter or buffer.

    Attributes
    ----------
    name, shape : of the parameter or buffer
    places : where in it, flattened, each element comes from, int64 (n,)
    chosen : which elements of the tensor, flattened, these are, bool
    """

    name: str
    shape: torch.Size
    places: Tensor
    chosen: Tensor


class Origins:
    """Follows parameters and buffers from operation to operation.

    An element has a code: the number of its parameter, and its place in it. Tensors have to be held by the caller.
    """

    def __init__(self, network: nn.Module) -> None:
        self._named = [*network.named_parameters(), *network.named_buffers()]
        self._numbers = {id(tensor): number for number, (_, tensor) in enumerate(self._named)}
        self._codes: dict[int, Tensor] = {}
        self._computed: dict[int, str] = {}

    def name(self, tensor: Tensor) -> str | None:
        """Name of a parameter or buffer, None of anything else."""
        number = self._numbers.get(id(tensor))
        return None if number is None else self._named[number][0]

    def shape(self, name: str) -> torch.Size:
        """Shape of a parameter or buffer."""
        return dict(self._named)[name].shape

    def computed(self, tensor: Tensor) -> str | None:
        """Name of the first of the parameters that a tensor is computed from."""
        return self.name(tensor) or self._computed.get(id(tensor))

    def _of(self, tensor: Tensor) -> Tensor | None:
        number = self._numbers.get(id(tensor))
        if number is None:
            return self._codes.get(id(tensor))
        return torch.arange(tensor.numel()).view(tensor.shape) + number * MOST

    def parts(self, tensor: Tensor) -> list[Part] | None:
        """The parameters that the elements of a tensor come from; None if they are no elements of parameters."""
        if (codes := self._of(tensor)) is None:
            return None
        flat = codes.flatten()
        found = []
        for number in (flat // MOST).unique().tolist():  # type: ignore[no-untyped-call]
            chosen = flat // MOST == number
            name, own = self._named[number]
            found.append(Part(name, own.shape, flat[chosen] % MOST, chosen))
        return found

    def note(self, operation: Operation, *, moves: bool) -> None:
        """Note where the outcome of an operation comes from; `moves`: it does not combine elements."""
        args, output = operation.args, operation.output
        made = [output] if isinstance(output, Tensor) else [one for one in output or () if isinstance(one, Tensor)]
        source = next(filter(None, map(self.computed, tensors_in(args))), None)
        if source is not None:
            self._computed.update((id(one), source) for one in made)
        if not moves:
            return
        codes = [self._of(tensor) for tensor in tensors_in(args) if tensor.is_floating_point()]
        if codes and all(one is not None for one in codes):
            moved = operation.function(*self._swapped(args), **operation.named)
            for tensor, found in zip(made, [moved] if isinstance(moved, Tensor) else moved, strict=False):
                self._codes[id(tensor)] = found

    def _swapped(self, argument: Any) -> Any:
        if isinstance(argument, Tensor):
            return self._of(argument) if argument.is_floating_point() else argument
        if isinstance(argument, list | tuple):
            return type(argument)(self._swapped(one) for one in argument)
        return argument
