"""Correlation: units leave whose activation follows from those of others, and the next layer reads what follows.

NoiseOut (Babaeizadeh et al., arXiv 1611.06211) without the noise in training: of the two units whose
activations correlate most one leaves, and a line through the other takes its place. There training goes on in between.
Here it does not, so each unit that leaves is fitted at the end, on the units that stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

    from lesion.compress.merging import Layer, Merge


class Options(Settings):
    """What is measured, how units are chosen and what they are fitted on.

    `images`: number of calibration images;
    `choice`: by `correlation`, one of the pair with the largest leaves, again and again; by `error`, the unit leaves
    whose fit on those that stay is least wrong, weighted by what reads it;
    `fit`: the activation is fitted on the `best` unit that stays, or on `all` of them by least squares.
    """

    images: int = Field(ge=2)
    choice: Literal["correlation", "error"] = "correlation"
    fit: Literal["best", "all"] = "best"


def merge(layer: Layer, leaving: int, options: Options) -> Merge:
    """Choose units by the moments of their activations and fit those that leave on those that stay.

    Moments are about the mean, if a constant can be taken over (`Layer.takes_constants`), and the fit has an intercept.
    If not, they are about zero, and it has none.
    """
    from lesion.compress.merging import Merge

    moments = layer.measure(options.images)
    products = moments.covariance() if layer.takes_constants else moments.products
    reading = layer.reading.square().mean(dim=1)
    choose = _by_correlation if options.choice == "correlation" else {"best": _by_error, "all": _by_all}[options.fit]
    found = Merge.of(choose(products, reading, leaving))
    stay, leave = found.kept.nonzero().flatten(), (~found.kept).nonzero().flatten()
    slopes = (_on_all if options.fit == "all" else _on_best)(products, leave, stay)
    found.onto[leave[:, None], stay] = slopes
    if layer.takes_constants:
        found.constant[leave] = moments.mean[leave] - slopes @ moments.mean[stay]
    return found


def _explained(products: Tensor) -> Tensor:
    """What a line through unit i explains of the second moment of unit j, at [j, i]; −1 for i = j."""
    import torch

    variance = products.diagonal()
    explained = (products.square() / variance).where(variance > 0, 0.0)
    return explained.where(~torch.eye(len(products), dtype=torch.bool), -1.0)


def _by_correlation(products: Tensor, reading: Tensor, leaving: int) -> Tensor:
    """The units that stay, bool (n,), when one of the pair with the largest squared correlation leaves, and again.

    Of a pair that unit leaves whose variance counts less in what reads it. A unit that does not vary leaves first.
    """
    import torch

    variance = products.diagonal()
    squared = (_explained(products) / variance[:, None]).where((variance > 0)[:, None], 1.0)
    squared = squared.maximum(squared.T).fill_diagonal_(-1.0)
    cost, kept = reading * variance, torch.ones(len(products), dtype=torch.bool)
    for _ in range(leaving):
        pair = divmod(int(squared.argmax()), len(products))
        gone = min(pair, key=lambda unit: float(cost[unit]))
        kept[gone] = False
        squared[gone], squared[:, gone] = -1.0, -1.0
    return kept


def _by_error(products: Tensor, reading: Tensor, leaving: int) -> Tensor:
    """The units that stay when the one leaves whose best line through another is least wrong, and again."""
    import torch

    explained, variance = _explained(products), products.diagonal()
    kept = torch.ones(len(products), dtype=torch.bool)
    for _ in range(leaving):
        cost = reading * (variance - explained.amax(dim=1))
        gone = int(cost.where(kept, torch.inf).argmin())
        kept[gone], explained[:, gone] = False, -1.0
    return kept


def _by_all(products: Tensor, reading: Tensor, leaving: int) -> Tensor:
    """The units that stay when the one leaves whose least squares fit on all others is least wrong, and again.

    The diagonal of the inverse of `products` is one over the errors; a millionth of the mean of its own diagonal is
    added to `products` before, since units may be linear combinations of others.
    """
    import torch

    damping = 1e-6 * products.diagonal().mean().clamp_min(1e-9)  # of units that never vary, too
    inverse = torch.linalg.inv(products + damping * torch.eye(len(products), dtype=products.dtype))
    kept = torch.ones(len(products), dtype=torch.bool)
    for _ in range(leaving):
        gone = int((reading / inverse.diagonal()).where(kept, torch.inf).argmin())
        kept[gone] = False
        inverse = inverse - inverse[:, [gone]] * inverse[gone] / inverse[gone, gone]  # of the others alone
    return kept


def _on_best(products: Tensor, leave: Tensor, stay: Tensor) -> Tensor:
    """The slope of the best line for each unit that leaves, at the unit that it goes through: (leaving, staying)."""
    import torch

    best = _explained(products)[leave[:, None], stay].argmax(dim=1)
    rows = torch.arange(len(leave))
    slope = products[leave, stay[best]] / products[stay[best], stay[best]]
    slopes = torch.zeros(len(leave), len(stay), dtype=products.dtype)
    slopes[rows, best] = slope.nan_to_num(0.0)  # no unit that stays varies
    return slopes


def _on_all(products: Tensor, leave: Tensor, stay: Tensor) -> Tensor:
    """The least squares of least norm: (leaving, staying)."""
    import torch

    found: Tensor = products[leave[:, None], stay] @ torch.linalg.pinv(products[stay[:, None], stay], hermitian=True)
    return found
