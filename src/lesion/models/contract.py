"""The contract of the modules in `models/` that params.yaml names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from lesion.data.dataset import Geometry
    from lesion.data.inputs import Kind
    from lesion.params.network import Network


class ModelFamily(Protocol):
    """A family of networks for images."""

    @property
    def Options(self) -> type[Network]:  # noqa: N802
        """The module's settings."""

    def build(self, options: Any, *, channels: int, side: int, classes: int) -> nn.Module:
        """A network from (n, channels, side, side) to logits (n, classes). `options`: the module's own `Options`."""


@runtime_checkable
class PreparedFamily(Protocol):
    """A family of networks for images whose initial weights may depend on the training images."""

    def prepare(self, network: nn.Module, options: Any, images: Callable[[int], Tensor]) -> None:
        """Change the initial weights in place; draws nothing at random.

        `images`: count -> at most so many normalised training images, float32 (n, c, h, w), on the CPU as the network.
        """


class FeatureFamily(Protocol):
    """A family of networks for rows of features. Its constant `TAKES` is "features"."""

    TAKES: Kind

    @property
    def Options(self) -> type[Network]:  # noqa: N802
        """The module's settings."""

    def build(self, options: Any, *, features: int, classes: int) -> nn.Module:
        """A network from (n, features) to logits (n, classes)."""


class TextFamily(Protocol):
    """A family of networks for texts. Its constant `TAKES` is "texts"."""

    TAKES: Kind

    @property
    def Options(self) -> type[Network]:  # noqa: N802
        """The module's settings."""

    def build(self, options: Any, *, vocabulary: int, length: int, classes: int) -> nn.Module:
        """A network from int64 (n, length), numbers below `vocabulary`, 0 for padding, to logits (n, classes)."""


@dataclass(frozen=True)
class OwnInput:
    """How the publisher of weights shows images to the network.

    Attributes
    ----------
    weights : the name of the weights in the library
    mean, std : of pixels in [0, 1], red, green and blue
    geometry : which part of a file is shown, and how it is scaled
    """

    weights: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    geometry: Geometry

    @property
    def side(self) -> int:
        """Side in pixels."""
        return self.geometry.side


@runtime_checkable
class PublishedFamily(Protocol):
    """A family whose networks have published weights."""

    def own_input(self, options: Any, weights: str) -> OwnInput | None:
        """What belongs to `weights` of the network (`default`: the library's first choice); None if it has no weights.

        InputError if there are none of that name, or they need what `OwnInput` cannot say.
        """
