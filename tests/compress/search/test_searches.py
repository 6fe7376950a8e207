"""Searches on problems whose best allocation is known by listing all of them."""

from functools import cache
from typing import Any

import pytest

from lesion.compress.allocations import amc, evolution, greedy
from lesion.compress.contracts import SearchingAllocation
from lesion.compress.search.levels import project
from tests.compress.search.problems import Listed

TRIALS = 60
SEARCHES: dict[str, tuple[SearchingAllocation, dict[str, Any]]] = {
    "amc": (amc, {"warmup": 15}),
    "evolution": (evolution, {}),
    "greedy": (greedy, {}),
}


def made() -> Listed:
    """The second tensor is worth little, the third most of all, and the first costs most."""
    return Listed([8, 8, 8], [30, 20, 25], [1.0, 0.02, 3.0])


@cache
def once(name: str) -> tuple[Listed, dict[str, int]]:
    """The problem after a search, and what it found."""
    listed = made()
    return listed, found(name, listed)


def found(name: str, listed: Listed, trials: int = TRIALS) -> dict[str, int]:
    module, named = SEARCHES[name]
    return module.search(listed.problem, module.Options.model_validate({"trials": trials, "images": 1} | named))


@pytest.mark.parametrize("name", SEARCHES)
def test_the_best_allocation_is_found_or_nearly(name: str) -> None:
    listed, counts = once(name)
    solutions = listed.solutions()
    best, worst = solutions[0][0], solutions[-1][0]
    assert listed.cost(counts) <= listed.problem.limit
    near = {"amc": 0.15, "evolution": 0.05, "greedy": 0.05}[name]
    assert listed.reward(counts) >= best - near * (best - worst)
    alike = project(listed.problem, dict.fromkeys(listed.names, 4))
    assert listed.reward(counts) > listed.reward(alike)


@pytest.mark.parametrize("name", SEARCHES)
def test_trials_are_counted(name: str) -> None:
    listed, _ = once(name)
    assert listed.problem.trials == len(listed.tried) <= TRIALS
    assert name == "greedy" or listed.problem.trials == TRIALS


@pytest.mark.parametrize("name", SEARCHES)
def test_the_same_seed_finds_the_same(name: str) -> None:
    (first, counts), again = once(name), made()
    assert found(name, again) == counts
    assert again.tried == first.tried


@pytest.mark.parametrize("name", ["amc", "evolution"])
def test_all_that_is_tried_is_within_the_budget(name: str) -> None:
    listed, best = once(name)
    assert all(listed.cost(counts) <= listed.problem.limit for counts in listed.tried)
    assert listed.reward(best) == max(map(listed.reward, listed.tried))


def test_evolution_starts_alike_in_all_tensors() -> None:
    listed = made()
    found("evolution", listed, trials=1)
    assert listed.tried == [project(listed.problem, dict.fromkeys(listed.names, 4))]


def test_greedy_with_too_few_trials_for_a_step_prunes_all_alike() -> None:
    listed = made()
    counts = found("greedy", listed, trials=2)
    shares = [count / listed.problem.most[name] for name, count in counts.items()]
    assert max(shares) - min(shares) <= 1 / 3
    assert listed.cost(counts) <= listed.problem.limit


def test_a_greedy_step_loses_least_for_what_it_saves() -> None:
    listed, _ = once("greedy")
    first = listed.tried[1:4]  # after the whole network
    assert [sum(map(bool, counts.values())) for counts in first] == [1, 1, 1]
    rates = [-listed.reward(counts) / (listed.problem.dense - listed.cost(counts)) for counts in first]
    assert rates.index(min(rates)) == 1
    assert listed.tried[4]["1.weight"] == first[1]["1.weight"]


def test_amc_must_learn() -> None:
    with pytest.raises(ValueError, match="warmup: is not below trials"):
        amc.Options(trials=10, warmup=10, images=1)
