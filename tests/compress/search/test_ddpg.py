"""The agent of AMC: bounds, noise, and that it learns what is rewarded."""

import numpy as np
import pytest
import torch

from lesion.compress.search.ddpg import BUFFER, Agent
from lesion.compress.search.state import States
from tests.compress.search.problems import Listed


def agent(seed: int = 0) -> Agent:
    return Agent(3, least=0.2, seed=seed)


def test_actions_are_within_the_bounds_and_as_noisy_as_asked() -> None:
    state, made = torch.tensor([0.1, 0.5, 0.9]), agent()
    wide, narrow = (np.array([made.act(state, noise) for _ in range(300)]) for noise in (0.5, 0.02))
    for drawn in (wide, narrow):
        assert drawn.min() >= 0.2
        assert drawn.max() <= 1
    assert narrow.std() == pytest.approx(0.02, rel=0.3)
    assert wide.std() > 0.15


def test_noise_falls_after_the_warm_up() -> None:
    noise = [Agent.noise(episode) for episode in range(4)]
    assert noise[0] == 0.5
    assert np.allclose(np.diff(np.log(noise)), np.log(0.95))


def test_an_agent_learns_an_action_that_is_rewarded() -> None:
    made, state = agent(), torch.tensor([0.1, 0.5, 0.9])
    before = made.act(state, 1e-6)
    for episode in range(70):
        action = made.act(state, 0.3)
        made.remember([(state, action, None)], 1 - 4 * abs(action - 0.9), updates=2 if episode > 20 else 0)
    assert abs(made.act(state, 1e-6) - 0.9) < abs(before - 0.9) - 0.05


def test_the_buffer_forgets_the_oldest() -> None:
    made, state = agent(), torch.zeros(3)
    made.remember([(state, 0.5, None)] * (BUFFER + 5), 0.0, updates=0)
    assert len(made._memory) == BUFFER


def test_initial_weights_leave_the_global_generator_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    agent(seed=9)
    assert torch.equal(torch.rand(1), expected)


def test_the_state_is_that_of_the_paper() -> None:
    listed = Listed([10, 20, 40], [5, 3, 2], [1.0] * 3)  # costs 50, 60, 80
    states = States(listed.problem)
    first = states.at(0, dict(listed.problem.most), 1.0)
    assert first.tolist() == pytest.approx([0, 0, 1, 0, 0, 0, 0, 50 / 190, 0, 140 / 190, 1])
    last = states.at(2, {"0.weight": 4, "1.weight": 5, "2.weight": 32}, 0.75)
    assert last.tolist() == pytest.approx([1, 1, 0, 0, 0, 0, 0, 80 / 190, 35 / 190, 0, 0.75])
