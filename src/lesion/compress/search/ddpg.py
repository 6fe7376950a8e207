"""The agent of AMC: deep deterministic policy gradient (Lillicrap et al., arXiv 1509.02971).

Numbers that are no arguments are those of the paper (He et al., arXiv 1802.03494, section 4), and where it has none
those of its published code.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

HIDDEN = 300
BUFFER, BATCH = 2000, 64
SOFT = 0.01
NOISE, DECAY = 0.5, 0.95
RATE_ACTOR, RATE_CRITIC = 1e-4, 1e-3
BASELINE = 0.5
"""Weight of a batch's mean reward in the moving average that is subtracted from rewards."""

Transition = tuple[Tensor, float, Tensor | None]
"""State, action, and the next state, or None at the end."""


class Actor(nn.Module):
    """State (n, states) -> action (n, 1) in [least, 1]: two hidden layers of 300, a sigmoid at the end."""

    def __init__(self, states: int, least: float) -> None:
        super().__init__()
        self._least = least
        self.layers = nn.Sequential(
            nn.Linear(states, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1)
        )

    def forward(self, state: Tensor) -> Tensor:
        """The share that is kept."""
        return self._least + (1 - self._least) * torch.sigmoid(self.layers(state))


class Critic(nn.Module):
    """State (n, states) and action (n, 1) -> value (n, 1): two hidden layers of 300."""

    def __init__(self, states: int) -> None:
        super().__init__()
        self.state, self.action = nn.Linear(states, HIDDEN), nn.Linear(1, HIDDEN, bias=False)
        self.layers = nn.Sequential(nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1))

    def forward(self, state: Tensor, action: Tensor) -> Tensor:
        """The expected reward, less the baseline."""
        values: Tensor = self.layers(self.state(state) + self.action(action))
        return values


class Agent:
    """Chooses the share of each layer that is kept, and learns from the rewards of whole networks. On the CPU.

    Parameters
    ----------
    states : number of entries of a state
    least : the smallest action; the largest is 1
    seed : of initial weights, noise and batches
    """

    def __init__(self, states: int, *, least: float, seed: int) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._actor, self._critic = Actor(states, least), Critic(states)
        self._targets = copy.deepcopy((self._actor, self._critic))
        self._optimisers = (
            torch.optim.Adam(self._actor.parameters(), lr=RATE_ACTOR),
            torch.optim.Adam(self._critic.parameters(), lr=RATE_CRITIC),
        )
        self._least, self._draws = least, torch.Generator().manual_seed(seed)
        self._memory: deque[tuple[Tensor, float, float, Tensor | None]] = deque(maxlen=BUFFER)
        self._baseline: float | None = None

    @staticmethod
    def noise(learning: int) -> float:
        """Standard deviation of the noise in the `learning`-th episode after the warm-up, from 0."""
        return NOISE * DECAY**learning

    def act(self, state: Tensor, noise: float) -> float:
        """The action for a state (states,): normal around the policy's, within the bounds."""
        with torch.no_grad():
            policy = float(self._actor(state[None]))
        drawn = torch.empty(1, dtype=torch.float64)
        nn.init.trunc_normal_(drawn, policy, noise, a=self._least, b=1.0, generator=self._draws)
        return float(drawn)

    def remember(self, steps: Sequence[Transition], reward: float, *, updates: int) -> None:
        """Add the steps of an episode, each with the reward of its end, and learn from `updates` batches."""
        self._memory.extend((state, action, reward, following) for state, action, following in steps)
        for _ in range(updates):
            self._learn()

    def _learn(self) -> None:
        """One step of critic and actor, and of the networks that follow them slowly. γ is 1."""
        rows = torch.randperm(len(self._memory), generator=self._draws)[:BATCH].tolist()
        batch = [self._memory[row] for row in rows]
        state = torch.stack([one[0] for one in batch])
        action = torch.tensor([[one[1]] for one in batch])
        reward = torch.tensor([[one[2]] for one in batch])
        ends = torch.tensor([[one[3] is None] for one in batch])
        following = torch.stack([one[0] if one[3] is None else one[3] for one in batch])
        mean = float(reward.mean())
        self._baseline = mean if self._baseline is None else self._baseline + BASELINE * (mean - self._baseline)
        with torch.no_grad():
            actor, critic = self._targets
            later = critic(following, actor(following)).masked_fill(ends, 0.0)
            wanted = reward - self._baseline + later
        self._step(1, functional.mse_loss(self._critic(state, action), wanted))
        self._step(0, -self._critic(state, self._actor(state)).mean())
        with torch.no_grad():
            for target, source in zip(self._targets, (self._actor, self._critic), strict=True):
                for slow, fast in zip(target.parameters(), source.parameters(), strict=True):
                    slow.lerp_(fast, SOFT)

    def _step(self, which: int, loss: Tensor) -> None:
        """One step of the actor's or the critic's optimiser."""
        self._optimisers[which].zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimisers[which].step()
