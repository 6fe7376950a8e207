"""Allocations at half of the multiply-adds: is a searched one better than uniform?

`python -m bench.allocation digits 10` trains ten members of ResNet-8 and prunes their channels by magnitude. All
searches have the same number of trials. Means over members with 95 % intervals of Student's t; differences are paired.
`python -m bench.allocation latency` compares the table of latencies with networks that are really smaller.
"""

import copy
import sys
import time
from typing import Any

import numpy as np
import torch
import yaml
from scipy import stats
from torch import nn
from torch.utils.benchmark import Timer

from bench.after_training import CPU, State, Study
from bench.measure import ROOT
from lesion.compress.channels.find import find_channels
from lesion.compress.channels.shrink import shrink
from lesion.compress.masks import prunable
from lesion.compress.methods import prune_trained
from lesion.compress.search.costs import Costs
from lesion.models import cifar_resnet
from lesion.models.build import build
from lesion.train.derive import fine_tune
from lesion.train.device import computing
from lesion.train.seeds import Seeds

NETWORKS = {"digits": {"name": "cifar-resnet", "depth": 8, "width": 16, "stride": 1, "shortcut": "zeros"}}
TRIALS = 60
SEARCH = {"budget": "multiply-adds", "images": 256, "batch_norms": 256}
PLAIN = {"budget": "multiply-adds"}
ALLOCATIONS: dict[str, dict[str, Any]] = {
    "uniform": {"name": "uniform"} | PLAIN,
    "erk": {"name": "erk"} | PLAIN,
    "global-ranking": {"name": "global-ranking"} | PLAIN,
    f"greedy, {TRIALS} trials": {"name": "greedy", "trials": TRIALS} | SEARCH,
    f"evolution, {TRIALS} trials": {"name": "evolution", "trials": TRIALS} | SEARCH,
    f"amc, {TRIALS} trials": {"name": "amc", "trials": TRIALS, "warmup": TRIALS // 4} | SEARCH,
}
EPOCHS = 1.0  # of fine-tuning
SHOWN = 2000  # test images
ROUNDS = 7  # of timing two networks in turn


def interval(values: list[float]) -> str:
    """Mean and half width of a 95 % interval."""
    spread = stats.sem(values) * stats.t.ppf(0.975, len(values) - 1)
    return f"{np.mean(values):.1f} ± {spread:.1f}"


def left(study: Study, states: list[State]) -> float:
    """Per cent of the multiply-adds that are left without the channels that went, mean over members."""
    network = build(study.model, study.train).eval()
    costs = Costs(network, study.train.blank(), "multiply-adds", whole_units=True)
    found = []
    for state in states:
        masks = {name: state[name] != 0 for name, _, _ in prunable(network)}
        found.append(costs.of_counts(lambda _, masks=masks: masks, ["all"])({"all": 0}))  # type: ignore[misc]
    return 100 * float(np.mean(found)) / sum(costs.dense.values())


def fine_tuned(study: Study, states: list[State]) -> list[State]:
    """The members after a short training at a small rate; zeros stay zero."""
    recipe = study.recipe.model_copy(update={"epochs": EPOCHS, "rate": 0.02, "warmup": 0.0, "decay": []})
    return [
        fine_tune(
            state, prune_trained, model=study.model, split=study.train, recipe=recipe, device=CPU,
            seeds=Seeds.derive(1911, "fine-tuned", "allocation", member),
        )
        for member, state in enumerate(states)
    ]  # fmt: skip


def table(study: Study, called: str) -> None:
    """Print a row for each allocation."""
    print(f"\n{called}, dense: {interval(study.right_of_each(study.members))} %, {len(study.members)} members\n")
    print(
        f"| allocation | multiply-adds left | accuracy | minus uniform | {EPOCHS:g} epoch more | minus uniform | s a"
        " member |\n" + "| --- " * 7 + "|"
    )
    reference: list[list[float]] = []
    for name, allocation in ALLOCATIONS.items():
        start = time.perf_counter()
        pruned = study.pruned(score="magnitude", shape="channel", allocation=allocation, batch_norms=512)
        seconds = (time.perf_counter() - start) / len(pruned)
        found = [study.right_of_each(pruned), study.right_of_each(fine_tuned(study, pruned))]
        reference = reference or found
        cells = []
        for values, base in zip(found, reference, strict=True):
            difference = [value - other for value, other in zip(values, base, strict=True)]
            cells += [f"{interval(values)} %", "" if found is reference else interval(difference)]
        print(f"| `{name}` | {left(study, pruned):.1f} % | {' | '.join(cells)} | {seconds:.0f} |", flush=True)


def latencies() -> None:
    """Print what the table says of networks without some of their channels, and what they take; the least of rounds."""
    image = torch.zeros(1, 3, 32, 32)
    print("| ResNet-8, channels kept | multiply-adds | latency by the table | measured |\n" + "| --- " * 4 + "|")
    for width in (16, 64):
        network = cifar_resnet.build(cifar_resnet.Options(depth=8, width=width), channels=3, side=32, classes=10).eval()
        costs = {budget: Costs(network, image, budget, whole_units=True) for budget in ("multiply-adds", "latency")}
        for kept in (0.75, 0.5, 0.25):
            smaller, found = copy.deepcopy(network), find_channels(network, image)
            sets = [(one, torch.arange(one.size) < round(kept * one.size)) for one in found if not one.fixed]
            masks = {name: torch.ones_like(network.get_parameter(name)).bool() for name, _, _ in prunable(network)}
            for one, stays in sets:
                for part in (*one.writers, *one.readers):
                    masks[part.name].movedim(part.dim, -1)[..., part.index[~stays].flatten()] = False
            shrink(smaller, sets)
            shares = [one.of_counts(lambda _, masks=masks: masks, ["all"])({"all": 0}) / sum(one.dense.values())  # type: ignore[misc]
                      for one in costs.values()]  # fmt: skip
            rounds = [[_time(one, image) for one in (network, smaller)] for _ in range(ROUNDS)]
            before, after = np.min(rounds, axis=0)
            cells = [f"{share:.0%}" for share in (*shares, after / before)]
            print(f"| width {width}, {kept:.0%} | {' | '.join(cells)} |", flush=True)


def _time(network: nn.Module, image: torch.Tensor) -> float:
    timer = Timer("network(image)", globals={"network": network, "image": image})
    with torch.no_grad():
        return min(timer.blocked_autorange(min_run_time=0.1).times)


def main() -> None:
    """The table of a study and a number of members, or that of latencies."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    with computing(threads=1):
        if sys.argv[1:] == ["latency"]:
            latencies()
            return
        name, members = sys.argv[1:] if len(sys.argv) > 1 else ("digits", "10")
        described = params["studies"][name]
        described["model"] = NETWORKS.get(name, described["model"])
        table(Study(name, described, members=int(members), shown=SHOWN), name)


if __name__ == "__main__":
    main()
