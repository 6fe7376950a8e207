"""Slimming's relatives on the digits: what leaves, and what the network without it gets right.

`python -m bench.relatives`. The tables are in docs/SMALLER.md.
"""

from copy import deepcopy
from statistics import fmean
from typing import Any

import numpy as np
import torch
import yaml
from torch import nn

from bench.after_training import Study
from bench.measure import ROOT
from lesion.compress.channels.removal import remove_idle
from lesion.compress.multiply_adds import in_use
from lesion.models.residual import Block
from lesion.train.device import computing
from lesion.train.population import train_member
from lesion.train.seeds import Seeds

MEMBERS = {"small-cnn": 10, "cifar-resnet": 3}
RESNET = {"name": "cifar-resnet", "depth": 14, "width": 8}


def sss(strength: float, *structures: str) -> dict[str, Any]:
    """A variant with scales on structures."""
    return {"method": "learn-masks", "regulariser": {"name": "sss", "strength": strength, "structures": [*structures]}}


def multiply_adds(network: nn.Module, side: int) -> int:
    """Of one image, of all weights that are not zero."""
    found = in_use(network, (1, side, side))
    return sum(
        int((found.uses[name] * (weight != 0).flatten(1).sum(1)).sum()) for name, weight in found.weights.items()
    )


def row(study: Study, variant: dict[str, Any], name: str) -> None:
    """Train members and print what is left of them, as shares of the plain network, and their accuracy."""
    found = []
    plain = multiply_adds(study.network(study.members[0]), 8)
    everything = study.test.normalise(torch.from_numpy(study.test.images.read(np.arange(len(study.test.label)))))
    for member in range(MEMBERS[study.model["name"]]):
        seeds = Seeds.derive(1911, "relatives", name, member)
        with computing(threads=1) as device:
            network, _ = train_member(
                study.model, variant, study.train, recipe=study.recipe, seeds=seeds, device=device
            )
        network.eval()
        small = deepcopy(network)
        removal = remove_idle(small, [everything[:100]])
        with torch.no_grad():
            logits = small(everything)
        blocks = [module for module in small.modules() if isinstance(module, Block)]
        found.append((
            100 * float((logits.argmax(1) == study.test.label).float().mean()),
            100 * removal.left / removal.channels,
            sum(block.has_branch for block in blocks), len(blocks),
            100 * multiply_adds(small, 8) / plain,
        ))  # fmt: skip
    right, left, branches, of, products = (fmean(column) for column in zip(*found, strict=True))
    spread = np.std([one[0] for one in found], ddof=1)
    print(
        f"| {name} | {right:.1f} ± {spread:.1f} | {left:.0f} | {branches:.1f} of {of:.0f} | {products:.0f} |",
        flush=True,
    )


def main() -> None:
    """Print a table of each network."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    catalogue = params["variants"]
    print("| variant | top-1 (%) | channels left (%) | branches left | multiply-adds left (%) |")
    print("| --- | --- | --- | --- | --- |")
    digits = params["studies"]["digits"]
    study = Study("digits", digits, members=1)
    for name in ("dense", "slimming-50", "ista-gamma-50", "sss-50"):
        row(study, catalogue[name], name)
    study = Study("digits", digits | {"model": RESNET}, members=1)
    for name, variant in {
        "dense": catalogue["dense"],
        "sss of blocks": sss(0.1, "block"),
        "sss of channels": sss(0.03, "channel"),
        "sss of both": sss(0.03, "channel", "block"),
    }.items():
        row(study, variant, name)


if __name__ == "__main__":
    main()
