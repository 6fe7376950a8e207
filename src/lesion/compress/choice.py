"""Chooses what is pruned, by a score, a mask shape and an allocation."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from lesion import plugins
from lesion.compress.contracts import Allocation, CompensatingScore, ConstantScore, MeasuringScore, Score, Shape
from lesion.compress.grouping import Grouping, Groups
from lesion.compress.masks import keep_largest, prunable
from lesion.compress.probe import Probe
from lesion.compress.units import layers_with_units
from lesion.errors import InputError
from lesion.plugins import Named

if TYPE_CHECKING:
    from lesion.compress.contracts import Measured


log = logging.getLogger(__name__)

STEPS = (1.0, 0.5, 0.25, 0.125, 0.0)
"""Shares of an update to try, the largest first."""


@dataclass(frozen=True)
class Saliency:
    """The saliency of the weights by one score.

    Attributes
    ----------
    score, options : the score's module and its settings
    values : saliency by weight name, in the shape of the weight; a weight that the score cannot rank is missing
    measured : what the score measured
    """

    score: Score
    options: Any
    values: dict[str, Tensor]
    measured: Measured

    def measured_of(self, name: str) -> dict[str, Tensor]:
        """What was measured of one weight, by argument of the formula."""
        return {key: tensors[name] for key, tensors in self.measured.items()}


def compute_saliency(part: Named, probe: Probe) -> Saliency:
    """The saliency of the weights under the masks, by the score that `part` names.

    Raises
    ------
    InputError
        If a saliency is not finite.
    """
    score: Score
    score, options = plugins.component("score", part, where="variant.score")
    measured = score.measure(probe, options) if isinstance(score, MeasuringScore) else {}
    values = {
        name: score.score(weight, **{key: tensors[name] for key, tensors in measured.items()})
        for name, weight in probe.network.weights().items()
        if all(name in tensors for tensors in measured.values())
    }
    for name, saliency in values.items():
        if not torch.isfinite(saliency).all():
            called = plugins.name_of(part, where="variant.score", kind="score")
            raise InputError(f"score {called}: the saliency of {name} is not finite before step {probe.step}")
    return Saliency(score, options, values, measured)


class Choice:
    """Chooses masks for a network. Layers that the mask shape spares or does not divide stay dense.

    Raises
    ------
    InputError
        If the mask shape fits no layer.
    """

    def __init__(self, probe: Probe, *, score: Named, shape: Named, allocation: Named) -> None:
        self._probe, self._score = probe, score
        self._allocation: Allocation
        self._allocation, self._allocation_options = plugins.component(
            "allocation", allocation, where="variant.allocation"
        )
        module: Shape
        module, options = plugins.component("shape", shape, where="variant.shape")
        weights = probe.network.weights()
        names = [name for name, _, _ in prunable(probe.model)]
        spared = {names[{"first": 0, "last": -1}[place]] for place in module.SPARES}
        layers = layers_with_units(probe.model) if module.WHOLE_UNITS else weights
        found = {
            name: module.grouping(weights[name].shape, options)
            for name in layers
            if name in weights and name not in spared
        }
        self._groupings: dict[str, Grouping] = {
            name: grouping for name, grouping in found.items() if grouping is not None
        }
        if not self._groupings:
            raise InputError(f"shape {shape!r} fits no layer of this network")

    def _by_group(self, saliency: Saliency) -> dict[str, Tensor]:
        """The mean saliency of each group: float (rows, groups), by weight name."""
        return {
            name: self._groupings[name].split(values).mean(dim=2)
            for name, values in saliency.values.items()
            if name in self._groupings
        }

    def group_saliency(self, part: Named | None) -> dict[str, Tensor]:
        """The saliency of each group, float (rows, groups), by weight name. None stands for the variant's own score."""
        return self._by_group(compute_saliency(part or self._score, self._probe))

    def kept(self) -> dict[str, Tensor]:
        """The groups of which the current masks keep any weight: bool (rows, groups), by weight name."""
        masks = self._probe.network.masks()
        return {name: grouping.split(masks[name]).any(dim=2) for name, grouping in self._groupings.items()}

    def whole(self, kept: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Turn masks of groups, bool (rows, groups), into masks of weights, in the shape of each weight."""
        return {name: self._groupings[name].join(groups[:, :, None]) for name, groups in kept.items()}

    def prune(self, sparsity: float, *, monotone: bool) -> None:
        """Set masks that leave out the least salient groups. If `monotone`, pruned weights stay pruned and count."""
        found = compute_saliency(self._score, self._probe)
        saliency, kept = self._by_group(found), self.kept()
        if monotone:
            saliency = {name: groups.masked_fill(~kept[name], -float("inf")) for name, groups in saliency.items()}
        tensors = {
            name: Groups(self._groupings[name].shape, groups, self._groupings[name].size)
            for name, groups in saliency.items()
        }
        pruned = self._allocation.allocate(tensors, sparsity, self._allocation_options)
        masks = self.whole({name: keep_largest(groups, pruned[name]) for name, groups in saliency.items()})
        before = self._probe.network.masks()
        if monotone:  # a parent may have zeros within the groups that are kept
            masks = {name: mask & before[name] for name, mask in masks.items()}
        self._probe.network.set(masks)
        self._compensate(found, before, masks)

    def _compensate(self, found: Saliency, before: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> None:
        """Apply the score's `compensate` and `constants`, if it has them."""
        network, score = self._probe.network, found.score
        if isinstance(score, CompensatingScore):
            weights = {name: network.weights()[name] for name in masks}
            alone = {name: weights[name] * mask for name, mask in masks.items()}
            for name, mask in masks.items():
                given = weights[name] * before[name]
                weights[name].copy_(score.compensate(given, mask, found.options, **found.measured_of(name)))
            if score.LOWERS_LOSS:
                self._shorten(weights, alone, found.options.images)
        if isinstance(score, ConstantScore):
            network.replace({name: score.constants(**found.measured_of(name)) for name in masks})

    def _shorten(self, weights: Mapping[str, Tensor], alone: Mapping[str, Tensor], images: int) -> None:
        """Shorten the step from `alone` to `weights`, in place, until it does not raise the loss on `images` images."""
        whole = {name: weight.clone() for name, weight in weights.items()}
        for name, weight in weights.items():
            weight.copy_(alone[name])
        limit = self._probe.mean_loss(images)
        for share in STEPS:
            for name, weight in weights.items():
                weight.copy_(whole[name] if share == 1 else torch.lerp(alone[name], whole[name], share))
            if share == 0 or self._probe.mean_loss(images) <= limit:
                break
        if share < 1:
            log.warning(
                "the update of the kept weights raises the loss on the %d images that it was computed from; %s of it is"
                " applied: more images or more damping may help", images, share
            )  # fmt: skip
