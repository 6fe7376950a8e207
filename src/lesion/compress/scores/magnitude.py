"""Magnitude: small weights matter least (Han et al. 2015, arXiv 1506.02626)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.params.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor


class Options(Settings):
    """No settings."""


def score(weight: Tensor) -> Tensor:
    """Absolute value of each weight. Any shape, same shape back."""
    return weight.abs()
