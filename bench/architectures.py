"""Architectures of timm and torchvision through the operations on one trained network, or a clear refusal.

    python -m bench.architectures [--only COLUMN] [NAME ...]

Weights are random, statistics of batch norms those of the images, which are random, too. For each operation a member is
made, stored in a file, restored from it and measured (`compress.size`). A cell is `yes`, with what it says of layers
that stay float, or the one line that a user sees. What is not an InputError ends the run. `removed` is of members with
half of their channels masked, and says what share of the parameters is left.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from lesion import plugins
from lesion.artifacts.checkpoints import read_members, write_checkpoint
from lesion.compress.batch_norms import estimate_again
from lesion.compress.calibration import Calibration
from lesion.compress.encoding import encode
from lesion.compress.restore import restored
from lesion.compress.size import sizes
from lesion.data.images import PackedImages
from lesion.data.split import Normalise, Split
from lesion.errors import InputError
from lesion.models.build import build

TORCHVISION = (
    "resnet18", "resnext50_32x4d", "wide_resnet50_2", "regnet_y_400mf", "densenet121", "vgg11_bn", "mobilenet_v2",
    "mobilenet_v3_small", "efficientnet_b0", "mnasnet0_5", "shufflenet_v2_x0_5", "squeezenet1_1", "googlenet",
    "inception_v3", "swin_t", "vit_b_32",
)  # fmt: skip
TIMM = (
    "resnet26", "tf_efficientnet_lite0", "tf_efficientnetv2_b0", "convnext_atto", "deit_tiny_patch16_224",
    "beit_base_patch16_224", "mixer_s32_224", "resmlp_12_224", "nf_resnet26", "eca_nfnet_l0", "resnetv2_50x1_bit",
    "ghostnet_050", "dla46_c", "cs3darknet_s", "mobilevit_xxs", "poolformer_s12", "levit_128s",
)  # fmt: skip
SIDES = {"inception_v3": 96, "levit_128s": 224}
SIDE, IMAGES = 64, 16
PRUNED: dict[str, Any] = {"method": "prune-trained", "score": "magnitude", "allocation": "uniform", "sparsity": 0.5}
OPERATIONS: dict[str, dict[str, Any]] = {
    "weights": PRUNED | {"shape": "weight"},
    "filters": PRUNED | {"shape": "filter"},
    "batch norms": PRUNED | {"shape": "weight", "batch_norms": IMAGES},
    "int8-static": {"method": "int8-static", "calibration_images": IMAGES},
    "int8-dynamic": {"method": "int8-dynamic"},
    "int4": {"method": "weight-only", "format": "int4", "group": 32},
}

REMOVED = "removed"
MASKED: dict[str, Any] = PRUNED | {"shape": "channel"}


def random_images(side: int) -> Split:
    """Random colour images of four classes."""
    draws = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (IMAGES, side, side, 3), generator=draws, dtype=torch.uint8).numpy()
    return Split(
        torch.arange(IMAGES, dtype=torch.int32), PackedImages(pixels), torch.arange(IMAGES) % 4,
        Normalise(torch.full((3,), 0.5), torch.full((3,), 0.3)), tuple("abcd"), tuple("abcd"),
    )  # fmt: skip


def described(name: str) -> dict[str, str]:
    """The network `name` as in params.yaml."""
    return {"name": "torchvision" if name in TORCHVISION else "timm", "architecture": name}


def trained(model: dict[str, str], split: Split) -> nn.Module:
    """A network whose logits are finite, in evaluation mode."""
    torch.manual_seed(0)
    network = build(model, split)
    if any(isinstance(module, _BatchNorm) and module.track_running_stats for module in network.modules()):
        estimate_again(network, [Calibration(split, 0).images(IMAGES)])
    return network.eval()


def attempt(network: nn.Module, model: dict[str, str], compression: dict[str, Any], split: Split) -> str:
    """Compress the network, store it, restore it, measure it; what the cell says.

    Raises
    ------
    RuntimeError
        If the restored network's logits are not finite, or its sizes are none.
    """
    try:
        tensors, facts = compressed(network.state_dict(), model, compression, split)
    except InputError as error:
        return str(error)
    measure(network, tensors, model, compression, split)
    left = facts.get("left_float", [])
    return f"yes; float: {', '.join(layer for layer, _ in left)}" if left else "yes"


def compressed(
    state: Mapping[str, Tensor], model: dict[str, str], compression: dict[str, Any], split: Split
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors of a member that is made of a state dict, and what its method tells."""
    method = plugins.load("method", compression["method"])
    options = plugins.options("method", compression | {"of": "dense"}, where="variant", key="method")
    compress = method.compressor(build(model, split).eval(), options, Calibration(split, 0))
    tensors = compress({name: value.clone() for name, value in state.items()})
    return tensors, getattr(compress, "facts", {})


