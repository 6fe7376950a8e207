"""The contract of the modules in `models/` that params.yaml names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from torch import nn

    from lesion.params.settings import Settings


class ModelFamily(Protocol):
    """A family of networks."""

    @property
    def Options(self) -> type[Settings]:  # noqa: N802
        """The module's settings."""

    def build(self, options: Any, *, channels: int, side: int, classes: int) -> nn.Module:
        """A network from (n, channels, side, side) to logits (n, classes). `options`: the module's own `Options`."""
