"""Which elements of the activations depend on the network's input, found by running it once.

A tensor of bool in the shape of each activation says so: True for an element that may depend on the input, False for
one that is the same for all inputs, such as an output channel whose weights are zero. Its value is the one that the run
gives it.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

from lesion.compress.channels import attention, elements, layers, moves

MOVES = (
    moves.VIEWS
    | moves.MOVES
    | moves.PICKS.keys()
    | {
        "_reshape_alias", "alias", "as_strided_", "channel_shuffle", "clone", "constant_pad_nd", "contiguous",
        "detach", "flatten", "native_channel_shuffle", "pixel_shuffle", "pixel_unshuffle", "unfold",
    }
)  # fmt: skip
"""Operations that copy elements to other places, or let a view show them; what a padding adds is constant."""

GATHERS = elements.POOLS - {"upsample_bicubic2d"} | elements.REDUCTIONS
"""Sums, means and maxima: of zeros and ones they are above zero where one of the elements that they combine is one."""

ELEMENTWISE = frozenset({"_to_copy", "copy", "hardswish", "dropout", "native_dropout"})
"""Functions of single elements that torch does not tag as such."""


class Dependence(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Follows what depends on `inputs` while the network runs in evaluation mode inside the block.

    What is not understood depends on the input in all elements if it does in one.
    """

    def __init__(self, inputs: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._found = WeakTensorKeyDictionary()
        self._found[inputs] = torch.ones_like(inputs, dtype=torch.bool)

    def of(self, tensor: Tensor) -> Tensor:
        """True where an element depends on the input: bool in the shape of `tensor`."""
        if tensor not in self._found:
            self._found[tensor] = torch.zeros_like(tensor, dtype=torch.bool)
        found: Tensor = self._found[tensor]
        return found

    def __torch_dispatch__(
        self, function: Any, types: Iterable[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run any operation and note which elements of what it makes depend on the input."""
        named = dict(kwargs or {})
        before = self._dependence(function, args, named)  # looks at values that an operation in place overwrites
        output = function(*args, **named)
        made, found = ([one] if isinstance(one, Tensor) else [*(one or ())] for one in (output, before))
        found += [torch.tensor(True)] * (len(made) - len(found))  # statistics and indices beside an activation
        for tensor, depends in zip(made, found, strict=True):
            if not isinstance(tensor, Tensor):
                continue
            if tensor in self._found:  # changed in place, also for those that it is a view of
                self._found[tensor].copy_(depends.expand(tensor.shape))
            else:
                self._found[tensor] = _laid_out(depends, tensor)
        return output

    def _dependence(self, function: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """A tensor of bool that can be spread over what comes out; a list of them for several tensors."""
        name = function.overloadpacket.__name__
        plain = name.rstrip("_")
        tensors = [*_tensors((args, named))]
        if not any(self.of(tensor).any() for tensor in tensors):
            return torch.tensor(False) if name not in MOVES else self._moved(function, args, named)
        if name in MOVES:
            return self._moved(function, args, named)
        if plain == "mul" and len(tensors) == 2:
            return self._product(tensors[0], tensors[1], torch.mul)
        if torch.Tag.pointwise in function.tags or plain in ELEMENTWISE:
            return reduce(torch.logical_or, map(self.of, tensors))
        if name == "convolution":
            x, weight, _, *rest = args
            return self._product(x, weight, lambda one, other: torch.convolution(one, other, None, *rest))
        if name in ("mm", "bmm"):
            return self._product(args[0], args[1], torch.matmul)
        if name == "addmm":
            return self._product(args[1], args[2], torch.matmul) | self.of(args[0])
        if name in GATHERS:
            return self._gathered(function, args, named)
        if name in layers.BATCH_NORMS:
            return self._normalised(*args[:3])
        if name in attention.PRODUCTS:
            return self._mixed(args[2])
        return torch.tensor(True)

    def _moved(self, function: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        return function(*self._swapped(args), **self._swapped(named))

    def _swapped(self, argument: Any) -> Any:
        """An argument with the dependence of each tensor in its place."""
        if isinstance(argument, Tensor):
            return self.of(argument)
        if isinstance(argument, list | tuple):
            return type(argument)(self._swapped(one) for one in argument)
        if isinstance(argument, dict):
            return {key: value for key, value in argument.items() if key != "dtype"}
        return argument

    def _gathered(self, function: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Tensor:
        found = function(self.of(args[0]).double(), *args[1:], **named)
        values: Tensor = found[0] if isinstance(found, tuple) else found
        return values > 0

    def _product(self, one: Tensor, other: Tensor, multiply: Any) -> Tensor:
        """A sum of products: each needs a factor that depends on the input and another that is not zero."""
        depends = [self.of(tensor) for tensor in (one, other)]
        counts = [(known | (tensor != 0)).double() for known, tensor in zip(depends, (one, other), strict=True)]
        terms: Tensor = multiply(depends[0].double(), counts[1]) + multiply(counts[0], depends[1].double())
        return terms > 0.5  # of whole numbers, whatever algorithm multiplies

    def _normalised(self, x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:  # noqa: ARG002
        """A batch norm; one with a scale of zero outputs its bias."""
        found = self.of(x)
        return found if weight is None else found & (weight != 0).view(-1, *[1] * (x.dim() - 2))

    def _mixed(self, value: Tensor) -> Tensor:
        """Attention outputs a mean over positions: of what is the same at all of them it is that."""
        return (self.of(value) | (value != value[..., :1, :])).any(dim=-2, keepdim=True)


def _tensors(argument: Any) -> Iterable[Tensor]:
    if isinstance(argument, Tensor):
        yield argument
    elif isinstance(argument, list | tuple | dict):
        for one in argument.values() if isinstance(argument, dict) else argument:
            yield from _tensors(one)


def _laid_out(found: Tensor, tensor: Tensor) -> Tensor:
    """`found` in the shape of `tensor`, and laid out in memory as it is, so that the same views can be taken."""
    if found.shape == tensor.shape and found.stride() == tensor.stride():
        return found
    return torch.empty_like(tensor, dtype=torch.bool).copy_(found.expand(tensor.shape))
