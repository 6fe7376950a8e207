"""Steps of proximal gradient, against loops over numbers."""

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from lesion.compress.proximal import Step, apg_nag, ista, take_steps

NUMBERS = st.lists(st.floats(-2, 2), min_size=1, max_size=6)


def shrunk(value: float, threshold: float) -> float:
    return max(abs(value) - threshold, 0.0) * (1 if value > 0 else -1)


@settings(max_examples=50)
@given(NUMBERS, st.integers(0, 99), st.floats(0.01, 1), st.floats(0, 2))
def test_ista_is_a_gradient_step_and_a_soft_threshold(start: list[float], seed: int, rate: float, size: float) -> None:
    gradient = np.random.default_rng(seed).normal(size=len(start))
    gamma = torch.tensor(start, dtype=torch.float64)
    ista(gamma, torch.from_numpy(gradient), rate=rate, strength=size)
    assert gamma.tolist() == pytest.approx(
        [shrunk(one - rate * slope, rate * size) for one, slope in zip(start, gradient, strict=True)], abs=1e-12
    )


@settings(max_examples=50)
@given(NUMBERS, st.integers(0, 99), st.floats(0.01, 1), st.floats(0, 2), st.floats(0, 0.99))
def test_accelerated_steps_are_those_of_the_paper(
    start: list[float], seed: int, rate: float, size: float, momentum: float
) -> None:
    draws = np.random.default_rng(seed).normal(size=(5, len(start)))
    scale, state = torch.tensor(start, dtype=torch.float64).abs(), dict[str, Any]()
    expected, velocity = scale.tolist(), [0.0] * len(start)
    for gradient in draws:
        apg_nag(scale, torch.from_numpy(gradient.copy()), rate=rate, momentum=momentum, state=state, strength=size)
        for place, slope in enumerate(gradient):
            z = shrunk(expected[place] - rate * slope, rate * size)  # eq. 10, thresholded
            velocity[place] = z - expected[place] + momentum * velocity[place]  # eq. 11
            expected[place] = max(z + momentum * velocity[place], 0.0)  # eq. 12
        assert scale.tolist() == pytest.approx(expected, abs=1e-9)


def test_a_threshold_gives_exact_zeros() -> None:
    gamma = torch.tensor([0.3, -0.3, 2.0])
    ista(gamma, torch.zeros(3), rate=0.5, strength=1.0)
    assert gamma.tolist() == [0.0, 0.0, 1.5]


def whole_gradient(parameter: Tensor, gradient: Tensor, **_: Any) -> None:
    parameter.sub_(gradient)


def test_the_optimiser_moves_only_parameters_without_a_step_of_their_own() -> None:
    def trained(*, own: bool) -> tuple[Tensor, Tensor]:
        one, other = (nn.Parameter(torch.tensor([1.0, -2.0])) for _ in range(2))
        optimiser = torch.optim.SGD(
            [{"params": [one]}, {"params": [other]}], lr=0.1, momentum=0.9, nesterov=True, fused=True
        )
        steps: dict[nn.Parameter, Step] = {other: whole_gradient} if own else {}
        optimiser.register_step_pre_hook(lambda stepped, *_: take_steps(stepped, steps))
        for _ in range(3):
            optimiser.zero_grad()
            (one.square().sum() + other.sum()).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        return one.detach(), other.detach()

    (one, moved), (same, other) = trained(own=True), trained(own=False)
    assert torch.equal(one, same)
    assert moved.tolist() == [1.0 - 3, -2.0 - 3]
    assert not torch.equal(moved, other)


def test_state_is_handed_to_the_step_that_needs_it() -> None:
    scale = nn.Parameter(torch.ones(2))
    optimiser = torch.optim.SGD([scale], lr=0.1, momentum=0.5)
    scale.sum().backward()  # type: ignore[no-untyped-call]
    take_steps(optimiser, {scale: partial(apg_nag, strength=0.0)})
    assert optimiser.state[scale]["momentum_buffer"].tolist() == pytest.approx([-0.1, -0.1])
    assert scale.tolist() == pytest.approx([0.85, 0.85])
    assert scale.grad is None
