"""Torch-Pruning's dependency graph beside `channels.find`: which channels can leave without changing the function.

    pip install torch-pruning==1.6.1
    python -m bench.torch_pruning [NAME ...]

NAME is a network of timm or torchvision, or one of this package. Weights are random, in float64. For each group of
Torch-Pruning half of the channels of its first layer are zero in one copy (rows, biases and norms of the group) and
pruned from another. It is right if both compute the same, to 1e-9 of the largest output.
"""

import sys
import warnings
from copy import deepcopy
from importlib import import_module
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from bench.architectures import SIDE, SIDES, described, random_images
from lesion.compress.channels.find import find_channels
from lesion.models.build import build

FAMILIES: dict[str, dict[str, Any]] = {
    "cifar-resnet, zeros": {"name": "cifar-resnet", "depth": 8, "width": 8},
    "cifar-resnet, zeros-around": {"name": "cifar-resnet", "depth": 8, "width": 8, "shortcut": "zeros-around"},
    "cifar-resnet, convolution": {"name": "cifar-resnet", "depth": 8, "width": 8, "shortcut": "convolution"},
    "wide-resnet": {"name": "wide-resnet", "depth": 10, "width": 1, "dropout": 0.0},
    "small-cnn": {"name": "small-cnn", "widths": [8, 16]},
}
OTHERS = (
    "resnet18", "mobilenet_v2", "squeezenet1_1", "regnet_y_400mf", "resnext50_32x4d", "densenet121",
    "tf_efficientnet_lite0", "ghostnet_050", "dla46_c", "convnext_atto", "deit_tiny_patch16_224", "mobilevit_xxs",
    "shufflenet_v2_x0_5", "cs3darknet_s", "poolformer_s12", "nf_resnet26",
)  # fmt: skip
MOST = 20
"""Groups that are looked at of each network, the first ones."""

NORMS = (_BatchNorm, nn.LayerNorm, nn.GroupNorm)


def network_and_images(name: str) -> tuple[nn.Module, Tensor]:
    """A network with random weights and two random images, float64."""
    side = 16 if name in FAMILIES else SIDES.get(name, SIDE)
    torch.manual_seed(0)
    network = build(FAMILIES.get(name) or described(name), random_images(side)).double().eval()
    for parameter in network.parameters():
        spread = 0.3 if parameter.dim() == 1 else max(1, parameter[0].numel()) ** -0.5
        parameter.data.normal_(std=spread)
    return network, torch.randn(2, 3, side, side, dtype=torch.float64)


def attempt(network: nn.Module, images: Tensor, place: int) -> str | None:
    """Prune half of the channels of one group alone: "right", "changed" or "failed"; None after the last group."""
    torch_pruning = import_module("torch_pruning")  # no dependency of this package
    masked, pruned = deepcopy(network), deepcopy(network)
    layers = dict(masked.named_modules())
    names = {module: name for name, module in pruned.named_modules()}
    graph = torch_pruning.DependencyGraph().build_dependency(pruned, example_inputs=images)
    last = [module for module in pruned.modules() if isinstance(module, nn.Linear | nn.Conv2d)][-1:]
    kinds = [nn.modules.conv._ConvNd, nn.Linear]
    groups = graph.get_all_groups(ignored_layers=last, root_module_types=kinds)
    first: Any = next(islice(groups, place, None), None)
    if first is None:
        return None
    root = first[0].dep
    half = list(range(0, graph.get_out_channels(root.target.module), 2))
    group = graph.get_pruning_group(root.target.module, root.handler, half)
    if not graph.check_pruning_group(group):
        return "failed"
    for dependency, indices in group:
        module = layers.get(names.get(dependency.target.module, ""))
        if dependency.handler.__name__ == "prune_out_channels" or isinstance(module, NORMS):
            for parameter in (getattr(module, "weight", None), getattr(module, "bias", None)):
                if parameter is not None:
                    parameter.data[[int(index) for index in indices]] = 0
    group.prune()
    with torch.no_grad():
        expected, small = masked(images), pruned(images)
    return "right" if (small - expected).abs().max() <= 1e-9 * expected.abs().max() else "changed"


def row(name: str) -> list[str]:
    """The cells of one network."""
    network, images = network_and_images(name)
    said: list[str] = []
    while len(said) < MOST:
        try:
            one = attempt(network, images, len(said))
        except Exception:  # whatever the library or the pruned network raises
            one = "failed"
            if said == ["failed"] * 3:
                break
        if one is None:
            break
        said.append(one)
    sets = find_channels(network, images[:1])
    stay = dict.fromkeys(one.fixed for one in sets if one.fixed and one.fixed != "the network's output")
    counts = [str(said.count(kind)) for kind in ("right", "changed", "failed")]
    return [name, *counts, str(sum(not one.fixed for one in sets)), "; ".join(stay)]


def main() -> None:
    """Print a table in Markdown."""
    import_module("torch_pruning")
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    print("| network | right | changed | failed | sets here that can leave | what holds others |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in sys.argv[1:] or (*FAMILIES, *OTHERS):
        print("| " + " | ".join(row(name)) + " |", flush=True)


if __name__ == "__main__":
    main()
