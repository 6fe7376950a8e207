"""The regression that reconstruction solves: the outputs of a layer from fewer of its input channels.

All of it is in sums over samples, so its size is that of the layer, whatever the number of samples. Sums are float64.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Problem:
    """Samples of the inputs x (d,) and of the wanted outputs y (n,) of a layer y = W x + b, as sums, in float64.

    Attributes
    ----------
    weight : W before pruning, (n, d)
    bias : b before pruning, (n,)
    channels : int64 (c, k), the k columns of W that read each of the c channels; other columns always stay
    filters : sum of the absolute weights of the filter that computes each channel, (c,)
    squares : Σ x xᵀ, (d, d)
    products : Σ x yᵀ, (d, n)
    inputs : Σ x, (d,)
    outputs : Σ y, (n,)
    energy : Σ ‖y‖²
    samples : number of samples
    free_bias : True if the layer can have a bias, which is fitted, too
    """

    weight: Tensor
    bias: Tensor
    channels: Tensor
    filters: Tensor
    squares: Tensor
    products: Tensor
    inputs: Tensor
    outputs: Tensor
    energy: float
    samples: int
    free_bias: bool

    @classmethod
    def of(
        cls,
        samples: Iterable[tuple[Tensor, Tensor]],
        *,
        weight: Tensor,
        bias: Tensor,
        channels: Tensor,
        filters: Tensor,
        free_bias: bool,
    ) -> "Problem":
        """The problem of samples in parts: x (N, d) and y (N, n) of each part."""
        n, d = weight.shape
        sums = [torch.zeros(shape, dtype=torch.float64) for shape in ((d, d), (d, n), (d,), (n,), ())]
        count = 0
        for inputs, outputs in samples:
            x, y = inputs.double(), outputs.double()
            for total, part in zip(sums, (x.T @ x, x.T @ y, x.sum(dim=0), y.sum(dim=0), y.square().sum()), strict=True):
                total += part
            count += len(x)
        squares, products, x_sum, y_sum, energy = sums
        return cls(
            weight.double(), bias.double(), channels, filters, squares, products, x_sum, y_sum, float(energy), count,
            free_bias,
        )  # fmt: skip

    def contributions(self, *, centred: bool) -> tuple[Tensor, Tensor]:
        """What channels contribute to the outputs: z_c = W_c x_c, (n,) a sample. Returns Σ z_c·z_e and Σ z_c·y.

        Here y is less what the other columns contribute. centred: of deviations from the mean over samples, as if each
        output had a constant of its own; else of the values themselves, with y − b for y.

        Returns
        -------
        (c, c) and (c,)
        """
        squares, products = self._moments(centred=centred)
        gram = squares * (self.weight.T @ self.weight)
        cross = (products * self.weight.T).sum(dim=1) - gram[:, self._others()].sum(dim=1)
        by_channel = gram[:, self.channels].sum(dim=2)  # (d, c)
        return by_channel[self.channels].sum(dim=1), cross[self.channels].sum(dim=1)

    def _others(self) -> Tensor:
        """The columns that read no channel of the set: bool (d,)."""
        others = torch.ones(self.weight.shape[1], dtype=torch.bool)
        others[self.channels] = False
        return others

    def _moments(self, *, centred: bool) -> tuple[Tensor, Tensor]:
        if centred:
            mean = self.inputs / self.samples
            return self.squares - torch.outer(mean, self.inputs), self.products - torch.outer(mean, self.outputs)
        return self.squares, self.products - torch.outer(self.inputs, self.bias)

    def refit(self, kept: Tensor) -> tuple[Tensor, Tensor]:
        """Least squares of y on the kept channels. kept: bool (c,).

        Where several weights fit equally well, as with fewer samples than weights, those nearest to W.

        Returns
        -------
        weight (n, d), zero in the columns of removed channels, and bias (n,), as it is without `free_bias`
        """
        columns = self._others()
        columns[self.channels[kept]] = True
        squares, products = self._moments(centred=self.free_bias)
        squares, start = squares[columns][:, columns], self.weight[:, columns]
        change = solve(squares, products[columns] - squares @ start.T).T
        weight = torch.zeros_like(self.weight)
        weight[:, columns] = start + change
        bias = (self.outputs - weight @ self.inputs) / self.samples if self.free_bias else self.bias
        return weight, bias

    def rescale(self, kept: Tensor) -> tuple[Tensor, Tensor]:
        """A factor for all weights of each kept channel, by least squares (ThiNet, eq. 7), and the bias as it is.

        Returns as `refit`.
        """
        gram, cross = self.contributions(centred=False)
        gram = gram[kept][:, kept]
        factors = torch.zeros(len(kept), dtype=gram.dtype)
        factors[kept] = 1 + solve(gram, (cross[kept] - gram.sum(dim=1))[:, None])[:, 0]
        return self._by_channel(factors), self.bias

    def cut(self, kept: Tensor) -> tuple[Tensor, Tensor]:
        """The weights of the kept channels and the bias as they are. Returns as `refit`."""
        return self._by_channel(kept.double()), self.bias

    def _by_channel(self, factors: Tensor) -> Tensor:
        weight = self.weight.clone()
        weight[:, self.channels] *= factors[:, None]
        return weight

    def error(self, weight: Tensor, bias: Tensor) -> float:
        """Σ ‖y − W x − b‖², as a share of Σ ‖y − mean of y‖²."""
        residual = (
            self.energy
            - 2 * (weight.T * self.products).sum()
            - 2 * bias @ self.outputs
            + ((weight @ self.squares) * weight).sum()
            + 2 * bias @ (weight @ self.inputs)
            + self.samples * bias.square().sum()
        )
        return float(residual) / (self.energy - float(self.outputs.square().sum()) / self.samples)


def solve(squares: Tensor, products: Tensor) -> Tensor:
    """The shortest solution u of `squares` u = `products` by least squares; squares (d, d) is positive semidefinite.

    Directions with less than 1e-10 of the greatest eigenvalue count as none: activations are float32.
    """
    inverse: Tensor = torch.linalg.pinv(squares, rtol=1e-10, hermitian=True)
    return inverse @ products