def measure(
    network: nn.Module, tensors: dict[str, Tensor], model: dict[str, str], compression: dict[str, Any], split: Split
) -> float:
    """Store a member, restore it and measure it; the share of parameters that are left.

    Raises
    ------
    RuntimeError
        If the restored network's logits are not finite, or its sizes are none.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "0-0.safetensors")
        write_checkpoint(path, {0: encode(tensors)})
        ((_, found),) = restored(path, model=model, compression=compression | {"of": "dense"}, split=split)
        ((_, stored),) = read_members(path)
    with torch.inference_mode():
        logits = found(Calibration(split, 0).images(4))
    side, channels = split.images.shape
    measured = sizes([(stored, found)], network, (channels, side, side))
    if not logits.isfinite().all() or not 0 <= measured["sparsity"] < 1:
        raise RuntimeError(f"{model}, {compression}: logits {logits}, sparsity {measured['sparsity']}")
    return _count(found) / _count(network)


def _count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def remove(network: nn.Module, model: dict[str, str], split: Split) -> str:
    """Mask half of all tied channels, take out what leaves, and measure the smaller network; what the cell says."""
    norms = any(isinstance(module, _BatchNorm) and module.track_running_stats for module in network.modules())
    masked = MASKED | ({"batch_norms": IMAGES} if norms else {})
    try:
        tensors, _ = compressed(network.state_dict(), model, masked, split)
        small, _ = compressed(tensors, model, {"method": "remove"}, split)
    except InputError as error:
        return str(error)
    return f"{100 * measure(network, small, model, {'method': 'remove'}, split):.0f} %"


def row(name: str, columns: Sequence[str] = (*OPERATIONS, REMOVED)) -> Iterator[str]:
    """The cells of one network, then the seconds that they took."""
    start = time.perf_counter()
    split = random_images(SIDES.get(name, SIDE))
    model = described(name)
    yield name
    yield str(SIDES.get(name, SIDE))
    try:
        network = trained(model, split)
    except InputError as error:
        yield str(error)
    else:
        for column in columns:
            if column == REMOVED:
                yield remove(network, model, split)
            else:
                yield attempt(network, model, OPERATIONS[column], split)
    yield f"{time.perf_counter() - start:.0f} s"


def main() -> None:
    """Print a table in Markdown, one row a network as soon as it is done."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", choices=(*OPERATIONS, REMOVED), help="one column")
    parser.add_argument("names", nargs="*", default=(*TORCHVISION, *TIMM), metavar="NAME")
    given = parser.parse_args()
    columns = (given.only,) if given.only else (*OPERATIONS, REMOVED)
    torch.set_num_threads(1)
    print("| network | side | " + " | ".join(columns) + " | time |")
    print("| --- " * (len(columns) + 3) + "|")
    for name in given.names:
        print("| " + " | ".join(row(name, columns)) + " |", flush=True)


if __name__ == "__main__":
    main()
