import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lesion.compress.encoding import decode, encode

BITS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}

DTYPES = [
    *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
    *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.complex64),
]


def stored_bytes(tensors: dict[str, torch.Tensor]) -> int:
    return sum(tensor.nbytes for tensor in encode(tensors).values())


def bits(tensor: Tensor) -> Tensor:
    return tensor.reshape(-1).view(BITS[tensor.element_size()])


def assert_identical(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype
        assert found[name].shape == tensor.shape
        assert torch.equal(bits(found[name]), bits(tensor))


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    """Any bit patterns (nan, infinities, −0.0 among them) with any share of zeros; at times not contiguous."""
    dtype = draw(st.sampled_from(DTYPES))
    shape = draw(st.lists(st.integers(0, 7), max_size=4))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = torch.empty(0, dtype=dtype).element_size()
    count = int(np.prod(shape, dtype=int))
    patterns = generator.integers(0, 2 if dtype == torch.bool else 256, (count, size), dtype=np.uint8)
    patterns[generator.random(count) < draw(st.sampled_from([0.0, 0.03, 0.5, 0.97, 1.0]))] = 0
    tensor = torch.from_numpy(patterns).view(-1).view(dtype).reshape(shape)
    return tensor.transpose(0, -1) if len(shape) > 1 and draw(st.booleans()) else tensor


@settings(max_examples=150)
@given(st.dictionaries(st.text("ab.", min_size=1, max_size=6), tensors(), max_size=4))
def test_decoding_is_the_inverse_of_encoding(given_tensors: dict[str, Tensor]) -> None:
    encoded = encode(given_tensors)
    assert_identical(decode(encoded), given_tensors)
    assert all(tensor.is_contiguous() for tensor in encoded.values())


@settings(max_examples=100)
@given(tensors())
def test_encoding_never_takes_more_bytes(tensor: Tensor) -> None:
    assert stored_bytes({"w": tensor}) == sum(t.numel() * t.element_size() for t in encode({"w": tensor}).values())
    assert stored_bytes({"w": tensor}) <= tensor.numel() * tensor.element_size()


def test_a_sparse_tensor_is_a_mask_its_values_and_its_shape() -> None:
    weight = torch.zeros(4, 5)
    weight[0, 0], weight[1, 3], weight[3, 4] = 1.5, -2.0, 0.25
    encoded = encode({"layer.weight": weight})
    assert list(encoded) == ["layer.weight.mask", "layer.weight.values", "layer.weight.shape"]
    mask = [int(bit) for byte in encoded["layer.weight.mask"].tolist() for bit in f"{byte:08b}"][:20]
    assert mask == [int(value != 0) for value in weight.reshape(-1).tolist()]
    assert encoded["layer.weight.values"].tolist() == [1.5, -2.0, 0.25]
    assert encoded["layer.weight.shape"].tolist() == [4, 5]
    assert stored_bytes({"layer.weight": weight}) == 3 + 3 * 4 + 2 * 8


def test_a_dense_tensor_stays_as_it_is() -> None:
    weight = torch.arange(1.0, 21.0).view(4, 5)
    assert_identical(encode({"w": weight}), {"w": weight})


def test_negative_zero_comes_back_negative() -> None:
    weight = torch.zeros(64)
    weight[3] = -0.0
    encoded = encode({"w": weight})
    assert encoded["w.values"].numel() == 1
    assert torch.signbit(decode(encoded)["w"]).nonzero().tolist() == [[3]]


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2)])
def test_scalars_and_empty_tensors(shape: tuple[int, ...]) -> None:
    assert_identical(decode(encode({"w": torch.zeros(shape)})), {"w": torch.zeros(shape)})


@pytest.mark.parametrize("ending", ["mask", "values", "shape"])
def test_a_name_that_would_be_ambiguous_is_refused(ending: str) -> None:
    with pytest.raises(ValueError, match=f"w.{ending}: the endings"):
        encode({f"w.{ending}": torch.ones(1)})


def test_half_zero_float_tensor_takes_half_and_a_bit() -> None:
    weight = torch.ones(1000)
    weight[::2] = 0
    assert stored_bytes({"w": weight}) == 125 + 2000 + 8
