from itertools import combinations
from math import comb

import numpy as np
import pytest

from lesion.audit.inference.halves import draw_halves, draw_sets

SHAPES = [(4, 4), (9, 7), (10, 2), (4, 3), (7, 30)]


@pytest.mark.parametrize(("members", "size"), [(4, 2), (9, 4), (10, 5), (9, 2)])
def test_halves_are_disjoint_and_of_one_size(members: int, size: int) -> None:
    ones, others = draw_halves(members, size, 30, np.random.default_rng(0))
    for one, other in zip(ones.tolist(), others.tolist(), strict=True):
        assert len(set(one)) == len(set(other)) == size
        assert not set(one) & set(other)
        assert set(one) | set(other) <= set(range(members))


@pytest.mark.parametrize(("members", "size"), [(4, 2), (6, 3), (5, 2)])
def test_where_there_are_few_ways_all_are_taken_once(members: int, size: int) -> None:
    expected = {
        frozenset([one, other])
        for one in map(frozenset, combinations(range(members), size))
        for other in map(frozenset, combinations(range(members), size))
        if not one & other
    }
    ways = len(expected)
    sides = draw_halves(members, size, ways, np.random.default_rng(0))
    drawn = zip(*(side.tolist() for side in sides), strict=True)
    found = [frozenset([frozenset(one), frozenset(other)]) for one, other in drawn]
    assert len(found) == ways == comb(members, 2 * size) * comb(2 * size, size) // 2
    assert set(found) == expected
    assert len(draw_halves(members, size, ways - 1, np.random.default_rng(0))[0]) == ways - 1


@pytest.mark.parametrize(("dense", "compressed"), SHAPES)
def test_compressed_sets_are_as_large_as_dense_ones_and_disjoint_where_that_can_be(dense: int, compressed: int) -> None:
    sets = draw_sets(dense, compressed, 60, np.random.default_rng(0), paired=False)
    assert sets.size == min(dense // 2, compressed)
    for beside in (sets.beside_one, sets.beside_other):
        assert beside.shape == (60, sets.size)
        assert all(len(set(rows)) == sets.size for rows in beside.tolist())
        assert set(np.unique(beside)) == set(range(dense, dense + compressed))
    both = np.concatenate([sets.beside_one, sets.beside_other], axis=1)
    disjoint = all(len(set(rows)) == 2 * sets.size for rows in both.tolist())
    assert disjoint == (compressed >= 2 * sets.size)


def test_of_pairs_the_compressed_members_are_the_partners_of_the_other_set() -> None:
    sets = draw_sets(7, 7, 20, np.random.default_rng(0), paired=True)
    assert np.array_equal(sets.beside_one, 7 + sets.other)
    assert np.array_equal(sets.beside_other, 7 + sets.one)


@pytest.mark.parametrize("paired", [False, True])
def test_members_that_are_drawn_again_stay_in_their_set(paired: bool) -> None:
    rng = np.random.default_rng(0)
    sets = draw_sets(8, 8, 50, rng, paired=paired)
    again = sets.again(len(sets.one), rng)
    for name in ("one", "other", "beside_one", "beside_other"):
        drawn, of = getattr(again, name).tolist(), getattr(sets, name).tolist()
        assert all(set(rows) <= set(whole) for rows, whole in zip(drawn, of, strict=True))
        assert any(len(set(rows)) < sets.size for rows in drawn)
    if paired:
        assert np.array_equal(again.beside_one, 8 + again.other)
    assert [uses.shape for uses in sets.uses] == [(len(sets.one), 8)] * (1 if paired else 2)
    assert all((uses == 1).all() for uses in sets.uses)
    assert all((uses.sum(axis=1) == 8).all() for uses in again.uses)
    assert all(uses.max() > 1 for uses in again.uses)
    assert sets.again(123, rng).one.shape == (123, 4)


@pytest.mark.parametrize(
    ("dense", "compressed", "paired", "expected"),
    [(10, 10, False, 8), (10, 4, False, 2), (4, 30, False, 2), (4, 2, False, 1), (4, 4, True, 2), (10, 10, True, 8)],
)
def test_degrees_of_freedom_are_those_of_the_smaller_population(
    dense: int, compressed: int, paired: bool, expected: int
) -> None:
    assert draw_sets(dense, compressed, 5, np.random.default_rng(0), paired=paired).freedom == expected
