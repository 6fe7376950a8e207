"""A mixture of experts with Switch routing: each image takes one of several layers (Fedus et al., arXiv 2101.03961).

It has more weights than the plain network and computes as much, plus the router: ephemeral sparsity, since an image
meets a part of the weights. See `compress/runtime/experts.py` for the layer, and for what happens to images for which
an expert has no room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from lesion.compress import plain
from lesion.compress.training import Passive
from lesion.params.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor, nn

    from lesion.compress.probe import Sampler
    from lesion.compress.runtime.experts import Switch

KIND = "trained"
FLOAT_MEMBERS = False


class Options(Settings):
    """How many experts there are, and which layer they replace.

    `capacity`: room of an expert in training, as a multiple of an even share of the images (1 to 1.25 in the paper);
    `layer`: name of a convolution or a linear layer, null for the last hidden one; `balance`: factor of the loss that
    keeps the load even (0.01 in the paper).
    """

    experts: int = Field(ge=2)
    capacity: float = Field(default=1.25, gt=0)
    layer: str | None = None
    balance: float = Field(default=0.01, ge=0)


def _switched(model: nn.Module, options: Options, image: Tensor) -> Switch:
    from lesion.compress.runtime.experts import last_hidden, switched

    name = last_hidden(model, image) if options.layer is None else options.layer
    return switched(model, name, experts=options.experts, capacity=options.capacity)


def restorer(model: nn.Module, options: Options, example: Tensor) -> Callable[[Mapping[str, Tensor]], nn.Module]:
    """Return a function: stored tensors -> `model` with experts and these weights, valid until the next call.

    Raises
    ------
    InputError
        Where the layer cannot be replaced, or, of the function, the tensors are of another network.
    """
    _switched(model, options, example)
    return plain.restorer(model, options, example)


class Training(Passive):
    """Trains experts and router with the network. The arguments are those of `prune.Training`."""

    def __init__(
        self,
        model: nn.Module,
        options: Options,
        *,
        steps: int,  # noqa: ARG002
        sample: Sampler,
        examples: int,  # noqa: ARG002
        seed: int,
    ) -> None:
        from lesion.compress.runtime.seeded import drawing

        image, _ = next(iter(sample(1, seed)))
        with drawing(seed, "experts"):
            self._switch = _switched(model, options, image)
        self._options = options

    def batch_loss(self, logits: Tensor, label: Tensor) -> Tensor:  # noqa: ARG002
        """The loss that keeps the load of the experts even (`experts.balance`), times the option `balance`."""
        from lesion.compress.runtime.experts import balance

        assert self._switch.routing is not None
        return self._options.balance * balance(self._switch.routing)

    def finish(self) -> None:
        """Leave the experts in the network."""
        self._switch.forget()
