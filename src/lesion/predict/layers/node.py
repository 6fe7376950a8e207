"""The `layers` step: which layers are to blame, and which to leave alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lesion.artifacts.atomic import write_text
from lesion.artifacts.checkpoints import read_members
from lesion.artifacts.csv_tables import write_csv
from lesion.compress.calibration import Calibration
from lesion.compress.restore import restored
from lesion.data.split import Split
from lesion.models.inputs import read_inputs
from lesion.params.layers import Layers, check_layers
from lesion.params.recipe import Evaluation
from lesion.predict.layers.check import check_table, compressed_again
from lesion.predict.layers.graft import Layer, changed_layers
from lesion.predict.layers.path import LONGEST, path, suggested
from lesion.predict.layers.scan import Pair, scan
from lesion.predict.layers.shown import draw
from lesion.predict.layers.suggestion import entry, sentences, with_kept
from lesion.predict.layers.tables import layer_table, path_table
from lesion.progress import progress
from lesion.seeds import derive_seed
from lesion.train.device import computing, place

Stored = Sequence[Mapping[str, Tensor]]


def layers(
    *,
    study: str,
    variant: str,
    examples: Path,
    images: Path,
    parent: list[Path],
    checkpoint: list[Path],
    table: Path,
    steps: Path,
    checked: Path,
    keep: Path,
    root_seed: int,
    model: dict[str, Any],
    compression: dict[str, Any],
    parent_compression: dict[str, Any],
    calibration: str,
    evaluation: Evaluation,
    layers: Layers,
) -> None:
    """Judge each layer of a variant, suggest layers to keep, and check the suggestion on other images.

    Parameters
    ----------
    parent, checkpoint : the members before and after compression, a file a shard
    table, steps, checked : the tables of `tables.layer_table`, `tables.path_table` and `check.check_table`
    keep : the suggestion as an entry for `variants` of params.yaml

    Raises
    ------
    InputError
        If layers of the variant cannot be judged (`params.layers.check_layers`), there are too few images, or the
        compressed network has other layers.
    """
    check_layers(variant, compression, where="layers")
    split = read_inputs(model, examples, images, calibration)
    test = None if calibration == "test" else read_inputs(model, examples, images, "test")
    shown = Calibration(split, derive_seed(root_seed, study, "calibration"))
    chosen_by, others = draw(split, test, layers.images, seed=shown.seed)
    before, after = _stored(parent), _stored(checkpoint)
    with computing(threads=evaluation.threads) as device:
        pairs = _pairs(parent, checkpoint, model, parent_compression, compression, split, device)
        judged = changed_layers(pairs[0].parent, pairs[0].compressed, next(chosen_by.batches(evaluation, device))[:1])
        sizes = {layer: (_bytes(before, layer), _bytes(after, layer)) for layer in judged}
        cost = {layer: own - small for layer, (own, small) in sizes.items()}
        with progress(batches=-(-layers.images // evaluation.batch), steps=LONGEST) as advance:
            found = scan(pairs, judged, chosen_by, evaluation, device, advance["batches"])
            points = path(pairs, found, cost, chosen_by, evaluation, device, advance["steps"])
        saved = _bytes(before) - _bytes(after)
        best = suggested(points, saved)
        wanted = with_kept(compression, points[best].kept)
        again = list(
            compressed_again(
                parent,
                variant=variant,
                model=model,
                compression=wanted,
                parent_compression=parent_compression,
                calibration=shown,
            )
        )
        kept = [_placed(network, split, device) for network, _ in again]
        taken = [(_bytes([one]), size) for one, (_, size) in zip(after, again, strict=True)]
        check = check_table(pairs, kept, taken, {"chosen by": chosen_by, "others": others}, evaluation, device)
    said = sentences(variant, points[best].kept, len(judged), check)
    write_csv(table, layer_table(found, judged, pairs[0].parent, sizes, split.class_names))
    write_csv(steps, path_table(points, found, saved, best))
    write_csv(checked, check)
    write_text(keep, entry(variant, wanted, said))
    print("\n".join(said))


def _stored(files: list[Path]) -> Stored:
    return [stored for file in files for _, stored in read_members(file)]


def _placed(network: nn.Module, split: Split, device: torch.device) -> nn.Module:
    return place(network, device, channels=split.channels)


def _pairs(
    parent: list[Path],
    checkpoint: list[Path],
    model: dict[str, Any],
    parent_compression: dict[str, Any],
    compression: dict[str, Any],
    split: Split,
    device: torch.device,
) -> list[Pair]:
    """All members, on the device."""

    def members(files: list[Path], said: dict[str, Any]) -> Iterator[nn.Module]:
        for file in files:
            for _, network in restored(file, model=model, compression=said, split=split):
                yield _placed(network, split, device)

    both = zip(members(parent, parent_compression), members(checkpoint, compression), strict=True)
    return [Pair(own, compressed) for own, compressed in both]


def _bytes(stored: Stored, layer: Layer | None = None) -> float:
    """Mean bytes of a member: of a layer with its batch norms, or of all tensors."""
    prefixes = ("",) if layer is None else tuple(f"{path}." for path in layer.paths)
    total = sum(tensor.nbytes for member in stored for name, tensor in member.items() if name.startswith(prefixes))
    return total if len(stored) == 1 else total / len(stored)
