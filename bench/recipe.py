"""What the parts of the recipe of `cifar10-catalogue` are worth at equal processor time.

`python -m bench.recipe [SECONDS [SEEDS [ROW ...]]]` trains each row, or those that are named, for SECONDS of processor
time (30), by one thread, with SEEDS seeds (3). CIFAR-10 is found as the data set `cifar10` finds it. Short runs first
tell how many epochs a row has time for. Rows run in turn, so that a machine that slows down does so for all of them.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from scipy import stats
from torch import nn

from bench.measure import ROOT
from lesion.data.images import PackedImages, as_images
from lesion.data.split import Split, read_split
from lesion.params.recipe import Evaluation, Recipe
from lesion.pipeline.run import run
from lesion.predict.evaluate import logits, read_batches
from lesion.train.device import computing
from lesion.train.population import train_member
from lesion.train.seeds import Seeds

STUDY = "cifar10-catalogue"
REPEATS, SHORT, STEP = 3, 0.04, 1e-6  # short runs of each row, their share of a training, epochs of a single step
BEFORE: dict[str, Any] = {
    "epochs": 6, "warmup": 1.0, "schedule": "steps", "decay": [3.5, 4.5, 5.4], "decay_factor": 0.3,
    "label_smoothing": 0.0,
    "augmentation": {"shift": 1, "mirror": True, "smallest_area": 1.0},
}  # fmt: skip
SMALLER = [(16, 0.35), (24, 0.65)]  # sides in pixels, each until a share of the training
FEW = 500  # training images of each class that were taken before


@dataclass(frozen=True)
class Setting:
    """One row: the training images, the network and the recipe, whose epochs stand for shares of the training."""

    name: str
    split: Split
    model: dict[str, Any]
    recipe: dict[str, Any]

    def train(self, epochs: float, *, member: int) -> tuple[nn.Module, float]:
        """A network that is trained for so many epochs, and the seconds of processor time that it took."""
        scale, augmentation = epochs / self.recipe["epochs"], self.recipe["augmentation"]
        smaller = [{**part, "until": part["until"] * scale} for part in augmentation.get("smaller", [])]
        timed = {
            "epochs": epochs,
            "warmup": self.recipe["warmup"] * scale,
            "decay": [epoch * scale for epoch in self.recipe["decay"]],
            "augmentation": {**augmentation, "smaller": smaller},
        }
        recipe = Recipe.model_validate(self.recipe | timed)
        seeds = Seeds.derive(0, STUDY, "dense", member)
        with computing(threads=1):
            start = time.process_time()
            network, _ = train_member(
                self.model, {"method": "dense"}, self.split, recipe=recipe, seeds=seeds, device=torch.device("cpu")
            )
            return network, time.process_time() - start


def settings(study: dict[str, Any], split: Split) -> Iterator[Setting]:
    """The recipe before, the present one, and the present one with one part changed."""
    model, recipe = study["model"], study["recipe"]
    plain, old = {**model, "whiten": None}, {**recipe, **BEFORE}
    by_turns = {**recipe["augmentation"], "mirror": "alternating"}
    sides = [{"side": side, "until": share * recipe["epochs"]} for side, share in SMALLER]
    smaller = {**recipe["augmentation"], "smaller": sides}
    yield Setting("before: 500 images of each class", first(split, FEW), plain, old)
    yield Setting("before, with all images", split, plain, old)
    yield Setting("now", split, model, recipe)
    yield Setting("now, without whitening", split, plain, recipe)
    yield Setting("now, the rate in steps", split, model, {**recipe, **in_steps(recipe)})
    yield Setting("now, mirrored by turns", split, model, {**recipe, "augmentation": by_turns})
    yield Setting("now, without label smoothing", split, model, {**recipe, "label_smoothing": 0.0})
    yield Setting("now, with weight decay of weights alone", split, model, {**recipe, "weight_decay_of": "weights"})
    yield Setting("now, with smaller images at first", split, model, {**recipe, "augmentation": smaller})


def in_steps(recipe: dict[str, Any]) -> dict[str, Any]:
    """The schedule of the rate before, by the same shares of the training."""
    scale = recipe["epochs"] / BEFORE["epochs"]
    decay = [epoch * scale for epoch in BEFORE["decay"]]
    return {"schedule": "steps", "decay": decay, "decay_factor": BEFORE["decay_factor"]}


def first(split: Split, per_class: int) -> Split:
    """The first images of each class."""
    label = split.label.numpy()
    rows = np.sort(np.concatenate([np.flatnonzero(label == one)[:per_class] for one in range(len(split.class_names))]))
    images = PackedImages(as_images(split.images, STUDY).read(rows))
    return replace(split, example_id=split.example_id[rows], images=images, label=split.label[rows])


def accuracy(network: nn.Module, test: Split, evaluation: Evaluation) -> float:
    """Percent of the test images that are right."""
    network.eval()
    batches = read_batches(test.images, len(test.label), evaluation)
    found = torch.cat([logits(network, test.normalise(batch), evaluation).argmax(1) for batch in batches])
    return 100 * float((found == test.label).float().mean())


def epochs_in(seconds: float, rows: list[Setting]) -> list[float]:
    """Epochs that each row has time for, from a single step and a short run; of each the least of some, in turn."""

    def spent(share: float) -> list[float]:
        return [row.train(share * row.recipe["epochs"] + STEP, member=0)[1] for row in rows]

    single, short = np.array([[spent(0.0), spent(SHORT)] for _ in range(REPEATS)]).min(axis=0)
    rate = np.array([SHORT * row.recipe["epochs"] for row in rows]) / (short - single)
    return [float(many) for many in rate * (seconds - single)]


def interval(values: list[float]) -> str:
    """Mean and half the width of its 95 % t interval."""
    half = (
        stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5 if len(values) > 1 else np.nan
    )
    return f"{np.mean(values):.2f} ± {half:.2f}"


def read() -> tuple[dict[str, Any], Split, Split]:
    """The study, its training and its test images."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
        run("data", {"study": STUDY})
        examples, images = (next(Path().rglob(f"{name}.*")) for name in ("examples", "images"))
        train, test = (read_split(examples, images, part) for part in ("train", "test"))
    return params["studies"][STUDY], train, test


def main() -> None:
    """Print a table, a row for each setting."""
    seconds, seeds = (float(sys.argv[1]) if len(sys.argv) > 1 else 30.0), (int(sys.argv[2]) if len(sys.argv) > 2 else 3)
    study, train, test = read()
    evaluation = Evaluation.model_validate(study["evaluation"])
    rows = [row for row in settings(study, train) if not sys.argv[3:] or row.name in sys.argv[3:]]
    epochs = epochs_in(seconds, rows)
    right: list[list[float]] = [[] for _ in rows]
    spent: list[list[float]] = [[] for _ in rows]
    for member in range(seeds):
        for place, row in enumerate(rows):
            network, took = row.train(epochs[place], member=member)
            right[place].append(accuracy(network, test, evaluation))
            spent[place].append(took)
    print(f"| {STUDY}, {seconds:g} s of one core | images seen | seconds | right, % |\n| --- | --- | --- | --- |")
    for place, row in enumerate(rows):
        seen, mean = epochs[place] * len(row.split.label), float(np.mean(spent[place]))
        print(f"| {row.name} | {seen:,.0f} | {mean:.1f} | {interval(right[place])} |")


if __name__ == "__main__":
    main()
