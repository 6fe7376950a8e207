"""Runs the suggestion: the method itself compresses the members again with these layers kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from lesion.compress.derive import derived
from lesion.compress.encoding import decode, encode
from lesion.compress.restore import restore
from lesion.predict.evaluate import logits
from lesion.predict.layers.counts import changed

if TYPE_CHECKING:
    from pathlib import Path

    from lesion.compress.calibration import Calibration
    from lesion.params.recipe import Evaluation
    from lesion.predict.layers.one_at_a_time import Predictions
    from lesion.predict.layers.scan import Pair
    from lesion.predict.layers.shown import Shown


COUNTS = ("broken", "fixed", "moved")


def compressed_again(
    parents: Sequence[Path],
    *,
    variant: str,
    model: dict[str, Any],
    compression: dict[str, Any],
    parent_compression: dict[str, Any],
    calibration: Calibration,
) -> Iterator[tuple[nn.Module, int]]:
    """Each member's network as `compression` makes it, in evaluation mode on the CPU, and its bytes on disk.

    Parameters
    ----------
    parents : the members that they are made of, a file a shard
    """
    for file in parents:
        for made in derived(
            file,
            variant=variant,
            model=model,
            compression=compression,
            parent_compression=parent_compression,
            calibration=calibration,
        ):
            stored = encode(made.tensors)
            network = restore(decode(stored), model=model, compression=compression, split=calibration.split)
            yield network, sum(tensor.nbytes for tensor in stored.values())


def predictions(
    networks: Sequence[nn.Module], shown: Shown, evaluation: Evaluation, device: torch.device
) -> list[Predictions]:
    """The predicted classes of each network, (n,)."""
    said: list[list[Predictions]] = [[] for _ in networks]
    for inputs in shown.batches(evaluation, device):
        for place, network in enumerate(networks):
            said[place].append(logits(network, inputs, evaluation).argmax(dim=1).numpy())
    return [np.concatenate(found) for found in said]


def check_row(
    label: Predictions, parent: Predictions, compressed: Predictions, kept: Predictions, *, classes: int
) -> dict[str, float]:
    """One member on one set of images, (n,) each: counts with all layers compressed, and with the suggestion's kept.

    Keys: images; right (of the parent); broken, fixed, moved (all compressed); broken_kept, fixed_kept, moved_kept (the
    suggestion); back (broken by the first and not by the second) and new (by the second and not by the first);
    accuracy, accuracy_compressed, accuracy_kept.
    """
    both = {"": compressed, "_kept": kept}
    found = {ending: changed(label, parent, after, classes) for ending, after in both.items()}
    was_right = parent == label
    broken, broken_kept = (was_right & (after != label) for after in both.values())
    return {
        "images": len(label),
        "right": int(was_right.sum()),
        **{
            f"{name}{ending}": getattr(of, name)
            for ending, of in found.items()
            for name in ("broken", "fixed", "moved")
        },
        "back": int((broken & ~broken_kept).sum()),
        "new": int((broken_kept & ~broken).sum()),
        "accuracy": float(was_right.mean()),
        "accuracy_compressed": float((compressed == label).mean()),
        "accuracy_kept": float((kept == label).mean()),
    }


def check_table(
    pairs: Sequence[Pair],
    kept: Sequence[nn.Module],
    taken: Sequence[tuple[float, float]],
    sets: Mapping[str, Shown],
    evaluation: Evaluation,
    device: torch.device,
) -> pd.DataFrame:
    """One row for each set of images and each member: set, member, the counts of `check_row`, bytes and bytes_kept.

    Parameters
    ----------
    kept : each member's network with the suggested layers kept
    taken : bytes of each member, with all layers compressed and with the suggested ones kept
    """
    rows: list[dict[str, object]] = []
    for name, shown in sets.items():
        said = [
            predictions(networks, shown, evaluation, device)
            for networks in ([pair.parent for pair in pairs], [pair.compressed for pair in pairs], kept)
        ]
        for member, (three, (size, size_kept)) in enumerate(zip(zip(*said, strict=True), taken, strict=True)):
            counted = check_row(shown.label, *three, classes=len(shown.split.class_names))
            rows.append({"set": name, "member": member, **counted, "bytes": size, "bytes_kept": size_kept})
    return pd.DataFrame(rows)
