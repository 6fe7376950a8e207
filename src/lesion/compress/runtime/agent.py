"""Run-time neural pruning (Lin et al. 2017): an agent says for each image how many groups of channels a layer computes.

The channels of a convolution are k groups. In state s_l, which a recurrent network over the layers makes of the mean of
each input channel, the agent takes the action a of the largest Q(s_l, a): groups 1 to a are computed, the others are
zero. Q is learned by Q-learning: the reward of an action is (a − 1) · penalty, and at the last layer −α · loss more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lesion.compress.per_image import Computed, Reader
from lesion.compress.runtime.convolution import SameConvolution
from lesion.compress.runtime.pairs import Pair


@dataclass(frozen=True)
class Decision:
    """What the agent decided at one layer for a batch.

    Attributes
    ----------
    value : float32 (n, k), Q of each action
    action : int64 (n,), groups beside the first that are computed: 0 to k − 1
    state : float32 (n, hidden)
    """

    value: Tensor
    action: Tensor
    state: Tensor


class Agent(nn.Module):
    """Encoders of each layer's input, a recurrent network over the layers, and Q of each number of groups.

    Parameters
    ----------
    inputs : input channels of each layer, in the order in which they run
    hidden, groups : size of the state, number of actions

    Attributes
    ----------
    exploration : probability ε of a random action in training
    decisions : of the last batch, layer by layer
    """

    def __init__(self, inputs: Sequence[int], *, hidden: int, groups: int) -> None:
        super().__init__()
        self.encoders = nn.ModuleList([nn.Linear(channels, hidden) for channels in inputs])
        self.recurrent = nn.Linear(hidden, hidden, bias=False)
        self.decoder = nn.Linear(hidden, groups)
        self.exploration = 1.0
        self.decisions: list[Decision] = []

    def decide(self, layer: int, x: Tensor) -> Tensor:
        """Groups to compute at a layer for its input x, (n, c, h, w), beside the first: int64 (n,)."""
        if layer == 0:
            self.decisions = []
        with torch.autocast(x.device.type, enabled=False):
            code = self.encoders[layer](x.detach().float().mean(dim=(2, 3)))
            state = torch.tanh(code + self.recurrent(self.decisions[-1].state) if self.decisions else code)
            value = self.decoder(state)
        action: Tensor = value.argmax(dim=1)
        if self.training:
            explored = torch.rand(len(x), device=x.device) < self.exploration
            action = torch.where(explored, torch.randint(value.shape[1], (len(x),), device=x.device), action)
        self.decisions.append(Decision(value, action, state))
        return action

    def loss(self, loss: Tensor, *, penalty: float, weight: float, discount: float) -> Tensor:
        """Mean squared error of Q against r + discount · max Q of the next layer, summed over layers, mean over images.

        loss : cross-entropy of each image, float32 (n,); `weight` is α
        """
        total = loss.new_zeros(())
        for place, decision in enumerate(self.decisions):
            reward = -penalty * decision.action.float()
            if place + 1 == len(self.decisions):
                target = reward - weight * loss.detach()
            else:
                target = reward + discount * self.decisions[place + 1].value.detach().amax(dim=1)
            own = decision.value.gather(1, decision.action[:, None]).squeeze(1)
            total = total + (own - target).square().mean()
        return total

    def forget(self) -> None:
        """Drop what is known of the last batch."""
        self.decisions = []


def group_of(channels: int, groups: int) -> Tensor:
    """The group of each channel, 0 to groups − 1: int64 (channels,), ascending, sizes that differ by at most 1."""
    return torch.arange(channels) * groups // channels


class GroupedConvolution(SameConvolution):
    """A convolution whose first groups of channels are computed, as many as the agent says for each image.

    In evaluation mode the outputs of the other channels are zero. The first layer holds the agent.
    """

    mask: Tensor | None = None

    def __init__(self, convolution: nn.Conv2d, agent: Agent, place: int, readers: tuple[Reader, ...] = ()) -> None:
        super().__init__(convolution)
        if place == 0:
            self.agent = agent.to(convolution.weight.device)
        self._agent, self._place, self._readers, self._positions = [agent], place, readers, 0
        self._group = group_of(convolution.out_channels, agent.decoder.out_features).to(convolution.weight.device)

    def forward(self, input: Tensor) -> Tensor:
        """(n, c, h, w) to (n, channels, h', w')."""
        self.mask = self._group.to(input.device) <= self._agent[0].decide(self._place, input)[:, None]
        output = super().forward(input)
        self._positions = output.shape[2] * output.shape[3]
        return output if self.training else output * self.mask[:, :, None, None]

    def computed(self) -> dict[str, Computed]:
        """The channels of the groups that were computed, of the last batch."""
        assert self.mask is not None
        return {"weight": Computed(self.mask, self._positions, self._readers)}

    def forget(self) -> None:
        """Drop what is known of the last batch."""
        self.mask = None
        self._agent[0].forget()


class GroupedNorm(nn.Module):
    """The batch norm of a grouped convolution: zero for the channels that are not computed.

    In training its statistics are those of all channels of all images.
    """

    def __init__(self, norm: nn.BatchNorm2d, convolution: GroupedConvolution) -> None:
        super().__init__()
        self.norm = norm
        self._of = [convolution]  # in a list: its tensors are not this module's

    def forward(self, y: Tensor) -> Tensor:
        """(n, channels, h, w) in and out."""
        mask = self._of[0].mask
        assert mask is not None
        normed: Tensor = self.norm(y)
        return normed * mask[:, :, None, None]


def group(model: nn.Module, pairs: list[Pair], *, hidden: int, groups: int) -> tuple[Agent, list[GroupedConvolution]]:
    """Put grouped layers in place of these pairs, and an agent into the first. It is drawn from torch's generator."""
    inputs = [model.get_parameter(f"{pair.convolution}.weight").shape[1] for pair in pairs]
    agent = Agent(inputs, hidden=hidden, groups=groups)
    grouped = []
    for place, pair in enumerate(pairs):
        convolution, norm = model.get_submodule(pair.convolution), model.get_submodule(pair.norm)
        assert isinstance(convolution, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        grouped.append(GroupedConvolution(convolution, agent, place, pair.readers))
        model.set_submodule(pair.convolution, grouped[-1])
        model.set_submodule(pair.norm, GroupedNorm(norm, grouped[-1]))
    return agent, grouped
