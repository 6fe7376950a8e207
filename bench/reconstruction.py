"""Selections of channels and refits, and scores of filters: errors on unseen images and accuracy, without training.

`LESION_CIFAR10=... python -m bench.reconstruction`. The tables are in docs/SMALLER.md.
"""

import os
from collections.abc import Iterator
from statistics import fmean
from typing import Any

import yaml
from torch import Tensor, nn

from bench.after_training import CPU, Study, name_of
from bench.measure import ROOT
from lesion import plugins
from lesion.compress.calibration import Calibration
from lesion.compress.channels.find import find_channels
from lesion.compress.methods import prune_trained, reconstruct
from lesion.compress.reconstruction.layers import Read, find_reads, problem
from lesion.compress.reconstruction.problem import Problem
from lesion.compress.reconstruction.record import Reader, record
from lesion.models.build import build
from lesion.train.derive import fine_tune
from lesion.train.device import computing
from lesion.train.seeds import Seeds

MEMBERS, SHOWN, IMAGES, POSITIONS = 3, 2000, 512, 10
SPARSITIES = (0.3, 0.5, 0.7)
SELECTIONS = ("lasso", "thinet", "largest", "first")
REFITS = ("weights", "scales", "none")
SCORES: list[Any] = [
    {"name": "nisp", "images": 512}, {"name": "nisp", "images": 2, "last": "uniform"}, "magnitude", "bn-scale",
    "geometric-median", {"name": "apoz", "images": 512}, "random-draw",
]  # fmt: skip


def studies(params: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The data and the network of each table, and the study."""
    digits, cifar = params["studies"]["digits"], params["studies"]["cifar10-catalogue"]
    yield "digits", "small-cnn of 16 and 32 channels", digits
    if "LESION_CIFAR10" in os.environ:
        chain = {"name": "small-cnn", "widths": [32, 64, 128]}
        yield "cifar10", "small-cnn of 32, 64 and 128 channels", cifar | {"model": chain}
        yield "cifar10", "ResNet-8 of 16 channels", cifar


def sampled(network: nn.Module, read: Read, shown: Calibration) -> Problem:
    """What the reader reads and gives in a network, on images; without its batch norm, as the layer's own errors."""
    alone = Reader(read.reader.name, read.reader.layer, None)

    def samples() -> Iterator[tuple[Tensor, Tensor]]:
        for part, images in enumerate(shown.batches(IMAGES, 64)):
            for found in record(network, [alone], images, positions=POSITIONS, seed=part, inputs=True).values():
                yield found.inputs, found.outputs

    return problem(network, Read(read.channels, alone), samples())


def errors(study: Study) -> dict[tuple[str, str, float], float]:
    """Share of the outputs' variance that is lost on unseen images where one layer loses channels, mean over layers.

    By selection, refit and sparsity.
    """
    found: dict[tuple[str, str, float], list[float]] = {}
    unseen = Calibration(study.test, 1)
    for state in study.members:
        network, image = study.network(state), study.calibration.images(1)
        for read in find_reads(network, find_channels(network, image), image):
            seen, new = (sampled(network, read, shown) for shown in (study.calibration, unseen))
            for selection in SELECTIONS:
                module, options = plugins.component("selection", selection, where="selection")
                for sparsity in SPARSITIES:
                    kept = module.select(seen, len(seen.channels) - round(sparsity * len(seen.channels)), options)
                    for refit, fit in zip(REFITS, (seen.refit, seen.rescale, seen.cut), strict=True):
                        found.setdefault((selection, refit, sparsity), []).append(new.error(*fit(kept)))
    return {key: fmean(values) for key, values in found.items()}


def accuracy(study: Study, **named: Any) -> float:
    """Mean over members, in per cent, where all layers lose channels."""
    plain = {"method": "reconstruct", "of": "dense", "images": IMAGES, "positions": POSITIONS}
    options = plugins.options("method", plain | named, where="variant", key="method")
    compress = reconstruct.compressor(build(study.model, study.train).eval(), options, study.calibration)
    return study.right([compress(state) for state in study.members])


def heads(first: str, more: list[str]) -> None:
    print(f"| {first} | {' | '.join(more)} |\n| --- {'| --- ' * len(more)}|")


def by_selection(study: Study) -> None:
    """Print errors and accuracies by selection and refit."""
    lost = errors(study)
    shares = [f"{sparsity:.0%}" for sparsity in SPARSITIES]
    heads("selection, refit", [f"error, {one}" for one in shares] + [f"right, {one}" for one in shares])
    for selection in SELECTIONS:
        for refit in REFITS:
            cells = [f"{lost[selection, refit, sparsity]:.3f}" for sparsity in SPARSITIES]
            cells += [
                f"{accuracy(study, selection=selection, refit=refit, sparsity=sparsity):.1f}" for sparsity in SPARSITIES
            ]
            print(f"| `{selection}`, `{refit}` | {' | '.join(cells)} |", flush=True)
    print()


def by_score(study: Study, data: str) -> None:
    """Print accuracies of filters pruned by scores, batch norms measured again, and after two epochs of training."""
    recipe = study.recipe.model_copy(update={"epochs": 2.0, "rate": 0.02, "warmup": 0.0, "decay": []})
    heads("score of filters", ["30%", "50%", "50%, two epochs"])
    for score in SCORES:
        pruned = [study.pruned(score=score, shape="filter", sparsity=share, batch_norms=512) for share in (0.3, 0.5)]
        tuned = [
            fine_tune(
                state, prune_trained, model=study.model, split=study.train, recipe=recipe, device=CPU,
                seeds=Seeds.derive(1911, data, "tuned", member),
            )
            for member, state in enumerate(pruned[1])
        ]  # fmt: skip
        cells = [f"{study.right(states):.1f}" for states in (*pruned, tuned)]
        print(f"| {name_of(score)} | {' | '.join(cells)} |", flush=True)
    print()


def main() -> None:
    """All tables."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    with computing(threads=1):
        for data, network, named in studies(params):
            study = Study(data, named, MEMBERS, shown=SHOWN)
            print(f"{data}, {network}; {MEMBERS} members, dense {study.right(study.members):.1f} %\n", flush=True)
            by_selection(study)
            by_score(study, data)


if __name__ == "__main__":
    main()
