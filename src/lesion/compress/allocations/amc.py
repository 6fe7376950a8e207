"""AMC: an agent learns how much of each layer to keep (He et al., arXiv 1802.03494).

In each episode the agent walks through the layers, sees the state of each (eq. 1) and chooses the share that is kept.
The share is bounded so that the layers that follow can still meet the budget (algorithm 1). The reward of the whole
network at the end is that of each step. The best episode is the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from lesion.compress.search.options import Searching

if TYPE_CHECKING:
    from lesion.compress.search.ddpg import Agent, Transition
    from lesion.compress.search.problem import AllocationProblem, Counts
    from lesion.compress.search.state import States


class Options(Searching):
    """`warmup`: the first of the trials, in which the agent explores with constant noise and does not learn.

    The paper has 100 of 400.
    """

    warmup: int = Field(ge=0)

    @model_validator(mode="after")
    def _learns(self) -> Self:
        if self.warmup >= self.trials:
            raise ValueError("warmup: is not below trials, so the agent never learns")
        return self


def search(problem: AllocationProblem, options: Options) -> Counts:
    """The best allocation of all episodes; each is a trial."""
    from lesion.compress.search.ddpg import Agent
    from lesion.compress.search.state import States

    states = States(problem)
    agent = Agent(states.size, least=options.least, seed=problem.seed)
    best: tuple[float, Counts] | None = None
    for episode in range(options.trials):
        learning = episode - options.warmup
        counts, steps = _walk(problem, states, agent, agent.noise(max(0, learning)))
        reward = problem.reward(counts)
        agent.remember(steps, reward, updates=len(steps) if learning >= 0 else 0)
        if best is None or reward > best[0]:
            best = reward, counts
    assert best is not None
    return best[1]


def _walk(problem: AllocationProblem, states: States, agent: Agent, noise: float) -> tuple[Counts, list[Transition]]:
    """One episode: the numbers of groups, and what happened at each layer, whose reward is not known yet."""
    from lesion.compress.search.levels import smallest_count

    counts, kept = dict(problem.most), 1.0
    names = [*problem.tensors]
    steps: list[Transition] = []
    state = states.at(0, counts, kept)
    for place, name in enumerate(names):
        groups = problem.groups(name)
        wanted = round((1 - agent.act(state, noise)) * groups)
        counts[name] = max(min(wanted, problem.most[name]), smallest_count(problem, counts, name))
        kept = 1 - counts[name] / groups
        following = states.at(place + 1, counts, kept) if place + 1 < len(names) else None
        steps.append((state, kept, following))
        state = state if following is None else following
    return counts, steps
