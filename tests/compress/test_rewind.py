"""Rewinding brings back the very weights, and the training begins anew."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from lesion.compress.masks import MaskedNetwork, keep_largest
from lesion.compress.rewind import Rewind
from lesion.train.loop import learning_rate
from tests.training import RECIPE, STEPS, Watched, effective, masks, method_of, pruned, same, small_network, train


def iterative(rewind: float | None, *, rounds: int = 2) -> dict[str, Any]:
    return {"name": "iterative", "rounds": rounds, "rewind": rewind}


def learnt(model: nn.Module) -> dict[str, Tensor]:
    """All parameters, those under masks too, and the statistics of batch norms."""
    statistics = ("running_mean", "running_var", "num_batches_tracked")
    buffers = {
        name: value for name, value in model.named_buffers() if name.endswith(statistics) and "saved" not in name
    }
    return {name: value.detach().clone() for name, value in [*model.named_parameters(), *buffers.items()]}


class Seen:
    """What a training looked like before and after `before_step` of each step, and the rate of each step."""

    def __init__(self, **axes: Any) -> None:
        self.model = small_network()
        self.before: list[dict[str, Tensor]] = []
        self.after: list[dict[str, Tensor]] = []
        self.masks: list[dict[str, Tensor]] = []
        self.momenta: list[list[Tensor]] = []
        self.rates: list[float] = []
        method = method_of(self.model, pruned(**axes))
        train(self.model, Watched(method, before=self.look_before, after=self.look_after))

    def look_before(self, _: int, optimiser: Optimizer) -> None:
        self.before.append(learnt(self.model))
        self.rates.append(optimiser.param_groups[0]["lr"])  # of the step before

    def look_after(self, _: int, optimiser: Optimizer) -> None:
        self.after.append(learnt(self.model))
        self.masks.append(masks(self.model))
        self.momenta.append([state["momentum_buffer"] for state in optimiser.state.values() if state])


@pytest.mark.parametrize("rewind", [0.0, 0.25, 0.99])
@pytest.mark.parametrize("shape", ["weight", "filter"])
def test_the_very_weights_come_back_and_the_training_begins_anew(rewind: float, shape: str) -> None:
    seen = Seen(schedule=iterative(rewind), shape=shape)
    kept = seen.before[min(round(rewind * STEPS), STEPS - 1)]
    assert len(seen.after) == 3 * STEPS
    assert len(kept) == 8 + 6  # weights and biases of two norms and a layer, two convolutions; three statistics a norm
    for step in (STEPS, 2 * STEPS):
        assert not same(seen.before[step], kept)
        assert same(seen.after[step], kept)
        assert seen.momenta[step] == []
        assert len(seen.momenta[step + 1]) == 8
        assert seen.rates[step + 1] == learning_rate(RECIPE, 0, steps_per_epoch=8) != seen.rates[step]
    assert seen.rates[1 : STEPS + 1] == seen.rates[STEPS + 1 : 2 * STEPS + 1]
    assert all(same(seen.before[step], seen.after[step]) for step in range(3 * STEPS) if step not in (STEPS, 2 * STEPS))


def test_without_rewinding_the_weights_go_on_and_the_momentum_does_not() -> None:
    seen = Seen(schedule=iterative(None))
    for step in (STEPS, 2 * STEPS):
        assert same(seen.after[step], seen.before[step])
        assert seen.momenta[step] == []
        assert seen.rates[step + 1] == seen.rates[1]


def test_masks_are_chosen_by_the_trained_weights_and_not_by_those_that_come_back() -> None:
    seen = Seen(schedule=iterative(0.0, rounds=1))
    for name, mask in seen.masks[STEPS].items():
        path, _, attribute = name.rpartition(".")
        original = f"{path}.parametrizations.{attribute}.original"

        def chosen(weight: Tensor, pruned: int = round(0.5 * mask.numel())) -> Tensor:
            return keep_largest(weight.abs().flatten()[None], pruned).view_as(weight)

        assert torch.equal(mask, chosen(seen.before[STEPS][original]))
        assert not torch.equal(mask, chosen(seen.after[STEPS][original]))


def test_the_network_is_plain_in_the_end() -> None:
    seen = Seen(schedule=iterative(0.0), shape="filter")
    plain = small_network()
    assert seen.model.state_dict().keys() == plain.state_dict().keys()
    assert [type(module) for module in seen.model.modules()] == [type(module) for module in plain.modules()]


@pytest.mark.parametrize(
    "build",
    [
        lambda: nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 2))),
        lambda: nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True),
        lambda: nn.Linear(3, 2),
    ],
    ids=["sequence", "attention", "a layer alone"],
)
def test_what_is_kept_is_in_the_state_and_outlives_masks(build: Any) -> None:
    torch.manual_seed(0)
    model, plain = build(), build()
    rewind, masked = Rewind(model), MaskedNetwork(model)
    rewind.save()
    kept = learnt(model)
    masked.set({name: torch.rand_like(weight) < 0.5 for name, weight in masked.weights().items()})
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    chosen = masks(model)
    with torch.no_grad():
        for tensor in model.state_dict().values():
            tensor.zero_()
        model.load_state_dict(state)  # as a resumed training does
        for parameter in model.parameters():
            parameter.add_(1)
    rewind.restore()
    assert same(learnt(model), kept)
    assert same(masks(model), chosen)
    rewind.remove()
    masked.remove()
    assert model.state_dict().keys() == plain.state_dict().keys()
    assert all(torch.equal(weight == 0, ~chosen[name]) for name, weight in effective(model).items())
