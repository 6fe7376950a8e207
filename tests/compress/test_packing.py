import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lesion.compress.packing import pack, packed_size, unpack


@given(st.data(), st.integers(2, 8))
def test_packing_loses_nothing_and_no_bit(data: st.DataObject, bits: int) -> None:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    integers = torch.tensor(data.draw(st.lists(st.integers(low, high), min_size=1, max_size=40)), dtype=torch.int8)
    packed = pack(integers, bits)
    assert packed.dtype == torch.uint8
    assert packed.shape == (packed_size(len(integers), bits),)
    assert packed.numel() * 8 - len(integers) * bits in range(8)
    assert torch.equal(unpack(packed, bits, len(integers)), integers)


def test_two_integers_of_four_bits_are_a_byte_and_the_first_is_high() -> None:
    integers = torch.tensor([[1, -1], [7, -8], [3, 0]], dtype=torch.int8)
    assert pack(integers, 4).tolist() == [0x1F, 0x78, 0x30]
    assert pack(integers[:1, :1], 4).tolist() == [0x10]


@pytest.mark.parametrize("bits", [2, 3, 4])
def test_packed_bits_are_those_that_arithmetic_gives(bits: int) -> None:
    integers = np.random.default_rng(0).integers(-(2 ** (bits - 1)), 2 ** (bits - 1), 50).astype(np.int8)
    number = 0
    for integer in integers:
        number = (number << bits) | (int(integer) % 2**bits)
    size = packed_size(50, bits)
    expected = (number << (8 * size - 50 * bits)).to_bytes(size, "big")
    assert pack(torch.from_numpy(integers), bits).numpy().tobytes() == expected
