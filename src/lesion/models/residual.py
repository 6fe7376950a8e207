"""The blocks of residual networks for small images: basic (ResNet) and pre-activation (wide ResNet).

Both map (n, inputs, h, w) to (n, outputs, ⌈h / stride⌉, ⌈w / stride⌉) and keep the memory format of the input.
Rectifiers and sums work in place, on tensors that no gradient needs.
"""

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional


def convolution(inputs: int, outputs: int, *, stride: int = 1) -> nn.Conv2d:
    """A 3 × 3 convolution with a border of zeros and no bias, since a batch norm stands before or after it."""
    return nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False)


Shortcut = Literal["zeros", "zeros-around", "convolution"]
"""What a shortcut to more channels does: zeros for the new ones after the old ones, half of them before and half after,
or a 1 × 1 convolution and a batch norm (He et al., arXiv 1512.03385, section 3.3, options A, A and B)."""


class Block(nn.Module):
    """A residual block: the sum of a branch F(x) and a shortcut.

    Attributes
    ----------
    branch : names of the layers that the branch has alone, in order; what the last one gives is added to the shortcut
    has_branch : False if the branch was dropped
    """

    branch: tuple[str, ...]
    has_branch = True

    def can_drop(self) -> bool:
        """True if the block has its branch and can do without: the shortcut alone knows the number of channels."""
        return self.has_branch

    def drop_branch(self) -> None:
        """Take the branch out of the network: F(x) = 0."""
        for name in self.branch:
            delattr(self, name)
        self.has_branch = False


class Basic(Block):
    """Two convolutions and a shortcut (He et al., arXiv 1512.03385, section 3.3)."""

    def __init__(self, inputs: int, outputs: int, *, stride: int, shortcut: Shortcut = "zeros") -> None:
        super().__init__()
        self.conv1 = convolution(inputs, outputs, stride=stride)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = convolution(outputs, outputs)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.branch = ("conv1", "norm1", "conv2", "norm2")
        self.stride = stride
        self.before = (outputs - inputs) // 2 if shortcut == "zeros-around" else 0  # new channels before the old ones
        self.projection = None
        if shortcut == "convolution" and (outputs > inputs or stride > 1):
            self.projection = nn.Sequential(
                nn.Conv2d(inputs, outputs, kernel_size=1, stride=stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def shortcut(self, x: Tensor, outputs: int) -> Tensor:
        """Every `stride`-th pixel, with zeros for the new ones of `outputs` channels; or their projection."""
        if self.projection is not None:
            projected: Tensor = self.projection(x)
            return projected
        new = outputs - x.shape[1]  # fewer than at first if channels were taken out
        if self.stride == 1 and not new:
            return x
        if self.stride > 1:  # x[:, :, ::stride, ::stride], with a channels-last gradient
            x = functional.avg_pool2d(x, 1, self.stride)
        return functional.pad(x, (0, 0, 0, 0, self.before, new - self.before))

    def can_drop(self) -> bool:
        """False where the shortcut adds zeros, as many as the branch has more channels."""
        return super().can_drop() and (self.projection is not None or self.conv1.in_channels == self.conv2.out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """relu(F(x) + shortcut(x)), eq. 1."""
        if not self.has_branch:
            return self.shortcut(x, x.shape[1]).relu()
        y: Tensor = self.norm1(self.conv1(x)).relu_()
        y = self.norm2(self.conv2(y))
        y += self.shortcut(x, y.shape[1])
        return y.relu_()


class PreActivation(Block):
    """Batch norm and rectifier before each convolution (Zagoruyko & Komodakis, arXiv 1605.07146, figure 1c and d).

    If the channels change, the shortcut is a 1 × 1 convolution of the first activation, as in the authors' code.
    """

    def __init__(self, inputs: int, outputs: int, *, stride: int, dropout: float) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.conv1 = convolution(inputs, outputs, stride=stride)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = convolution(outputs, outputs)
        self.shortcut = None
        if inputs != outputs:
            self.shortcut = nn.Conv2d(inputs, outputs, kernel_size=1, stride=stride, bias=False)
        self.branch = ("conv1", "norm2", "dropout", "conv2")
        if self.shortcut is None:
            self.branch = ("norm1", *self.branch)

    def forward(self, x: Tensor) -> Tensor:
        """F(x) + shortcut(x), without a rectifier."""
        if not self.has_branch:
            kept: Tensor = x if self.shortcut is None else self.shortcut(self.norm1(x).relu_())
            return kept
        active: Tensor = self.norm1(x).relu_()
        y: Tensor = self.norm2(self.conv1(active)).relu_()
        y = self.conv2(self.dropout(y))
        y += x if self.shortcut is None else self.shortcut(active)
        return y
