"""Which weights make a group, by the arithmetic of their indices; and that nothing is lost on the way."""

import math
import pkgutil

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Size, Tensor

from lesion import plugins
from lesion.compress import shapes
from lesion.compress.grouping import Grouping
from tests.compress.groups import OF, SHAPES, SIDE, Index, divides, rows


def grouping_of(shape: str, size: Index) -> Grouping | None:
    module, options = plugins.component("shape", SHAPES[shape].part, where="shape")
    grouping = module.grouping(Size(size), options)
    assert grouping is None or isinstance(grouping, Grouping)
    return grouping


def numbered(size: Index) -> Tensor:
    """Each weight is its own place in memory."""
    return torch.arange(math.prod(size)).reshape(size)


SIZES = st.lists(st.integers(1, 5), min_size=2, max_size=5).map(tuple)
FITTING = st.tuples(
    st.integers(1, 3).map(lambda half: half * SIDE),
    st.integers(1, 2).map(lambda quarter: quarter * OF),
    st.lists(st.integers(1, 3), max_size=3),
).map(lambda drawn: (drawn[0], drawn[1], *drawn[2]))
every_shape = pytest.mark.parametrize("shape", SHAPES)


def test_every_shape_is_tested() -> None:
    """Those that tie weights of several layers are tested on networks (test_channel_shape, channels/test_heads)."""
    names = {module.name for module in pkgutil.iter_modules(shapes.__path__)}
    assert set(SHAPES) == {name for name in names if not plugins.load("shape", name.replace("_", "-")).TIED}


@every_shape
@given(size=SIZES | FITTING)
def test_splitting_and_joining_are_inverse(shape: str, size: Index) -> None:
    grouping = grouping_of(shape, size)
    assert (grouping is not None) == divides(shape, size)
    if grouping is not None:
        whole = numbered(size)
        split = grouping.split(whole)
        assert split.shape == (grouping.rows, grouping.groups, grouping.size)
        assert torch.equal(grouping.join(split), whole)


@every_shape
@given(size=FITTING)
def test_groups_are_what_their_shape_is_called(shape: str, size: Index) -> None:
    grouping = grouping_of(shape, size)
    assert grouping is not None
    assert sorted(grouping.split(numbered(size)).tolist()) == sorted(rows(shape, size))


@every_shape
@given(size=FITTING)
def test_one_value_a_group_counts_for_all_its_members(shape: str, size: Index) -> None:
    grouping = grouping_of(shape, size)
    assert grouping is not None
    values = torch.rand(grouping.rows, grouping.groups, 1)
    joined = grouping.join(values)
    assert joined.shape == size
    assert torch.equal(grouping.split(joined), values.expand(-1, -1, grouping.size))


@every_shape
def test_the_order_in_memory_does_not_matter(shape: str) -> None:
    grouping, whole = grouping_of(shape, (4, 8, 3, 3)), numbered((4, 8, 3, 3))
    assert grouping is not None
    channels_last = whole.contiguous(memory_format=torch.channels_last)
    assert channels_last.stride() != whole.stride()
    assert torch.equal(grouping.split(channels_last), grouping.split(whole))


@every_shape
def test_groups_lie_in_the_order_of_their_first_weight(shape: str) -> None:
    grouping = grouping_of(shape, (4, 8, 3, 3))
    assert grouping is not None
    first = grouping.split(numbered((4, 8, 3, 3)))[:, :, 0]
    assert torch.equal(first, first.sort(dim=1).values)  # so that of ties the first in memory go first
