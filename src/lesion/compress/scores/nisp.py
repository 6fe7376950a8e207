"""NISP: units that the last features depend on least matter least (Yu et al., arXiv 1711.05908).

The features that the last layer reads are ranked by infinite feature selection. `compress.measurements.importance` says
how their importance comes to the other layers. The paper prunes the same share of each layer (allocation `uniform`):
scores of different layers differ by orders of magnitude.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from lesion.errors import InputError
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.probe import Probe


class Options(Settings):
    """Number of training images, and how the features that the last layer reads are ranked.

    `last`: `inf-fs` as in the paper; `magnitude` by the sum of the absolute weights with which the last layer reads
    them; `uniform` for all alike. Only `inf-fs` looks at more than two images.
    """

    images: int = Field(ge=2)
    last: Literal["inf-fs", "magnitude", "uniform"] = "inf-fs"


def measure(probe: Probe, options: Options) -> dict[str, dict[str, Tensor]]:
    """Importance of the units of all layers but the last, float64 (units,), in evaluation mode.

    Raises
    ------
    InputError
        If the last layer does not read a row of features, or importance depends on the image, as through attention,
        layer norms and products of activations.
    """
    import torch

    from lesion.compress.measurements.importance import last_features, propagate
    from lesion.compress.units import layers_with_units, probed_units

    units = probed_units(probe)
    with torch.no_grad(), probe.in_mode(training=False):
        batches = [inputs for inputs, _ in probe.batches(options.images if options.last == "inf-fs" else 2)]
        found = [last_features(probe.model, inputs) for inputs in batches]
        features = torch.cat([read for _, read in found])
        if features.dim() != 2:
            raise InputError("score nisp: the last layer reads no row of features, but one for each position")
        last = layers_with_units(probe.model)[found[-1][0]]
        importance = _rank(options, features, last)
        images = torch.cat(batches)[:2]
        first, second = (propagate(probe.model, units, image[None], importance) for image in images)
    for name, scores in first.items():
        if not torch.allclose(scores, second[name], rtol=1e-6):
            raise InputError(
                f"score nisp: the importance of {name} depends on the image; it propagates through linear layers,"
                " batch norms, sums and pooling alone"
            )
    return {"importance": first}


def _rank(options: Options, features: Tensor, last: Any) -> Tensor:
    """Importance of the features, float64 (f,), with the sum 1."""
    import torch

    from lesion.compress.measurements.feature_ranking import inf_fs

    if options.last == "inf-fs":
        found = inf_fs(features)
    elif options.last == "magnitude":
        found = last.weight.detach().abs().double().sum(dim=0).cpu()
    else:
        found = torch.ones(features.shape[1], dtype=torch.float64)
    return found / found.sum()


def score(weight: Tensor, *, importance: Tensor) -> Tensor:
    """The unit's importance, for all of its weights, float64."""
    from lesion.compress.units import over_weights

    return over_weights(importance.to(weight.device), weight)
