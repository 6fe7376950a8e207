"""The training of one member."""

from collections.abc import Callable, Iterator
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from lesion.data.split import Split
from lesion.errors import InputError
from lesion.params.recipe import Recipe
from lesion.train.augment import shift
from lesion.train.device import autocast


class Training(Protocol):
    """What a trained method does beside the optimiser's steps."""

    def before_step(self, step: int) -> None:
        """Called before each step, counted from 0."""

    def finish(self) -> None:
        """Called after the last step."""


def learning_rate(recipe: Recipe, step: int, *, steps_per_epoch: int) -> float:
    """Rate of a step: linear warm-up from rate / warm-up steps, then times `decay_factor` at each decay epoch."""
    warmup = round(recipe.warmup * steps_per_epoch)
    if step < warmup:
        return recipe.rate * (step + 1) / warmup
    decays = sum(step >= epoch * steps_per_epoch for epoch in recipe.decay)
    return recipe.rate * recipe.decay_factor**decays


def batches(count: int, batch: int, generator: torch.Generator) -> Iterator[Tensor]:
    """One epoch: indices of each batch in a random order, the last incomplete one dropped."""
    order = torch.randperm(count, generator=generator)
    yield from torch.split(order[: count - count % batch], batch)


def total_steps(recipe: Recipe, examples: int) -> int:
    """Steps of a whole training; InputError where there is less than one batch."""
    if examples < recipe.batch:
        raise InputError(f"a batch of {recipe.batch} is more than the {examples} training examples")
    return examples // recipe.batch * recipe.epochs


def fit(
    model: nn.Module,
    method: Training,
    split: Split,
    *,
    recipe: Recipe,
    order: torch.Generator,
    augmentation: torch.Generator,
    device: torch.device,
    on_step: Callable[[], None],
) -> float:
    """Train `model` in place on `split`, whose images lie in memory; `order` and `augmentation` are CPU generators.

    Returns
    -------
    The mean loss of the last epoch, in nats.

    Raises
    ------
    InputError
        Where the loss is not finite at the end of an epoch: a diverged member must not reach an audit.
    """
    images, label = split.images.to(device), split.label.to(device)
    optimiser = torch.optim.SGD(
        model.parameters(), lr=recipe.rate, momentum=recipe.momentum, nesterov=recipe.momentum > 0,
        weight_decay=recipe.weight_decay, fused=True,
    )  # fmt: skip
    steps_per_epoch, step = len(label) // recipe.batch, 0
    mean_loss = float("nan")
    model.train()
    for epoch in range(recipe.epochs):
        total = torch.zeros((), device=device)
        for rows in batches(len(label), recipe.batch, order):
            method.before_step(step)
            optimiser.param_groups[0]["lr"] = learning_rate(recipe, step, steps_per_epoch=steps_per_epoch)
            inputs = split.normalise(shift(images[rows], recipe.shift, augmentation))
            with autocast(device, recipe.precision):
                logits = model(inputs)
            loss = functional.cross_entropy(logits.float(), label[rows], label_smoothing=recipe.label_smoothing)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            total += loss.detach()
            step += 1
            on_step()
        mean_loss = total.item() / steps_per_epoch
        if not mean_loss < float("inf"):
            raise InputError(f"the loss is {mean_loss} in epoch {epoch + 1}: the training diverged")
    method.finish()
    return mean_loss
