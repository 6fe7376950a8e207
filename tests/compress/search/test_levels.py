"""Meeting a budget, against trying every number of groups."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesion.compress.search.levels import lowest_level, project, smallest_count
from lesion.errors import InputError
from tests.compress.search.problems import Listed

SIZES = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 9)), min_size=1, max_size=5)


def listed(sizes: list[tuple[int, int]], share: float, least: float = 0.2) -> Listed | None:
    """A problem; None where the budget cannot be met."""
    groups, each = map(list, zip(*sizes, strict=True))
    try:
        return Listed(groups, each, [1.0] * len(groups), share=share, least=least)
    except InputError:
        return None


@settings(max_examples=150)
@given(SIZES, st.floats(0.2, 1.0), st.data())
def test_a_projection_never_costs_more_and_no_group_could_come_back(
    sizes: list[tuple[int, int]], share: float, data: st.DataObject
) -> None:
    made = listed(sizes, share)
    if made is None:
        return
    problem = made.problem
    counts = {name: data.draw(st.integers(0, most)) for name, most in problem.most.items()}
    found = project(problem, counts)
    assert made.cost(found) <= problem.limit
    for name, count in found.items():
        assert 0 <= count <= problem.most[name]
        assert count == 0 or made.cost(found | {name: count - 1}) > problem.limit
    assert problem.trials == 0


@settings(max_examples=100)
@given(SIZES, st.floats(0.2, 1.0), st.data())
def test_the_smallest_count_that_the_others_leave(
    sizes: list[tuple[int, int]], share: float, data: st.DataObject
) -> None:
    made = listed(sizes, share)
    if made is None:
        return
    problem = made.problem
    others = {name: data.draw(st.integers(0, most)) for name, most in problem.most.items()}
    name = data.draw(st.sampled_from(made.names))
    enough = [
        count for count in range(problem.most[name] + 1) if made.cost(others | {name: count}) <= problem.limit
    ]  # fmt: skip
    assert smallest_count(problem, others, name) == min(enough, default=problem.most[name])


@given(st.integers(1, 500), st.integers(0, 500))
def test_the_lowest_level_that_fits(groups: int, needed: int) -> None:
    found = lowest_level(lambda level: {"a": round(level * groups)}, lambda counts: counts["a"] >= needed)
    assert found == (None if needed > groups else {"a": needed})


def test_a_budget_below_the_bounds_is_refused() -> None:
    with pytest.raises(InputError, match=r"with the share 0\.5 of each tensor kept the network costs 10, more than"):
        Listed([10], [2], [1.0], share=0.4, least=0.5)


def test_a_row_of_several_groups_keeps_one_and_one_of_its_own_may_not_go() -> None:
    made = Listed([10, 3, 2, 1], [1, 1, 1, 1], [1.0] * 4, share=0.9, least=0.01)
    assert [*made.problem.most.values()] == [9, 2, 1, 0]
