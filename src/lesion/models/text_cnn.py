"""A convolutional network for texts (Kim, arXiv 1408.5882): convolutions over words, the largest value of each, a
linear layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.params.network import Network

if TYPE_CHECKING:
    from torch import nn

    from lesion.data.inputs import Kind

TAKES: Kind = "texts"


class Options(Network):
    """Length of a word's vector, channels of each convolution, and how many words each sees."""

    embedding: int = Field(gt=0)
    channels: int = Field(gt=0)
    kernels: list[int] = Field(min_length=1)


def build(options: Options, *, vocabulary: int, length: int, classes: int) -> nn.Module:  # noqa: ARG001
    """A network from int64 (n, length), numbers below `vocabulary`, 0 for padding, to logits (n, classes)."""
    import torch
    from torch import Tensor, nn

    class TextCnn(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(vocabulary, options.embedding, padding_idx=0)
            self.convolutions = nn.ModuleList(
                nn.Conv1d(options.embedding, options.channels, kernel, padding=kernel // 2)
                for kernel in options.kernels
            )
            self.linear = nn.Linear(options.channels * len(options.kernels), classes)

        def forward(self, tokens: Tensor) -> Tensor:
            vectors = self.embedding(tokens).transpose(1, 2)
            largest = [convolution(vectors).relu().amax(dim=2) for convolution in self.convolutions]
            logits: Tensor = self.linear(torch.cat(largest, dim=1))
            return logits

    return TextCnn()
