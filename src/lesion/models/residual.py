"""The blocks of residual networks for small images: basic (ResNet) and pre-activation (wide ResNet).

Both map (n, inputs, h, w) to (n, outputs, ⌈h / stride⌉, ⌈w / stride⌉) and keep the memory format of the input.
Rectifiers and sums work in place, on tensors that no gradient needs.
"""

from torch import Tensor, nn
from torch.nn import functional


def convolution(inputs: int, outputs: int, *, stride: int = 1) -> nn.Conv2d:
    """A 3 × 3 convolution with a border of zeros and no bias, since a batch norm stands before or after it."""
    return nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False)


class Basic(nn.Module):
    """Two convolutions and a shortcut without parameters (He et al., arXiv 1512.03385, section 3.3, option A)."""

    def __init__(self, inputs: int, outputs: int, *, stride: int) -> None:
        super().__init__()
        self.conv1 = convolution(inputs, outputs, stride=stride)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = convolution(outputs, outputs)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.stride = stride
        self.new_channels = outputs - inputs

    def shortcut(self, x: Tensor) -> Tensor:
        """Every `stride`-th pixel, with zeros for the new channels."""
        if self.stride == 1 and self.new_channels == 0:
            return x
        if self.stride > 1:  # x[:, :, ::stride, ::stride], with a channels-last gradient
            x = functional.avg_pool2d(x, 1, self.stride)
        return functional.pad(x, (0, 0, 0, 0, 0, self.new_channels))

    def forward(self, x: Tensor) -> Tensor:
        """relu(F(x) + shortcut(x)), eq. 1."""
        y: Tensor = self.norm1(self.conv1(x)).relu_()
        y = self.norm2(self.conv2(y))
        y += self.shortcut(x)
        return y.relu_()


class PreActivation(nn.Module):
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

    def forward(self, x: Tensor) -> Tensor:
        """F(x) + shortcut(x), without a rectifier."""
        active: Tensor = self.norm1(x).relu_()
        y: Tensor = self.norm2(self.conv1(active)).relu_()
        y = self.conv2(self.dropout(y))
        y += x if self.shortcut is None else self.shortcut(active)
        return y
