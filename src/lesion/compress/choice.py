"""Chooses what is pruned, by a score, a mask shape and an allocation."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from lesion import plugins
from lesion.compress.contracts import (
    Allocation,
    CompensatingScore,
    ConstantScore,
    MeasuringScore,
    Score,
    SearchingAllocation,
    Shape,
)
from lesion.compress.masks import keep_largest
from lesion.compress.partition import partition
from lesion.compress.probe import Probe
from lesion.compress.search.counts import find_counts
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
        self._allocation: Allocation | SearchingAllocation
        self._allocation, self._allocation_options = plugins.component(
            "allocation", allocation, where="variant.allocation"
        )
        module: Shape
        module, _ = plugins.component("shape", shape, where="variant.shape")
        self._whole_units = module.WHOLE_UNITS
        self._partition = partition(probe.network, shape)

    def group_saliency(self, part: Named | None) -> dict[str, Tensor]:
        """The saliency of each group, float (rows, groups), by block. None stands for the variant's own score."""
        return self._partition.saliency(compute_saliency(part or self._score, self._probe).values)

    def kept(self) -> dict[str, Tensor]:
        """The groups of which the current masks keep any weight: bool (rows, groups), by block."""
        return self._partition.kept(self._probe.network.masks())

    def whole(self, groups: Mapping[str, Tensor], *, rest: bool = True) -> dict[str, Tensor]:
        """Turn masks of groups, bool (rows, groups) by block, into masks of weights; `rest` for weights in no group."""
        return self._partition.whole(groups, rest=rest)

    def prune(self, sparsity: float, *, monotone: bool) -> None:
        """Set masks that leave out the least salient groups. If `monotone`, pruned weights stay pruned and count."""
        found = compute_saliency(self._score, self._probe)
        saliency, kept = self._partition.saliency(found.values), self.kept()
        if monotone:
            saliency = {name: groups.masked_fill(~kept[name], -float("inf")) for name, groups in saliency.items()}
        before = self._probe.network.masks()

        def masks_of(counts: Mapping[str, int]) -> dict[str, Tensor]:
            masks = self.whole({name: keep_largest(saliency[name], count) for name, count in counts.items()})
            # A parent may have zeros within the groups that are kept.
            return {name: mask & before[name] for name, mask in masks.items()} if monotone else masks

        self._replace(found, masks_of(dict.fromkeys(saliency, 0)))
        pruned = find_counts(
            self._allocation, self._allocation_options, self._partition.groups(saliency), sparsity,
            probe=self._probe, masks_of=masks_of, whole_units=self._whole_units,
        )  # fmt: skip
        masks = masks_of(pruned)
        self._probe.network.set(masks)
        self._compensate(found, before, masks)

    def _replace(self, found: Saliency, names: Iterable[str]) -> None:
        """Set the constant outputs of pruned units by the score's `constants`, if it has them."""
        score = found.score
        if isinstance(score, ConstantScore):
            ranked = [name for name in names if name in found.values]
            self._probe.network.replace({name: score.constants(**found.measured_of(name)) for name in ranked})

    def _compensate(self, found: Saliency, before: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> None:
        """Apply the score's `compensate`, if it has one."""
        network, score = self._probe.network, found.score
        masks = {name: mask for name, mask in masks.items() if name in found.values}
        if isinstance(score, CompensatingScore):
            weights = {name: network.weights()[name] for name in masks}
            alone = {name: weights[name] * mask for name, mask in masks.items()}
            for name, mask in masks.items():
                given = weights[name] * before[name]
                weights[name].copy_(score.compensate(given, mask, found.options, **found.measured_of(name)))
            if score.LOWERS_LOSS:
                self._shorten(weights, alone, found.options.images)

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
