from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesion.errors import InputError
from lesion.params.tuning import Choice, candidates, tuned_name, with_option
from lesion.params.variant import method

ENTRY: dict[str, Any] = {
    "method": "prune",
    "sparsity": 0.5,
    "schedule": {"name": "one-shot", "at": 0.75},
    "shape": "weight",
}
CHOICES = [
    Choice(option="schedule.at", values=[0.25, 0.5, 0.75]),
    Choice(option="shape", values=["weight", "filter"]),
]


def test_an_option_is_replaced_and_nothing_else() -> None:
    changed = with_option(ENTRY, "schedule.at", 0.5)
    assert changed == ENTRY | {"schedule": {"name": "one-shot", "at": 0.5}}
    assert ENTRY["schedule"]["at"] == 0.75


@pytest.mark.parametrize("option", ["schedule.begin", "shape.at", "nothing", "schedule.at.x"])
def test_an_option_that_the_entry_lacks_is_refused(option: str) -> None:
    with pytest.raises(InputError, match=f"tuning: {option}: the variant has no such option"):
        candidates(ENTRY, [Choice(option=option, values=[1])], trials=2, seed=0)


@settings(max_examples=30)
@given(st.integers(1, 9), st.integers(0, 99))
def test_trials_are_the_entry_itself_and_points_of_the_grid_each_once(trials: int, seed: int) -> None:
    found = candidates(ENTRY, CHOICES, trials=trials, seed=seed)
    assert found[0] == ({"schedule.at": 0.75, "shape": "weight"}, ENTRY)
    assert len(found) == min(trials, 6)
    seen = [tuple(values.values()) for values, _ in found]
    assert len(set(seen)) == len(seen)
    for values, entry in found:
        assert entry == ENTRY | {
            "schedule": {"name": "one-shot", "at": values["schedule.at"]},
            "shape": values["shape"],
        }
    assert candidates(ENTRY, CHOICES, trials=trials + 1, seed=seed)[: len(found)] == found


def test_another_seed_tries_in_another_order() -> None:
    orders = {str(candidates(ENTRY, CHOICES, trials=6, seed=seed)) for seed in range(5)}
    assert len(orders) > 1


def test_a_tuned_variant_is_a_level_of_a_method_of_its_own() -> None:
    assert (tuned_name("dns-80"), method(tuned_name("dns-80"))) == ("dns-tuned-80", "dns-tuned")
    assert tuned_name("nm-2-4") == "nm-2-4-tuned"
