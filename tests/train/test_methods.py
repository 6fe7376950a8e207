"""What a method may ask of the loop: several trainings, parameters of its own, a penalty; and dense asks nothing."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer

from lesion.compress.learned import Learned
from lesion.train.loop import learning_rate, micro_batches, total_steps
from tests.rounding import assert_close, assert_trained_alike
from tests.training import (
    PRODUCTS,
    RECIPE,
    SEEDS,
    STEPS,
    effective,
    method_of,
    pruned,
    random_split,
    recipe,
    small_network,
    train,
)

DENSE = {"method": "dense"}


def plain_loop(model: nn.Module) -> list[float]:
    """The recipe written out, with torch's own optimiser and nothing else; the loss of each step."""
    split = random_split()
    optimiser = torch.optim.SGD(
        model.parameters(), lr=RECIPE.rate, momentum=RECIPE.momentum, nesterov=True, fused=True,
        weight_decay=RECIPE.weight_decay,
    )  # fmt: skip
    losses = []
    for step in range(STEPS):
        part = micro_batches(RECIPE, 70, step // 8, SEEDS)[step % 8]
        optimiser.param_groups[0]["lr"] = learning_rate(RECIPE, step, steps_per_epoch=8)
        optimiser.zero_grad()
        inputs = split.normalise(torch.from_numpy(split.images.read(part.rows)))
        loss = functional.cross_entropy(model(inputs), split.label[part.rows])
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(loss.item())
    return losses


def test_dense_trains_as_a_plain_loop_does() -> None:
    model, plain = small_network(), small_network()
    loss = train(model, method_of(model, DENSE))
    losses = plain_loop(plain)
    assert_trained_alike(model.state_dict(), plain.state_dict(), steps=STEPS)
    assert loss == pytest.approx(np.mean(losses[-8:]), rel=1e-5)


class Repeated:
    """A method that trains several times over, with a parameter of its own."""

    def __init__(self, trainings: int, learned: list[Learned]) -> None:
        self.trainings, self.learned = trainings, learned
        self.steps: list[int] = []
        self.rates: list[list[float]] = []

    def before_step(self, step: int, optimiser: Optimizer) -> None:
        self.steps.append(step)
        self.rates.append([group["lr"] for group in optimiser.param_groups])  # of the step before

    def penalty(self, step: int) -> Tensor | None:
        return None if step % 2 else torch.stack([(step + 1) * parameter.sum() for parameter, _ in self.learned]).sum()

    def finish(self) -> None:
        self.steps.append(-1)


@pytest.mark.parametrize("epochs", [3, 1.5, 0.125])
@pytest.mark.parametrize("trainings", [1, 2, 3, 4])
def test_progress_is_that_of_one_training(epochs: float, trainings: int) -> None:
    chosen, seen = recipe(epochs=epochs), []
    method = Repeated(trainings, [Learned(nn.Parameter(torch.zeros(2)), 1.0)])
    train(small_network(), method, chosen, on_step=lambda: seen.append(len(method.steps)))
    once = total_steps(chosen, 70)
    assert method.steps == [*range(trainings * once), -1]
    assert seen == [trainings * (done + 1) for done in range(once)]


@pytest.mark.parametrize("epochs", [3, 2.5])
def test_the_learning_rate_starts_again_with_each_training(epochs: float) -> None:
    method, chosen = Repeated(3, [Learned(nn.Parameter(torch.zeros(2)), 10.0)]), recipe(epochs=epochs)
    train(small_network(), method, chosen)
    once = total_steps(chosen, 70)
    own, added = zip(*method.rates[1:], strict=True)
    expected = [learning_rate(chosen, step, steps_per_epoch=8) for step in range(once)]
    assert list(own) == (expected * 3)[:-1]  # the rate of the last step nobody asks for
    assert added == pytest.approx([10 * rate for rate in own], rel=1e-12)


def test_images_of_a_later_training_come_in_an_order_of_their_own() -> None:
    rows = [tuple(row for part in micro_batches(RECIPE, 70, epoch, SEEDS) for row in part.rows) for epoch in range(9)]
    assert len(set(rows)) == 9


def test_what_a_method_learns_has_its_penalty_its_rate_and_no_decay() -> None:
    parameter = nn.Parameter(torch.tensor([3.0, -2.0]))
    model, plain = small_network(), small_network()
    train(model, Repeated(1, [Learned(parameter, 0.5)]))
    value, velocity = np.array([3.0, -2.0]), np.zeros(2)
    for step in range(0, STEPS, 2):  # without a gradient it stays where it is
        gradient = np.full(2, step + 1.0)
        velocity = RECIPE.momentum * velocity + gradient
        rate = 0.5 * learning_rate(RECIPE, step, steps_per_epoch=8)
        value -= rate * (gradient + RECIPE.momentum * velocity)
    np.testing.assert_allclose(parameter.detach().numpy(), value, rtol=1e-4)
    train(plain, method_of(plain, DENSE))
    assert_trained_alike(model.state_dict(), plain.state_dict(), steps=STEPS)  # the network's own train as ever


def test_a_parameter_that_is_learned_within_the_network_is_in_one_group_alone() -> None:
    def decays(times: float) -> float:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.Linear(64, 4))
        model.register_parameter("extra", nn.Parameter(torch.ones(1)))
        method = Repeated(1, [Learned(model.get_parameter("extra"), times)])
        train(model, method, recipe(epochs=0.125))
        return 1 - model.get_parameter("extra").item()

    assert decays(2.0) == pytest.approx(2 * decays(1.0), rel=1e-4)


def test_kept_weights_train_as_those_of_a_plain_network_with_zeros() -> None:
    model, plain, step = small_network(), small_network(), recipe(epochs=0.125)
    train(model, method_of(model, pruned()), step)
    chosen = method_of(plain, pruned())
    chosen.before_step(0, torch.optim.SGD(plain.parameters()))
    chosen.finish()
    kept = {name: weight != 0 for name, weight in effective(plain).items()}
    train(plain, method_of(plain, DENSE), step)
    for name, weight in effective(plain).items():
        assert torch.equal(effective(model)[name] != 0, kept[name])
        # A step rounds four times, and its gradient is of sums.
        assert_close(effective(model)[name], weight.where(kept[name], 0), operations=4 + PRODUCTS)
        assert (weight[~kept[name]] != 0).any()
