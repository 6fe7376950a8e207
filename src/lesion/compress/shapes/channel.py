"""Channel: what computes a channel in all layers that contribute to it, with its biases and batch-norm entries.

Channels that meet in a sum or a product, or that a depthwise convolution computes one from the other, are pruned
together: the saliency of a channel is the sum over its rows in all these weights of the mean saliency of a row. So the
channel is zero wherever it is read, and method `remove` can take it out.
"""

from __future__ import annotations

from lesion.compress.shapes.filter import grouping as grouping
from lesion.params.settings import Settings

WHOLE_UNITS = True
TIED = True
SPARES: tuple[str, ...] = ()  # what the network outputs is no channel that can leave


class Options(Settings):
    """No settings."""
