"""Runs a network again and again with one module changed; what runs before that module is computed once a batch.

A network is cut into parts: modules that hold few layers each. While a batch is recorded, each call of a part leaves a
copy of its output. When the batch is run again, calls before the first call of the changed part return copies of these,
and all calls from there on are computed. Memory holds the outputs of the parts for one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from lesion.compress.masks import prunable

LAYERS_OF_A_PART = 4
"""The most layers in a part that has children. With fewer, more outputs are held; with more, more is computed twice."""


class CacheError(Exception):
    """The calls of a network differ from those that were recorded."""


def parts(network: nn.Module, inputs: Tensor) -> dict[str, nn.Module]:
    """The parts of a network by path: modules that it calls, none inside another, with few layers each.

    A module that is not called (a list, or one whose weights others read) is cut further, and so is the network itself.
    """
    called = _called(network, inputs)
    layers = [path for path in (name.rpartition(".")[0] for name, _, _ in prunable(network)) if path]
    found: dict[str, nn.Module] = {}

    def cut(path: str, module: nn.Module) -> None:
        for name, child in module.named_children():
            inner = f"{path}.{name}".lstrip(".")
            held = sum(layer == inner or layer.startswith(f"{inner}.") for layer in layers)
            small = held <= LAYERS_OF_A_PART or not any(True for _ in child.children())
            if child in called and small:
                found[inner] = child
            else:
                cut(inner, child)

    cut("", network)
    return found


def _called(network: nn.Module, inputs: Tensor) -> set[nn.Module]:
    called: set[nn.Module] = set()
    handles = [module.register_forward_pre_hook(lambda own, _: called.add(own)) for module in network.modules()]
    try:
        with torch.no_grad():
            network(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return called


class CachedNetwork:
    """A network whose parts remember their outputs for one batch. In evaluation mode, without gradients.

    A part that changes its input in place, or returns its input or a view of it, is always computed: a copy of its
    output would not do the same to others.

    Parameters
    ----------
    inputs : a few images, to find the parts
    """

    def __init__(self, network: nn.Module, inputs: Tensor) -> None:
        self.network = network
        self._parts = {part: set(part.modules()) for part in parts(network, inputs).values()}
        self._calls: list[tuple[nn.Module, Any]] = []  # part, copy of its output; None: is computed each time
        self._return = self._place = 0  # how many calls return copies in this run, and how many have been made
        self._recording = self._inside = False

    def first_call(self, modules: Iterable[nn.Module]) -> int:
        """How many calls come before the first one of a part that has one of these modules of the network in it.

        0 if one of them lies in no part that was called.
        """
        first = []
        for module in modules:
            own = set(module.modules())
            holders = {part for part, held in self._parts.items() if module in held or part in own}
            first.append(next((place for place, (part, _) in enumerate(self._calls) if part in holders), 0))
        return min(first)

    @contextmanager
    def remembering(self) -> Iterator[None]:
        """Inside the block the parts remember."""
        for part in self._parts:
            part.forward = self._wrapped(part, part.forward)
        try:
            yield
        finally:
            for part in self._parts:
                del part.forward
            self._calls = []

    def record(self, inputs: Tensor) -> Tensor:
        """The network's output for a batch, whose outputs of parts are remembered until the next one."""
        self._calls, self._return, self._recording = [], 0, True
        try:
            return self._run(inputs)
        finally:
            self._recording = False

    def again(self, inputs: Tensor, first: int) -> Tensor:
        """The output for the batch that was recorded, computed from call number `first` on.

        Raises
        ------
        CacheError
            If other parts are called than were recorded.
        """
        self._return = first
        return self._run(inputs)

    @torch.no_grad()
    def _run(self, inputs: Tensor) -> Tensor:
        self._place = 0
        output: Tensor = self.network(inputs)
        return output

    def _wrapped(self, part: nn.Module, compute: Callable[..., Any]) -> Callable[..., Any]:
        def forward(*args: Any, **kwargs: Any) -> Any:
            if self._inside:  # a module that is shared with another part, and called by that
                return compute(*args, **kwargs)
            if not self._recording and self._place >= self._return:
                return compute(*args, **kwargs)
            self._inside = True
            try:
                return (
                    self._recorded(part, compute, args, kwargs)
                    if self._recording
                    else self._remembered(part, compute, args, kwargs)
                )
            finally:
                self._inside = False

        return forward

    def _recorded(self, part: nn.Module, compute: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        given = list(_tensors((args, kwargs)))
        versions = [tensor._version for tensor in given]
        output = compute(*args, **kwargs)
        made = list(_tensors(output))
        own = {tensor.untyped_storage().data_ptr() for tensor in made}
        shares = any(tensor.untyped_storage().data_ptr() in own for tensor in given)
        changed = any(tensor._version != before for tensor, before in zip(given, versions, strict=True))
        self._calls.append((part, None if shares or changed or not made else _copy(output)))
        return output

    def _remembered(self, part: nn.Module, compute: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        expected, output = self._calls[self._place]
        if part is not expected:
            raise CacheError("another part is called than was recorded")
        self._place += 1
        return compute(*args, **kwargs) if output is None else _copy(output)


def _tensors(value: Any) -> Iterator[Tensor]:
    """The tensors in a value that a module takes or returns: nested tuples, lists and mappings."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _tensors(item)


def _copy(value: Any) -> Any:
    """The value with copies of its tensors; other objects are the same."""
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, dict):
        return type(value)((name, _copy(item)) for name, item in value.items())
    if isinstance(value, tuple | list):
        items = [_copy(item) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return value
