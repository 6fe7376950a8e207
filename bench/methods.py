"""What each pruning method costs over dense training, and the curvature scores by size of layer."""

import json
import math
import resource
import subprocess
import sys
import time
from typing import Any

import torch
import yaml
from torch import nn

from bench.measure import ROOT, row
from lesion.compress.choice import compute_saliency
from lesion.compress.masks import MaskedNetwork
from lesion.compress.probe import Probe
from lesion.data.images import PackedImages
from lesion.data.sample import TrainingSampler
from lesion.data.split import Normalise, Split
from lesion.params.recipe import Recipe
from lesion.params.variant import method
from lesion.train.device import computing
from lesion.train.population import train_member
from lesion.train.seeds import Seeds

LEVEL = "80"  # the level that stands for a method, where it has several
REPEATS = 3
SEEDS = Seeds(1, 2, 3, 4)
STUDIES = {"digits": (899, 8, 1), "cifar10-catalogue": (2048, 32, 3)}  # examples (CIFAR: fewer), side, channels
WIDTHS = (256, 576, 1024, 2304)  # of square linear layers
ONE_OFF = ("grasp", "l-obs", "woodfisher")  # whose scoring may cost more than a third of a training


def random_split(examples: int, side: int, channels: int) -> Split:
    """Random images of ten classes."""
    draws = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (examples, side, side, channels), generator=draws, dtype=torch.uint8)
    names = tuple(str(label) for label in range(10))
    return Split(
        torch.arange(examples, dtype=torch.int32), PackedImages(pixels.numpy()), torch.arange(examples) % 10,
        Normalise(torch.full((channels,), 0.5), torch.full((channels,), 0.3)), names, names,
    )  # fmt: skip


def chosen(variants: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """One trained pruning variant of each method of the catalogue but the tuned ones, by name of the method."""
    found: dict[str, dict[str, Any]] = {}
    for name, variant in variants.items():
        if (
            "-tuned" not in name
            and variant["method"] in ("prune", "learn-masks")
            and (method(name) not in found or name.endswith(LEVEL))
        ):
            found[method(name)] = variant
    return found


def trainings(variant: dict[str, Any]) -> int:
    """How many times the recipe is run."""
    schedule = variant.get("schedule")
    return 1 + schedule.get("rounds", 0) if isinstance(schedule, dict) else 1


def training(model: dict[str, Any], variant: dict[str, Any], split: Split, recipe: Recipe) -> float:
    """Seconds to train one member."""
    with computing(threads=recipe.threads) as device:
        start = time.perf_counter()
        train_member(model, variant, split, recipe=recipe, seeds=SEEDS, device=device)
        return time.perf_counter() - start


def overhead(params: dict[str, Any]) -> None:
    """Print, for each method and study, seconds of a training over those of a dense one with as many steps."""
    for study, (examples, side, channels) in STUDIES.items():
        model = params["studies"][study]["model"]
        recipe = Recipe.model_validate(params["studies"][study]["recipe"])
        split = random_split(examples, side, channels)

        methods = {"dense": {"method": "dense"}} | chosen(params["variants"])
        spent: dict[str, list[float]] = {name: [] for name in methods}
        for _ in range(REPEATS):  # in turn, so that a machine that slows down does so for all
            for name, variant in methods.items():
                spent[name].append(training(model, variant, split, recipe) / trainings(variant))
        for name in list(methods)[1:]:
            ratio = min(spent[name]) / min(spent["dense"])
            row(f"{study}: `{name}` over dense", f"{ratio:.2f}", "" if name in ONE_OFF else "1.3")


def scoring(part: dict[str, Any], width: int) -> None:
    """Score a network with a square linear layer of `width` inputs; print seconds and MiB more than before."""
    torch.manual_seed(0)
    side = math.isqrt(width)
    model = nn.Sequential(nn.Flatten(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10))
    sample = TrainingSampler(random_split(512, side, 1), torch.device("cpu"), 128)
    with computing(threads=1):
        probe = Probe(MaskedNetwork(model), sample, seed=0)
        before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
        compute_saliency(part, probe)
        seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{seconds:.1f} s, {(after - before) / 1024:.0f} MiB")


def curvature(variants: dict[str, Any]) -> None:
    """Print the cost of the scores that invert curvature, each in a process of its own for its peak of memory."""
    for name in ("l-obs", "woodfisher"):
        part = chosen(variants)[name]["score"]
        for width in WIDTHS:
            command = [sys.executable, "-m", "bench.methods", json.dumps(part), str(width)]
            found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
            row(f"`{name}` scores a linear layer of {width} × {width}", found)


def main() -> None:
    """Print the rows; with two arguments, a score and a width, the cost of that score alone."""
    if len(sys.argv) == 3:
        scoring(json.loads(sys.argv[1]), int(sys.argv[2]))
        return
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    curvature(params["variants"])  # first: a child's peak of memory is never below what its parent holds
    overhead(params)


if __name__ == "__main__":
    main()
