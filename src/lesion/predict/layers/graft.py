"""Takes single layers of a compressed network into the network that it was made of, and the other way round.

One compression then serves all layers: what the method computed for a layer, its weight, bias, scales and what it does
to the input, lies in the layer's module and goes with it. Batch norms that read the layer alone go with it too: int8
folds them into the layer. This is what `keep` gives wherever a method compresses each layer by itself. A method that
shares out its sparsity over all layers, or makes up in later layers for earlier ones, compresses a layer otherwise when
the others are kept; here the layer stays as it is in the compressed network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lesion.compress.masks import prunable
from lesion.compress.units import Producers
from lesion.errors import InputError


@dataclass(frozen=True)
class Layer:
    """A layer that compression changes.

    Attributes
    ----------
    name : its path in the network; a layer inside it (attention's projection) belongs to it
    names : the paths of all layers in it, itself first, for `keep`
    norms : paths of batch norms that read this layer alone
    weights : number of its prunable weights
    """

    name: str
    names: tuple[str, ...]
    norms: tuple[str, ...]
    weights: int

    @property
    def paths(self) -> tuple[str, ...]:
        """The modules that go with it, in the order in which they run."""
        return (self.name, *self.norms)


def changed_layers(parent: nn.Module, compressed: nn.Module, inputs: Tensor) -> list[Layer]:
    """The layers of `parent` that differ in `compressed`, in the order in which they run.

    Parameters
    ----------
    inputs : one normalised image or more, to find that order and the batch norms

    Raises
    ------
    InputError
        If the compressed network has other modules, or no layer differs.
    """
    numbers = {name: module.get_parameter(attribute).numel() for name, module, attribute in prunable(parent)}
    names = list(dict.fromkeys(name.rpartition(".")[0] for name in numbers))
    outer = [name for name in names if not any(name.startswith(f"{other}.") for other in names if other != name)]
    there = dict(compressed.named_modules())
    for name in outer:
        if name not in there:
            raise InputError(f"layers: the compressed network has no layer {name}, so layers cannot be exchanged")
    changed = [name for name in outer if differs(parent.get_submodule(name), there[name])]
    if not changed:
        raise InputError("layers: no layer differs from the network that the variant was made of")
    order, norms = _run_order(parent, outer, inputs)
    return [
        Layer(
            name=name,
            names=(name, *(inner for inner in names if inner.startswith(f"{name}."))),
            norms=tuple(norm for norm in norms[name] if differs(parent.get_submodule(norm), there[norm])),
            weights=sum(count for weight, count in numbers.items() if _inside(weight, name)),
        )
        for name in sorted(changed, key=lambda name: order.get(name, len(order)))
    ]


def differs(one: nn.Module, other: nn.Module) -> bool:
    """Whether two modules compute otherwise: by class, hooks, parameters or buffers."""
    if type(one) is not type(other) or len(one._forward_pre_hooks) != len(other._forward_pre_hooks):
        return True
    own, its = ({**dict(it.named_parameters()), **dict(it.named_buffers())} for it in (one, other))
    return own.keys() != its.keys() or any(not _same(own[name], its[name]) for name in own)


def _same(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and one.dtype == other.dtype and torch.equal(one, other)


def _inside(weight: str, layer: str) -> bool:
    return not layer or weight.startswith(f"{layer}.")


def _run_order(
    network: nn.Module, layers: Iterable[str], inputs: Tensor
) -> tuple[dict[str, int], dict[str, list[str]]]:
    """Place in the forward pass of each layer that is called; and the batch norms that read each layer alone."""
    producers = Producers()
    order: dict[str, int] = {}
    norms: dict[str, list[str]] = {name: [] for name in layers}
    read: dict[str, set[str | None]] = {}

    def ran(name: str, output: object) -> None:
        order.setdefault(name, len(order))
        if isinstance(output, Tensor):
            producers.add(output, name)

    handles = [
        network.get_submodule(name).register_forward_hook(lambda _, __, output, name=name: ran(name, output))
        for name in norms
    ]
    handles += [
        module.register_forward_pre_hook(
            lambda _, given, name=name: read.setdefault(name, set()).add(producers.producer(given[0]))
        )
        for name, module in network.named_modules()
        if isinstance(module, nn.modules.batchnorm._BatchNorm)
    ]
    try:
        with torch.no_grad():
            network(inputs)
    finally:
        for handle in handles:
            handle.remove()
    for norm, sources in read.items():
        [source, *others] = sources
        if source is not None and not others:
            norms[source].append(norm)
    return order, norms


@contextmanager
def exchanged(network: nn.Module, modules: Mapping[str, nn.Module]) -> Iterator[None]:
    """Inside the block the network has these modules, by path, in place of its own, wherever it uses those."""
    own = {network.get_submodule(path): module for path, module in modules.items()}
    places = [(path, held) for path, held in network.named_modules(remove_duplicate=False) if held in own]
    for path, held in places:
        network.set_submodule(path, own[held])
    try:
        yield
    finally:
        for path, held in places:
            network.set_submodule(path, held)
