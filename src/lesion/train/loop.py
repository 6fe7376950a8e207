"""The training of one member."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer

from lesion.compress.learned import Learned
from lesion.data.loading import load
from lesion.data.split import Split
from lesion.errors import InputError
from lesion.params.recipe import Recipe
from lesion.seeds import derive_seed
from lesion.train.device import autocast
from lesion.train.resume import NEVER, Snapshots
from lesion.train.seeds import Seeds


class Training(Protocol):
    """What a trained method does beside the optimiser's steps; what it keeps between them is in the model's state.

    Attributes
    ----------
    trainings : how many times the recipe is run, one after the other
    """

    trainings: int

    @property
    def learned(self) -> Sequence[Learned]:
        """Parameters that the method adds to the network."""

    def before_step(self, step: int, optimiser: Optimizer) -> None:
        """Called before each step, counted from 0 over all trainings."""

    def penalty(self, step: int) -> Tensor | None:
        """What is added to the loss of a step, in nats."""

    def finish(self) -> None:
        """Called after the last step."""


def learning_rate(recipe: Recipe, step: int, *, steps_per_epoch: int) -> float:
    """Rate of a step: linear warm-up from rate / warm-up steps, then times `decay_factor` at each decay epoch."""
    warmup = round(recipe.warmup * steps_per_epoch)
    if step < warmup:
        return recipe.rate * (step + 1) / warmup
    decays = sum(step >= epoch * steps_per_epoch for epoch in recipe.decay)
    return recipe.rate * recipe.decay_factor**decays


def total_steps(recipe: Recipe, examples: int) -> int:
    """Steps of a whole training; InputError where there is less than one batch."""
    if examples < recipe.batch:
        raise InputError(f"a batch of {recipe.batch} is more than the {examples} training examples")
    return max(1, round(recipe.epochs * (examples // recipe.batch)))


@dataclass(frozen=True)
class Pass:
    """Images that go through the network together: a part of a batch, and the seed that varies them."""

    rows: np.ndarray[tuple[int], np.dtype[np.intp]]
    seed: int


def passes(recipe: Recipe, examples: int, epoch: int, seeds: Seeds) -> list[Pass]:
    """One epoch in a random order of its own, the last incomplete batch dropped.

    All is drawn from the seeds and the place, nothing from what was drawn before: a training can begin at any step.
    """
    order = np.random.default_rng(derive_seed(seeds.order, epoch)).permutation(examples)
    parts = order[: examples - examples % recipe.batch].reshape(-1, recipe.micro_batch)
    return [Pass(rows, derive_seed(seeds.augmentation, epoch, place)) for place, rows in enumerate(parts)]


def sgd(model: nn.Module, learned: Sequence[Learned], recipe: Recipe) -> Optimizer:
    """The recipe's optimiser; each group of parameters has the factor `times` on the learning rate."""
    added = {parameter for parameter, _ in learned}
    own = [parameter for parameter in model.parameters() if parameter not in added]
    groups: list[dict[str, Any]] = [{"params": own, "times": 1.0}]
    groups += [{"params": [parameter], "times": rate, "weight_decay": 0.0} for parameter, rate in learned]
    return torch.optim.SGD(
        groups, lr=recipe.rate, momentum=recipe.momentum, nesterov=recipe.momentum > 0,
        weight_decay=recipe.weight_decay, fused=True,
    )  # fmt: skip


def fit(
    model: nn.Module,
    method: Training,
    split: Split,
    *,
    recipe: Recipe,
    seeds: Seeds,
    device: torch.device,
    snapshots: Snapshots = NEVER,
    on_step: Callable[[], None] = lambda: None,
) -> float:
    """Train `model` in place on `split`; from the last of `snapshots` on, where there is one.

    `on_step` is called as often as one training has steps, however many trainings the method asks for.

    Returns
    -------
    The mean loss of the last epoch, in nats.

    Raises
    ------
    InputError
        Where the loss is not finite at the end of an epoch: a diverged member must not reach an audit.
    """
    optimiser = sgd(model, method.learned, recipe)
    examples, per_epoch = len(split.label), len(split.label) // recipe.batch
    once = total_steps(recipe, examples)
    steps = method.trainings * once
    each = recipe.batch // recipe.micro_batch

    def read(part: Pass) -> tuple[Tensor, Tensor, int]:
        pixels = split.images.augmented(part.rows, recipe.augmentation, part.seed)
        return torch.from_numpy(pixels), split.label[part.rows], part.seed

    def forward_backward(pixels: Tensor, label: Tensor, seed: int) -> Tensor:
        torch.manual_seed(seed)  # of dropout and the like
        inputs, label = split.normalise(pixels.to(device, non_blocking=True)), label.to(device)
        with autocast(device, recipe.precision):
            logits = model(inputs)
        loss = functional.cross_entropy(logits.float(), label, label_smoothing=recipe.label_smoothing) / each
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    model.train()
    step, total = snapshots.restore(model, optimiser)
    total = total.to(device)
    for _ in range(step // method.trainings):
        on_step()
    while step < steps:
        epoch, done = divmod(step, per_epoch)
        last = min(steps, (epoch + 1) * per_epoch)
        parts = passes(recipe, examples, epoch, seeds)[done * each : (last - epoch * per_epoch) * each]
        stream = load(read, parts, workers=recipe.workers)
        total *= done > 0
        while step < last:
            method.before_step(step, optimiser)
            rate = learning_rate(recipe, step % once, steps_per_epoch=per_epoch)
            for group in optimiser.param_groups:
                group["lr"] = rate * group["times"]
            optimiser.zero_grad()
            if (penalty := method.penalty(step)) is not None:
                penalty.backward()  # type: ignore[no-untyped-call]
            for part in islice(stream, each):
                total += forward_backward(*part)
            optimiser.step()
            step += 1
            if step % method.trainings == 0:
                on_step()
            snapshots.offer(step, total, model, optimiser)
        if not torch.isfinite(total):
            raise InputError(f"the loss is {total.item()} in epoch {epoch + 1}: the training diverged")
    method.finish()
    return total.item() / (steps - (steps - 1) // per_epoch * per_epoch)
