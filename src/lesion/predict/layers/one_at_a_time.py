"""Answers of networks with one layer exchanged at a time, batch by batch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lesion.errors import InputError
from lesion.params.recipe import Evaluation
from lesion.predict.layers.cached import CachedNetwork
from lesion.predict.layers.graft import Layer, exchanged
from lesion.train.device import autocast

log = logging.getLogger(__name__)

Predictions = npt.NDArray[np.int64]
"""The predicted class of each image, (n,)."""

CHECKED = 2
"""Images of the first batch for which every cached run is compared with the plain one."""

TOLERANCE = 1e-3
"""Largest difference of logits there, relative to the largest logit. A wrong copy changes them by far more."""


Watch = Callable[[Layer], AbstractContextManager[object]]
"""A context that is entered while a network runs with this layer exchanged."""


class Exchanges:
    """One network that is run with one layer after the other exchanged for that of another network.

    Parameters
    ----------
    network : the network, in evaluation mode
    other : where the exchanged modules come from
    layers : the layers that are exchanged, each by itself
    """

    def __init__(self, network: nn.Module, other: nn.Module, layers: Sequence[Layer], evaluation: Evaluation) -> None:
        self._network, self._layers, self._evaluation = network, layers, evaluation
        self._own = [[network.get_submodule(path) for path in layer.paths] for layer in layers]
        self._others = [{path: other.get_submodule(path) for path in layer.paths} for layer in layers]
        self._cached: CachedNetwork | None = None
        self._plain = False

    def answers(self, inputs: Tensor, watch: Watch = nullcontext) -> list[Predictions]:
        """Predictions for a batch, normalised (n, c, h, w): of the network itself, then with each layer exchanged.

        Raises
        ------
        InputError
            Names the layer with which a logit is not finite.
        """
        with torch.no_grad(), autocast(inputs.device, self._evaluation.precision):
            if self._cached is None:
                self._cached = CachedNetwork(self._network, inputs[:1])
                self._plain = not self._agree(inputs[:CHECKED])
            logits = self._plain_runs(inputs, watch) if self._plain else self._cached_runs(inputs, watch)
            return [_classes(logit, name) for logit, name in zip(logits, self._names(), strict=True)]

    def _names(self) -> list[str]:
        return ["none", *(layer.name for layer in self._layers)]

    def _plain_runs(self, inputs: Tensor, watch: Watch) -> list[Tensor]:
        found: list[Tensor] = [self._network(inputs)]
        for layer, modules in zip(self._layers, self._others, strict=True):
            with exchanged(self._network, modules), watch(layer):
                found.append(self._network(inputs))
        return found

    def _cached_runs(self, inputs: Tensor, watch: Watch) -> list[Tensor]:
        assert self._cached is not None
        with self._cached.remembering():
            found = [self._cached.record(inputs)]
            for layer, own, modules in zip(self._layers, self._own, self._others, strict=True):
                first = self._cached.first_call(own)
                with exchanged(self._network, modules), watch(layer):
                    found.append(self._cached.again(inputs, first))
        return found

    def _agree(self, inputs: Tensor) -> bool:
        """Whether cached runs give what plain ones give, whichever layer is exchanged."""
        plain = self._plain_runs(inputs, nullcontext)
        try:
            cached = self._cached_runs(inputs, nullcontext)
        except Exception:  # whatever a network raises of which parts do not run
            cached = [torch.full_like(logit, torch.inf) for logit in plain]
        same = all(
            torch.allclose(one, other, rtol=0, atol=TOLERANCE * float(other.nan_to_num().abs().max()), equal_nan=True)
            for one, other in zip(cached, plain, strict=True)
        )
        if not same:
            log.warning("layers: outputs of this network cannot be reused, so all of it is computed for each layer")
        return same


def _classes(logit: Tensor, exchanged_layer: str) -> Predictions:
    if not torch.isfinite(logit).all():
        raise InputError(f"layers: a logit is not finite (layer exchanged: {exchanged_layer})")
    return np.asarray(logit.float().argmax(dim=1).cpu().numpy())


def joined(batches: Iterable[Sequence[Predictions]]) -> list[Predictions]:
    """The predictions of all batches, in the order in which each batch lists them."""
    return [np.concatenate(found) for found in zip(*batches, strict=True)]
