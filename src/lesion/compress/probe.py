"""What a score may look at: the weights, and the network's loss on some training images."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from lesion.compress.masks import MaskedNetwork
from lesion.seeds import derive_seed

Batch = tuple[Tensor, Tensor]
Sample = Callable[[int, int], Iterable[Batch]]
"""Count and seed -> batches of as many training images, float32 (n, c, h, w), and labels, int64 (n,)."""


class Probe:
    """A network in training, looked at before a step; nothing of it is changed by looking.

    What is drawn at random depends on the seed and the step alone, so that a resumed training draws the same.

    Attributes
    ----------
    network : the masks and the weights under them
    step : the step that comes next
    """

    def __init__(self, network: MaskedNetwork, sample: Sample, *, seed: int) -> None:
        self.network, self.step = network, 0
        self._sample, self._seed = sample, seed

    @property
    def model(self) -> nn.Module:
        """The network itself."""
        return self.network.model

    def seed(self, purpose: str) -> int:
        """Of one use of randomness at this step."""
        return derive_seed(self._seed, purpose, self.step)

    def generator(self, purpose: str) -> torch.Generator:
        """A generator, on the CPU, for one use of randomness at this step."""
        return torch.Generator().manual_seed(self.seed(purpose))

    def batches(self, images: int) -> Iterable[Batch]:
        """As many training images, balanced over the classes."""
        return self._sample(images, self.seed("images"))

    def loss(self, batch: Batch) -> Tensor:
        """Mean cross-entropy of a batch, in nats, in full precision."""
        inputs, label = batch
        return functional.cross_entropy(self.model(inputs), label)

    @contextmanager
    def looking(self, *, training: bool) -> Iterator[None]:
        """While the block runs, the network is in training mode or not, and afterwards as it was, statistics too."""
        was, statistics = self.model.training, {name: value.clone() for name, value in self.model.named_buffers()}
        self.model.train(training)
        try:
            with torch.random.fork_rng():
                torch.manual_seed(self.seed("dropout"))
                yield
        finally:
            self.model.train(was)
            for name, value in self.model.named_buffers():
                value.copy_(statistics[name])
