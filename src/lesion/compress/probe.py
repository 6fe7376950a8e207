"""What a score may measure: the weights, and the network's loss on some training images."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from lesion.compress.masks import MaskedNetwork
from lesion.data.sample import Batch as Batch
from lesion.errors import InputError
from lesion.seeds import derive_seed

Sampler = Callable[[int, int], Iterable[Batch]]
"""Count and seed -> batches with that many training images in all. A larger draw by the same seed begins with them."""


class Probe:
    """Measures a network before a training step, without changing it.

    Random draws depend on the seed and the step alone, so that a resumed training draws the same.

    Attributes
    ----------
    network : the network with its masks
    step : the step that comes next
    trains : whether the network trains after the measurement; if not, scores measure it in evaluation mode
    """

    def __init__(self, network: MaskedNetwork, sample: Sampler, *, seed: int, trains: bool = True) -> None:
        self.network, self.step, self.trains = network, 0, trains
        self._sample, self._seed, self._shown = sample, seed, 0

    @property
    def model(self) -> nn.Module:
        """The network itself."""
        return self.network.model

    def seed(self, purpose: str) -> int:
        """Seed for one use of randomness at this step."""
        return derive_seed(self._seed, purpose, self.step)

    def generator(self, purpose: str) -> torch.Generator:
        """A generator, on the CPU, for one use of randomness at this step."""
        return torch.Generator().manual_seed(self.seed(purpose))

    def batches(self, images: int) -> Iterable[Batch]:
        """Batches of training images balanced over the classes, `images` in all."""
        self._shown = max(self._shown, images)
        return self._sample(images, self.seed("images"))

    def held_out(self, images: int) -> Batch:
        """`images` training images that no `batches` have held before this step.

        Raises
        ------
        InputError
            If there are not enough.
        """
        inputs, labels = zip(*self._sample(self._shown + images, self.seed("images")), strict=True)
        found = torch.cat(inputs)[self._shown :], torch.cat(labels)[self._shown :]
        if len(found[1]) < images:
            raise InputError(
                f"{images} held-out images are asked for beside the {self._shown} that are looked at, there are"
                f" {len(found[1])}"
            )
        return found

    def loss(self, batch: Batch) -> Tensor:
        """Mean cross-entropy of a batch in nats, in full precision."""
        inputs, label = batch
        return functional.cross_entropy(self.model(inputs), label)

    def mean_loss(self, images: int) -> float:
        """Mean cross-entropy over `images` images in evaluation mode, in nats."""
        total, count = 0.0, 0
        with torch.no_grad(), self.in_mode(training=False):
            for batch in self.batches(images):
                total += float(self.loss(batch)) * len(batch[1])
                count += len(batch[1])
        return total / count

    @contextmanager
    def in_mode(self, *, training: bool) -> Iterator[None]:
        """Inside the block the network is in training or evaluation mode. Then its mode and buffers are restored."""
        was, buffers = self.model.training, {name: value.clone() for name, value in self.model.named_buffers()}
        self.model.train(training)
        try:
            with torch.random.fork_rng():
                torch.manual_seed(self.seed("dropout"))
                yield
        finally:
            self.model.train(was)
            for name, value in self.model.named_buffers():
                value.copy_(buffers[name])
