"""Multiply-adds of each image of a batch, for networks that choose what they compute (`contracts.Chooses`)."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from lesion.compress.contracts import Chooses
from lesion.compress.multiply_adds import in_use


class Reader(NamedTuple):
    """What reads outputs of a layer, and no others.

    Attributes
    ----------
    weight : name of a weight in the network
    rows : int64 (m,), rows of the layer's weight
    columns : int64 (m, k), the columns of `weight` that read each row's output; they cost nothing where that is zero
    """

    weight: str
    rows: Tensor
    columns: Tensor


class Computed(NamedTuple):
    """What was computed with a weight, for each image of a batch.

    Attributes
    ----------
    rows : bool (n, rows), or (n, 1) for all rows alike; rows of the weight that the image was multiplied by
    positions : how often such a row is used for one image: output positions of a convolution
    readers : what reads the rows, of which the output is zero where they were not computed
    """

    rows: Tensor
    positions: int
    readers: tuple[Reader, ...] = ()


def chooses(network: nn.Module) -> bool:
    """Whether any module of a network chooses for each image what it computes."""
    return any(isinstance(module, Chooses) for module in network.modules())


class PerImage:
    """Counts the multiply-adds of a network, image by image; zero weights cost nothing, as in `compress.size`.

    Parameters
    ----------
    network : in evaluation mode
    shape, dtype : of an input: channels, height and width of an image
    """

    def __init__(self, network: nn.Module, shape: tuple[int, ...], dtype: torch.dtype = torch.float32) -> None:
        used = in_use(network, shape, dtype)
        self._modules = {path: module for path, module in network.named_modules() if isinstance(module, Chooses)}
        self._uses = {name: uses.double().cpu() for name, uses in used.uses.items()}
        self._nonzero = {  # float64 (rows, columns): the weights of each that are not zero
            name: (used.weights[name] != 0).flatten(2 if used.weights[name].dim() > 2 else 1)
            .double().reshape(*used.weights[name].shape[:2], -1).sum(dim=2).cpu()
            for name in used.uses
        }  # fmt: skip

    def of_batch(self, images: int) -> Tensor:
        """Multiply-adds of each image of the last batch that the network was shown: int64 (images,), on the CPU."""
        computed = {
            f"{path}.{name}".lstrip("."): found
            for path, module in self._modules.items()
            for name, found in module.computed().items()
        }
        columns = self._columns(computed, images)
        total = torch.zeros(images, dtype=torch.float64)
        for name, nonzero in self._nonzero.items():
            rows, times = torch.ones(images, 1, dtype=torch.float64), self._uses[name][:, None] * nonzero
            if name in computed:
                rows, times = computed[name].rows.double().cpu(), computed[name].positions * nonzero
            read = columns.get(name)
            if rows.shape[1] == 1:  # all rows alike
                by_column = times.sum(dim=0)
                total += rows[:, 0] * (by_column.sum() if read is None else read @ by_column)
            else:
                each = rows @ times
                total += (each if read is None else each * read).sum(dim=1)
        return total.round().long()

    def _columns(self, computed: dict[str, Computed], images: int) -> dict[str, Tensor]:
        """The columns of weights that read something: float64 (images, columns) by name, of those that may not."""
        found: dict[str, Tensor] = {}
        for each in computed.values():
            for name, rows, columns in each.readers:
                known = found.setdefault(name, torch.ones(images, self._nonzero[name].shape[1], dtype=torch.float64))
                live = each.rows.double().cpu()[:, rows, None].expand(-1, -1, columns.shape[1])
                known[:, columns.flatten()] *= live.flatten(1)
        return found
