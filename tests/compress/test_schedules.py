"""The schedules but the gradual one: when is pruned, how much, and how often is trained."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lesion.compress.schedules import at_initialisation, iterative, one_shot
from lesion.errors import InputError

STEPS = st.integers(2, 400)
SPARSITIES = st.floats(0.01, 0.99)


def rounds_of(rounds: int, rewind: float | None, steps: int) -> iterative.Schedule:
    return iterative.Schedule(iterative.Options(rounds=rounds, rewind=rewind), steps=steps)


@given(STEPS, SPARSITIES)
def test_at_initialisation_all_is_pruned_before_the_first_step(steps: int, final: float) -> None:
    schedule = at_initialisation.Schedule(at_initialisation.Options(), steps=steps)
    assert [step for step in range(steps) if schedule.updates(step)] == [0]
    assert schedule.sparsity(0, final) == final
    assert (schedule.trainings, schedule.monotone) == (1, True)


@given(st.floats(0.001, 0.999), STEPS, SPARSITIES)
def test_one_shot_prunes_once_after_some_step_and_before_another(at: float, steps: int, final: float) -> None:
    schedule = one_shot.Schedule(one_shot.Options(at=at), steps=steps)
    [update] = [step for step in range(steps) if schedule.updates(step)]
    assert 1 <= update <= steps - 1
    assert abs(update - at * steps) <= 1
    assert schedule.sparsity(update, final) == final
    assert (schedule.trainings, schedule.monotone) == (1, True)


@given(st.integers(1, 12), STEPS, SPARSITIES)
def test_iterative_removes_the_same_share_of_what_is_left_each_round(rounds: int, steps: int, final: float) -> None:
    schedule = rounds_of(rounds, None, steps)
    assert schedule.trainings == rounds + 1
    updates = [step for step in range(schedule.trainings * steps) if schedule.updates(step)]
    assert updates == [training * steps for training in range(1, rounds + 1)]
    left = [1.0, *(1 - schedule.sparsity(step, final) for step in updates)]
    assert left == sorted(left, reverse=True)
    assert left[-1] == 1 - final
    shares = [after / before for before, after in pairwise(left)]
    assert shares == pytest.approx([shares[0]] * rounds, rel=1e-9)
    assert schedule.monotone


def test_a_fifth_of_what_is_left_goes_each_round_as_in_the_lottery_ticket() -> None:
    schedule = rounds_of(3, 0.0, 10)
    assert [schedule.sparsity(step, 1 - 0.8**3) for step in (10, 20, 30)] == pytest.approx([0.2, 0.36, 0.488])


@given(st.integers(1, 5), st.floats(0, 1, exclude_max=True), STEPS)
def test_weights_are_kept_in_the_first_training_and_come_back_in_the_others(
    rounds: int, rewind: float, steps: int
) -> None:
    schedule = rounds_of(rounds, rewind, steps)
    total = range(schedule.trainings * steps)
    [kept] = [step for step in total if schedule.saves(step)]
    assert kept < steps
    assert abs(kept - rewind * steps) <= 1
    assert [step for step in total if schedule.rewinds(step)] == [step for step in total if schedule.updates(step)]


@given(st.integers(1, 5), STEPS)
def test_without_rewinding_nothing_is_kept(rounds: int, steps: int) -> None:
    schedule = rounds_of(rounds, None, steps)
    assert not any(schedule.saves(step) or schedule.rewinds(step) for step in range(schedule.trainings * steps))


@pytest.mark.parametrize(
    ("options", "values", "key"),
    [
        (iterative.Options, {"rounds": 0, "rewind": None}, "rounds"),
        (iterative.Options, {"rounds": 3, "rewind": 1.0}, "rewind"),
        (iterative.Options, {"rounds": 3}, "rewind"),
        (one_shot.Options, {"at": 0.0}, "at"),
        (one_shot.Options, {"at": 1.0}, "at"),
        (at_initialisation.Options, {"at": 0.5}, "at"),
    ],
)
def test_options_out_of_range(
    options: type[iterative.Options | one_shot.Options | at_initialisation.Options],
    values: dict[str, float | None],
    key: str,
) -> None:
    with pytest.raises(InputError, match=rf"^params\.yaml: schedule\.{key}: "):
        options.read(values, where="schedule")
