"""The tables of the step, as people read them. Counts are means over members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd
from torch import nn
from torch.nn.modules.conv import _ConvNd

from lesion.predict.layers.counts import Changed

if TYPE_CHECKING:
    from lesion.predict.layers.graft import Layer
    from lesion.predict.layers.path import Point
    from lesion.predict.layers.scan import Scan


def kind(module: nn.Module) -> str:
    """What a layer is, in a word or two: `depthwise 3×3`, `convolution 1×1`, `linear`."""
    if not isinstance(module, _ConvNd):
        return "linear" if isinstance(module, nn.Linear) else type(module).__name__
    groups = "depthwise" if module.groups == module.in_channels > 1 else "grouped" if module.groups > 1 else ""
    return f"{groups or 'convolution'} {'×'.join(map(str, module.kernel_size))}"


def layer_table(
    scan: Scan,
    layers: Sequence[Layer],
    parent: nn.Module,
    sizes: Mapping[Layer, tuple[float, float]],
    class_names: Sequence[str],
) -> pd.DataFrame:
    """One row a layer, in the order in which they run.

    Columns: layer, kind, weights; bytes (of the parent) and bytes_compressed; error (`output_error`); with this layer
    alone compressed, answers that are broken, fixed and moved, accuracy_change, and the class that loses most with its
    worst_class_change (fixed − broken answers); broken_without (all but this layer compressed) and back (of the answers
    that are broken where all layers are compressed, how many fewer are); images, members.
    """
    members, images = len(scan.judge.parents), len(scan.judge.label)

    def row(layer: Layer) -> dict[str, object]:
        alone, without = scan.alone[layer], scan.without[layer]
        worst = alone.worst_class
        return {
            "layer": layer.name,
            "kind": kind(parent.get_submodule(layer.name)),
            "weights": layer.weights,
            "bytes": sizes[layer][0],
            "bytes_compressed": sizes[layer][1],
            "error": scan.error[layer],
            **_means(alone, members, images),
            "worst_class": "" if worst is None else class_names[worst],
            "worst_class_change": 0 if worst is None else mean(int(alone.net_by_class[worst]), members),
            "broken_without": mean(without.broken, members),
            "back": mean(scan.compressed.broken - without.broken, members),
            "images": images,
            "members": members,
        }

    return pd.DataFrame([row(layer) for layer in layers])


def path_table(points: Sequence[Point], scan: Scan, saved: float, chosen: int) -> pd.DataFrame:
    """One row a point of the path; the first keeps no layer.

    Columns: kept (how many layers), layer (the last that was kept), bytes (more than with all compressed), bytes_share
    (of those that compressing all saves), broken, fixed, moved, accuracy_change, suggested.
    """
    members, images = len(scan.judge.parents), len(scan.judge.label)
    return pd.DataFrame(
        {
            "kept": len(point.kept),
            "layer": point.kept[-1].name if point.kept else "",
            "bytes": point.bytes,
            "bytes_share": point.bytes / saved if saved > 0 else float("nan"),
            **_means(point.changed, members, images),
            "suggested": place == chosen,
        }
        for place, point in enumerate(points)
    )


def _means(changed: Changed, members: int, images: int) -> dict[str, float]:
    return {
        "broken": mean(changed.broken, members),
        "fixed": mean(changed.fixed, members),
        "moved": mean(changed.moved, members),
        "accuracy_change": (changed.fixed - changed.broken) / (members * images),
    }


def mean(total: int, members: int) -> float:
    """The mean over members; a whole number for a single one."""
    return total if members == 1 else total / members
