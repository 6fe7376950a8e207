"""How far apart two ways of computing the same may be, reasoned from the arithmetic.

Equality to the bit holds for one way of computing on one machine. A processor chooses kernels by its instruction set,
and each kernel adds up in an order of its own: two networks that compute the same function may differ in their last
bits on one machine and not on another. What is copied, counted or chosen, and the same call repeated, stays exact.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

EPSILON = torch.finfo(torch.float32).eps


def assert_close(found: Tensor, expected: Tensor, *, operations: int) -> None:
    """Raise AssertionError where float32 tensors are further apart than `operations` roundings of their largest number.

    `operations` is what is added up on the way from an input to an output: the products of each layer's sum, layer
    after layer. Each addition rounds by half an epsilon of the sum so far. The signs of these errors are mixed, so that
    they grow as the root of their number; the rest is room for sums that are larger on the way than in the end.
    """
    scale = float(expected.detach().abs().max())
    torch.testing.assert_close(found, expected, rtol=0, atol=operations * EPSILON * scale)


def assert_trained_alike(found: Mapping[str, Tensor], expected: Mapping[str, Tensor], *, steps: int) -> None:
    """Raise AssertionError where two ways of training the same network did not end alike.

    A step rounds a weight by its own size four times at most: in the decay, in the momentum, in the sum of both with
    the gradient, and in the new weight. A training that does not diverge carries these errors along unenlarged.
    """
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert_close(found[name], tensor, operations=4 * steps)


def assert_same_logits_but_for_ties(found: Tensor, expected: Tensor) -> None:
    """Raise AssertionError where logits (n, classes) of two int8 networks are no two ways of computing the same.

    An input half way between two integers of a layer's grid goes to either, as its last bit has it, and takes all that
    follows in its image along: logits move by a step of the grid. So four of five images agree within float32 rounding
    (100 operations in errors of mixed signs, as of sums of 5,000 products), and the others within a 20th.
    """
    scale = float(expected.abs().max())
    distance = (found - expected).abs().amax(dim=1) / scale
    assert float(distance.max()) < 0.05
    assert float((distance > 100 * EPSILON).double().mean()) <= 0.2


def assert_same_images_but_for_ties(found: npt.NDArray[np.uint8], expected: npt.NDArray[np.uint8]) -> None:
    """Raise AssertionError where two ways of computing images of 8 bits do not give the same.

    A value that lies between two levels goes to either, as its last bit has it. Formulas that round or compare with a
    threshold on the way may take it further, so one value in a hundred may be anything.
    """
    assert found.shape == expected.shape
    further = np.abs(found.astype(int) - expected) > 1
    assert further.sum() <= 0.01 * further.size
