"""How long networks take before and after half of their channels have left them.

`python -m bench.removal [NETWORK ...]` prints the table of docs/SMALLER.md. Weights and images are random. Half of the
channels of each set of tied channels are masked; `removed` is the network without them, `removed-8` keeps multiples of
8. All are timed in turn, in one run and one thread, by torch and by onnxruntime, on the process's own clock.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from bench.architectures import random_images, trained
from lesion import plugins
from lesion.compress.calibration import Calibration
from lesion.compress.encoding import encode
from lesion.compress.restore import restore
from lesion.compress.size import sizes
from lesion.data.split import Split
from lesion.deploy.backends import Backend, backends
from lesion.deploy.timing import interleaved, processor, quartiles
from lesion.models.build import build


@dataclass(frozen=True)
class Network:
    """What params.yaml says of a network, and the side of its images in pixels."""

    model: dict[str, Any]
    side: int


NETWORKS = {
    "ResNet-8, width 16": Network({"name": "cifar-resnet", "depth": 8, "width": 16}, 32),
    "ResNet-8, width 64": Network({"name": "cifar-resnet", "depth": 8, "width": 64}, 32),
    "ResNet-20, width 16": Network({"name": "cifar-resnet", "depth": 20, "width": 16}, 32),
    "ResNet-20, width 64": Network({"name": "cifar-resnet", "depth": 20, "width": 64}, 32),
    "resnet26": Network({"name": "timm", "architecture": "resnet26"}, 224),
    "tf_efficientnet_lite0": Network({"name": "timm", "architecture": "tf_efficientnet_lite0"}, 224),
}
MASKED: dict[str, Any] = {
    "method": "prune-trained", "of": "dense", "sparsity": 0.5, "score": "magnitude", "shape": "channel",
    "allocation": "uniform",
}  # fmt: skip
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "masked": ("dense", MASKED),
    "removed": ("masked", {"method": "remove", "of": "masked"}),
    "removed-8": ("masked", {"method": "remove", "of": "masked", "round_to": 8}),
}
"""Variant -> the one that it is made of, and what params.yaml would say of it."""
BACKENDS = ("torch", "onnxruntime")
BATCHES = (1, 32)
ROUNDS = (15, 3)
LARGE = 3 * 224 * 224 * 8
"""Numbers of a batch from which there are fewer rounds."""

State = dict[str, Tensor]


def variants(chosen: Network, split: Split) -> dict[str, tuple[State, nn.Module]]:
    """What is stored of each variant, and its network."""
    dense = trained(chosen.model, split)
    made: dict[str, tuple[State, nn.Module]] = {"dense": (dict(dense.state_dict()), dense)}
    for name, (of, said) in VARIANTS.items():
        method = plugins.load("method", said["method"])
        options = plugins.options("method", said, where="variant", key="method")
        compress = method.compressor(build(chosen.model, split).eval(), options, Calibration(split, 0))
        stored = compress(made[of][0])
        made[name] = stored, restore(stored, model=chosen.model, compression=said, split=split)
    return made


def ready(made: dict[str, tuple[State, nn.Module]], split: Split) -> dict[str, dict[str, Backend]]:
    """The backends of each variant, by name."""
    image = Calibration(split, 0).images(1).contiguous()
    return {
        variant: {backend.name: backend for backend in backends(variant, network, stored, image, threads=1)}
        for variant, (stored, network) in made.items()
    }


def timed(found: dict[str, dict[str, Backend]], split: Split, batch: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Seconds of each variant in each round, by backend."""
    images = Calibration(split, 0).images(1).repeat(batch, 1, 1, 1).contiguous()
    rounds = ROUNDS[0] if images[0].numel() * batch < LARGE else ROUNDS[1]
    for name in BACKENDS:
        calls = {variant: (lambda run=found[variant][name].run: run(images)) for variant in found}
        yield name, dict(interleaved(calls, repeats=rounds, warmup=1, clock=time.process_time))


def rows(name: str) -> Iterator[list[str]]:
    """A row for each backend and batch: dense in milliseconds, then how many times as fast the others are."""
    chosen = NETWORKS[name]
    split = random_images(chosen.side)
    made = variants(chosen, split)
    shape = (3, chosen.side, chosen.side)
    counts = {v: sizes([(encode(stored), network)], made["dense"][1], shape) for v, (stored, network) in made.items()}
    adds = [counts["dense"]["multiply_adds"] / counts[variant]["multiply_adds"] for variant in VARIANTS]
    left = [counts[variant]["bytes_per_member"] / counts["dense"]["bytes_per_member"] for variant in VARIANTS]
    yield [name, "", "", "multiply-adds, dense over variant", "", *(f"{ratio:.2f}" for ratio in adds)]
    yield ["", "", "", "bytes, variant over dense", "", *(f"{share:.2f}" for share in left)]
    found = ready(made, split)
    for batch in BATCHES:
        for backend, seconds in timed(found, split, batch):
            dense = seconds.pop("dense")
            ratios = [quartiles(dense / own) for own in seconds.values()]
            cells = [f"{middle:.2f} ({low:.2f} to {high:.2f})" for middle, low, high in ratios]
            yield ["", backend, str(batch), "", f"{float(f'{1e3 * quartiles(dense)[0]:.3g}'):,g}", *cells]


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    print(f"{processor()}, 1 thread, torch {torch.__version__}; medians and quartiles\n")
    print(f"| network | backend | batch | | dense, ms | {' | '.join(VARIANTS)} |\n|{' --- |' * (5 + len(VARIANTS))}")
    for name in sys.argv[1:] or NETWORKS:
        for cells in rows(name):
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
