"""Head: the rows of a head of attention in the projections to queries, keys and values, with their biases.

A pruned head outputs zero, so that method `remove` can take it out. Michel et al. (arXiv 1905.10650) prune whole heads.
Heads are found by `channels.find`; those of which the network's code holds the number stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lesion.compress.shapes.filter import grouping as grouping
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from lesion.compress.channels.sets import ChannelSet

WHOLE_UNITS = True
TIED = True
SPARES: tuple[str, ...] = ()


class Options(Settings):
    """No settings."""


def prunes(channels: ChannelSet) -> bool:
    """True for heads of attention."""
    return channels.heads
