"""One operation that a network runs."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from torch import Tensor


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
        return list(tensors_in(self.args))


def tensors_in(args: Iterable[Any]) -> Iterator[Tensor]:
    """The tensors among arguments, those in lists, too."""
    for one in args:
        if isinstance(one, Tensor):
            yield one
        elif isinstance(one, list | tuple):
            yield from tensors_in(one)
