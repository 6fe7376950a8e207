"""The training of one member."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer

from lesion.compress.learned import Learned
from lesion.compress.training import AddsToLoss, Training
from lesion.data.augment import Marks, alternating, turn
from lesion.data.loading import load
from lesion.data.split import Split
from lesion.errors import InputError
from lesion.params.recipe import Recipe
from lesion.seeds import derive_seed
from lesion.train.device import autocast
from lesion.train.progressive import check_sides, shown_side, shrink
from lesion.train.resume import NEVER, Snapshots
from lesion.train.seeds import Seeds


def learning_rate(recipe: Recipe, step: int, *, steps_per_epoch: int) -> float:
    """Learning rate of a step: linear warm-up, then multiplied by `decay_factor` at each decay epoch, or on a line.

    The line ends one step after the last one at zero: the triangle of D. Page's and K. Jordan's fast trainings of
    CIFAR-10 (arXiv 2404.00498, section 3).
    """
    warmup = round(recipe.warmup * steps_per_epoch)
    if step < warmup:
        return recipe.rate * (step + 1) / warmup
    if recipe.schedule == "triangular":
        steps = max(1, round(recipe.epochs * steps_per_epoch))
        return recipe.rate * (steps - step) / (steps - warmup)
    decays = sum(step >= epoch * steps_per_epoch for epoch in recipe.decay)
    return recipe.rate * recipe.decay_factor**decays


def total_steps(recipe: Recipe, examples: int) -> int:
    """Number of steps of one training; InputError if the examples do not fill a batch."""
    if examples < recipe.batch:
        raise InputError(f"a batch of {recipe.batch} is more than the {examples} training examples")
    return max(1, round(recipe.epochs * (examples // recipe.batch)))


@dataclass(frozen=True)
class MicroBatch:
    """One micro-batch: row indices, the augmentation seed, and which images are mirrored (None: the seed decides)."""

    rows: np.ndarray[tuple[int], np.dtype[np.intp]]
    seed: int
    turned: Marks | None = None


def micro_batches(recipe: Recipe, examples: int, epoch: int, seeds: Seeds) -> list[MicroBatch]:
    """The micro-batches of one epoch, in a random order. The last incomplete batch is dropped.

    The draws depend only on the seeds, the epoch and the position, so a training can resume at any step.
    """
    order = np.random.default_rng(derive_seed(seeds.order, epoch)).permutation(examples)
    parts = order[: examples - examples % recipe.batch].reshape(-1, recipe.micro_batch)
    turned = alternating(examples, epoch, seeds.augmentation) if recipe.augmentation.mirror == "alternating" else None
    return [
        MicroBatch(rows, derive_seed(seeds.augmentation, epoch, place), None if turned is None else turned[rows])
        for place, rows in enumerate(parts)
    ]


def sgd(model: nn.Module, learned: Sequence[Learned], recipe: Recipe) -> Optimizer:
    """The recipe's optimiser. Each parameter group has the key `times`, its factor on the learning rate.

    Parameters of one dimension (norms, biases) get no weight decay where the recipe has it of `weights` alone.
    """
    added = {parameter for parameter, _ in learned}
    own = [parameter for parameter in model.parameters() if parameter not in added]
    free = {parameter for parameter in own if recipe.weight_decay_of == "weights" and parameter.ndim < 2}
    groups: list[dict[str, Any]] = [{"params": [one for one in own if one not in free], "times": 1.0}]
    if free:
        groups.append({"params": [one for one in own if one in free], "times": 1.0, "weight_decay": 0.0})
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
    """Train `model` in place on `split`, from the last snapshot on if there is one.

    `on_step` is called once for each step of a single training, even if the method runs several trainings.

    Returns
    -------
    The mean loss of the last epoch, in nats.

    Raises
    ------
    InputError
        If the loss is not finite at the end of an epoch: a diverged member must not reach an audit. If the network does
        not take the smaller images of the recipe.
    """
    check_sides(model, split, recipe.augmentation, device=device)
    optimiser = sgd(model, method.learned, recipe)
    examples, per_epoch = len(split.label), len(split.label) // recipe.batch
    steps_per_training = total_steps(recipe, examples)
    steps = method.trainings * steps_per_training
    parts_per_step = recipe.batch // recipe.micro_batch

    def read(part: MicroBatch) -> tuple[Tensor, Tensor, int]:
        pixels = split.images.augmented(part.rows, recipe.augmentation, part.seed)
        if part.turned is not None:
            pixels = turn(pixels, part.turned)
        return torch.from_numpy(pixels), split.label[part.rows], part.seed

    def forward_backward(pixels: Tensor, label: Tensor, seed: int, side: int | None) -> Tensor:
        torch.manual_seed(seed)  # for dropout
        inputs, label = split.normalise(pixels.to(device, non_blocking=True)), label.to(device)
        inputs = shrink(inputs, side)
        with autocast(device, recipe.precision):
            logits = model(inputs)
        loss = functional.cross_entropy(logits.float(), label, label_smoothing=recipe.label_smoothing)
        loss = loss / parts_per_step
        added = method.batch_loss(logits.float(), label) if isinstance(method, AddsToLoss) else None
        (loss if added is None else loss + added / parts_per_step).backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    model.train()
    step, total = snapshots.restore(model, optimiser)
    total = total.to(device)
    for _ in range(step // method.trainings):
        on_step()
    while step < steps:
        epoch, done = divmod(step, per_epoch)
        last = min(steps, (epoch + 1) * per_epoch)
        first, end = done * parts_per_step, (last - epoch * per_epoch) * parts_per_step
        parts = micro_batches(recipe, examples, epoch, seeds)[first:end]
        stream = load(read, parts, workers=recipe.workers)
        total *= done > 0
        while step < last:
            method.before_step(step, optimiser)
            rate = learning_rate(recipe, step % steps_per_training, steps_per_epoch=per_epoch)
            side = shown_side(recipe.augmentation, step % steps_per_training, steps_per_epoch=per_epoch)
            for group in optimiser.param_groups:
                group["lr"] = rate * group["times"]
            optimiser.zero_grad()
            if (penalty := method.penalty(step)) is not None:
                penalty.backward()  # type: ignore[no-untyped-call]
            for part in islice(stream, parts_per_step):
                total += forward_backward(*part, side)
            optimiser.step()
            step += 1
            if step % method.trainings == 0:
                on_step()
            snapshots.offer(step, total, model, optimiser)
        if not torch.isfinite(total):
            raise InputError(f"the loss is {total.item()} in epoch {epoch + 1}: the training diverged")
    method.finish()
    return total.item() / (steps - (steps - 1) // per_epoch * per_epoch)
