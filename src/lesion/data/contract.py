"""The contract of the modules in `data/sets/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from lesion.data.dataset import Dataset
    from lesion.params.settings import Settings


class DatasetModule(Protocol):
    """A data set. A constant `SELECTED = True` says that it is a natural adversarial set already."""

    @property
    def Options(self) -> type[Settings]:  # noqa: N802
        """The module's settings."""

    def load(self, options: Any) -> Dataset:
        """All examples. Their order is fixed, since the position is the `example_id`. `options`: its own `Options`."""
