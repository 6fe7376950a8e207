from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lesion.compress.schedules.gradual import Options, Schedule
from lesion.errors import InputError

IMAGENET = Options(begin=0.15625, end=0.25, every=0.015625)


def updates(schedule: Schedule, steps: int) -> list[int]:
    return [step for step in range(steps) if schedule.updates(step)]


def zhu_gupta(step: int, begin: int, end: int, final: Fraction, initial: Fraction = Fraction(0)) -> Fraction:
    """Equation 1 of arXiv 1710.01878, exactly."""
    step = min(max(step, begin), end)
    return final + (initial - final) * (1 - Fraction(step - begin, end - begin)) ** 3


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Schedule, int]:
    steps = draw(st.integers(20, 5000))
    begin, end = sorted(draw(st.lists(st.floats(0, 1), min_size=2, max_size=2)))
    assume(round(begin * steps) + 1 < round(end * steps) and begin < 1)
    return Schedule(Options(begin=begin, end=end, every=draw(st.floats(0.001, 1))), steps=steps), steps


def test_imagenet_is_pruned_as_published() -> None:
    schedule = Schedule(IMAGENET, steps=32_000)
    assert updates(schedule, 32_000) == [5000, 5500, 6000, 6500, 7000, 7500, 8000]


def test_the_corners_of_the_cubic() -> None:
    schedule = Schedule(IMAGENET, steps=32_000)
    assert [schedule.sparsity(step, 0.8) for step in (0, 4999, 5000)] == [0, 0, 0]
    assert schedule.sparsity(6500, 0.8) == 0.8 * 0.875  # half way: 1 - (1/2)³
    assert [schedule.sparsity(step, 0.8) for step in (8000, 8001, 31_999)] == [0.8, 0.8, 0.8]


@given(schedules(), st.integers(0, 5000), st.integers(1, 99))
def test_each_sparsity_is_that_of_the_formula(made: tuple[Schedule, int], step: int, percent: int) -> None:
    schedule, _ = made
    final = Fraction(percent, 100)
    expected = zhu_gupta(step, schedule.begin, schedule.end, final)
    assert schedule.sparsity(step, float(final)) == pytest.approx(float(expected), rel=1e-12, abs=1e-12)


@given(schedules())
def test_masks_are_updated_at_begin_every_interval_and_end(made: tuple[Schedule, int]) -> None:
    schedule, steps = made
    expected = {*range(schedule.begin, schedule.end, schedule.interval), schedule.end}
    assert updates(schedule, steps) == sorted(expected)
    assert schedule.sparsity(max(expected), 0.9) == 0.9  # the last update, within the training, is at the final one
    assert max(expected) < steps


@given(schedules(), st.floats(0.01, 0.99))
def test_sparsity_never_falls(made: tuple[Schedule, int], final: float) -> None:
    schedule, steps = made
    reached = [schedule.sparsity(step, final) for step in range(steps)]
    assert reached == sorted(reached)


@given(schedules())
def test_it_is_one_training_in_which_weights_may_come_back(made: tuple[Schedule, int]) -> None:
    schedule, steps = made
    assert schedule.trainings == 1
    assert not schedule.monotone
    assert not any(schedule.saves(step) or schedule.rewinds(step) for step in range(steps))


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_a_training_that_is_too_short(steps: int) -> None:
    with pytest.raises(InputError, match=f"a training of {steps} steps is too short for the schedule"):
        Schedule(IMAGENET, steps=steps)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"begin": 0.5, "end": 0.5}, "schedule: .*end must come after begin"),
        ({"begin": -0.1}, "schedule.begin"),
        ({"end": 1.1}, "schedule.end"),
        ({"every": 0.0}, "schedule.every"),
        ({"often": 0.1}, "schedule.often"),
    ],
)
def test_options_out_of_range(changed: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=f"^params.yaml: {message}"):
        Options.read({"begin": 0.1, "end": 0.5, "every": 0.1} | changed, where="schedule")
