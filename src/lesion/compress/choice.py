"""Which weights are pruned: a score, a mask shape and an allocation, put together."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from lesion import plugins
from lesion.compress.layout import Candidates, Layout
from lesion.compress.masks import keep_largest
from lesion.compress.probe import Probe
from lesion.compress.units import layers_with_units
from lesion.errors import InputError
from lesion.plugins import Named


@dataclass(frozen=True)
class Scored:
    """The saliency of each weight that has one, by name of its tensor, and what it was computed from."""

    module: ModuleType
    options: Any
    saliency: dict[str, Tensor]
    measured: dict[str, dict[str, Tensor]]

    def measured_of(self, name: str) -> dict[str, Tensor]:
        """What was measured of one tensor, by the name that the formula has for it."""
        return {key: values[name] for key, values in self.measured.items()}


def score(part: Named, probe: Probe) -> Scored:
    """Score the weights as they are under the masks; InputError where a saliency is not finite."""
    module, options = plugins.component("score", part, where="variant.score")
    measured = module.measure(probe, options) if hasattr(module, "measure") else {}
    saliency = {
        weight: module.score(value, **{key: values[weight] for key, values in measured.items()})
        for weight, value in probe.network.weights().items()
        if all(weight in values for values in measured.values())
    }
    for weight, values in saliency.items():
        if not torch.isfinite(values).all():
            raise InputError(f"{module.__name__}: the saliency of {weight} is not finite before step {probe.step}")
    return Scored(module, options, saliency, measured)


class Choice:
    """Chooses among the weights of a network; what the mask shape spares or does not divide is no candidate."""

    def __init__(self, probe: Probe, *, score: Named, shape: Named, allocation: Named) -> None:
        self._probe, self._score = probe, score
        self._allocation, self._allocation_options = plugins.component(
            "allocation", allocation, where="variant.allocation"
        )
        module, options = plugins.component("shape", shape, where="variant.shape")
        weights = probe.network.weights()
        spared = {list(weights)[{"first": 0, "last": -1}[place]] for place in getattr(module, "SPARES", ())}
        fitting = layers_with_units(probe.model) if getattr(module, "WHOLE_UNITS", False) else weights
        layouts = {name: module.layout(weights[name].shape, options) for name in fitting if name not in spared}
        self._layouts: dict[str, Layout] = {name: layout for name, layout in layouts.items() if layout is not None}
        if not self._layouts:
            raise InputError(f"shape {shape!r} fits no layer of this network")

    def groups(self, scored: Scored) -> dict[str, Tensor]:
        """The mean saliency of each group: float (rows, groups), by name."""
        return {
            name: self._layouts[name].split(saliency).mean(dim=2)
            for name, saliency in scored.saliency.items()
            if name in self._layouts
        }

    def scored(self, part: Named | None) -> dict[str, Tensor]:
        """The saliency of each group by a score, the variant's own for None."""
        return self.groups(score(part or self._score, self._probe))

    def kept(self) -> dict[str, Tensor]:
        """Which groups the masks in force keep: bool (rows, groups), by name."""
        masks = self._probe.network.masks()
        return {name: layout.split(masks[name])[:, :, 0] for name, layout in self._layouts.items()}

    def whole(self, kept: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Masks of the weights from those of the groups."""
        return {name: self._layouts[name].join(groups[:, :, None]) for name, groups in kept.items()}

    def prune(self, sparsity: float, *, monotone: bool) -> None:
        """Put the masks in force that leave out the least salient groups; what is out stays out where `monotone`."""
        scored = score(self._score, self._probe)
        saliency, kept = self.groups(scored), self.kept()
        if monotone:
            saliency = {name: groups.masked_fill(~kept[name], -float("inf")) for name, groups in saliency.items()}
        candidates = {
            name: Candidates(self._layouts[name].shape, groups, self._layouts[name].members)
            for name, groups in saliency.items()
        }
        pruned = self._allocation.allocate(candidates, sparsity, self._allocation_options)
        masks = self.whole({name: keep_largest(groups, pruned[name]) for name, groups in saliency.items()})
        before = self._probe.network.masks()
        self._probe.network.set(masks)
        self._make_good(scored, before, masks)

    def _make_good(self, scored: Scored, before: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> None:
        """Let the score, where it knows how, make good what the masks take away from the weights that were kept."""
        network, module = self._probe.network, scored.module
        if hasattr(module, "compensate"):
            parameters = network.parameters()
            for name, mask in masks.items():
                weight = parameters[name].detach()
                weight.copy_(module.compensate(weight * before[name], mask, scored.options, **scored.measured_of(name)))
        if hasattr(module, "constants"):
            network.replace({name: module.constants(**scored.measured_of(name)) for name in masks})
