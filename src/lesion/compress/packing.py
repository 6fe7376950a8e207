"""Integers of a few bits, packed into bytes without gaps."""

import numpy as np
import torch
from torch import Tensor


def packed_size(count: int, bits: int) -> int:
    """Bytes that `count` integers of `bits` bits take."""
    return -(-count * bits // 8)


def pack(integers: Tensor, bits: int) -> Tensor:
    """Pack int8 of any shape, in row-major order, into uint8 (`packed_size`,).

    Of each integer the lowest `bits` bits are kept, which hold −2^(bits − 1) to 2^(bits − 1) − 1 in two's complement.
    The first integer is in the highest bits of the first byte; the last byte is filled with zeros. So zeros are zero
    bits, and `encoding.py` shortens what is mostly zero.
    """
    each = np.unpackbits(integers.contiguous().view(torch.uint8).view(-1, 1).numpy(), axis=1)
    return torch.from_numpy(np.packbits(each[:, 8 - bits :]))


def unpack(packed: Tensor, bits: int, count: int) -> Tensor:
    """Invert `pack`: int8 (count,)."""
    each = np.unpackbits(packed.numpy(), count=count * bits).reshape(count, bits)
    signed = np.concatenate([np.repeat(each[:, :1], 8 - bits, axis=1), each], axis=1)  # the sign fills the byte
    return torch.from_numpy(np.packbits(signed, axis=1)[:, 0].view(np.int8))
