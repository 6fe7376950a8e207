"""Pruning after training on the digits: accuracy by score, estimates of OBD's diagonal, the update of WoodFisher.

`python -m bench.after_training`. The tables are in docs/results/after-training/README.md.
"""

import tempfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
import yaml
from torch import Tensor, nn

from bench.measure import ROOT
from lesion import plugins
from lesion.compress.calibration import Calibration
from lesion.compress.choice import Choice, compute_saliency
from lesion.compress.masks import MaskedNetwork
from lesion.compress.methods import prune_trained
from lesion.compress.probe import Probe
from lesion.data.prepare import prepare
from lesion.data.sample import TrainingSampler
from lesion.models.build import build
from lesion.models.inputs import read_inputs
from lesion.params.recipe import Recipe
from lesion.train.derive import fine_tune
from lesion.train.device import computing
from lesion.train.population import train_member
from lesion.train.seeds import Seeds

MEMBERS = 5
CPU = torch.device("cpu")
SCORES: dict[str, list[Any]] = {
    "weight": [
        "random-draw", "magnitude", {"name": "gradient-weight", "images": 512},
        {"name": "grasp", "images": 512, "temperature": 1.0}, {"name": "obd", "images": 512},
        {"name": "obd", "images": 512, "draws": None}, {"name": "obd-fisher", "images": 512},
        {"name": "l-obs", "images": 512, "damping": 0.01},
        {"name": "woodfisher", "images": 512, "block": 256, "damping": 1.0e-5},
    ],
    "filter": [
        "random-draw", "magnitude", "bn-scale", "geometric-median", {"name": "apoz", "images": 512},
        {"name": "activation-mean", "images": 512}, {"name": "activation-variance", "images": 512},
        {"name": "gradient-weight", "images": 512}, {"name": "obd", "images": 512},
    ],
}  # fmt: skip
State = dict[str, Tensor]


class Study:
    """The data of a study, and dense members trained by its recipe.

    `study`: what params.yaml says of it; `shown`: number of random test images that networks answer, null for all.
    """

    def __init__(self, name: str, study: dict[str, Any], members: int = MEMBERS, shown: int | None = None) -> None:
        self.model, self.recipe = study["model"], Recipe.model_validate(study["recipe"])
        with tempfile.TemporaryDirectory() as folder:
            files = Path(folder, "examples.parquet"), Path(folder, "images.safetensors")
            prepare(study=name, data=study["data"], examples=files[0], images=files[1])
            self.train, self.test = (read_inputs(self.model, *files, split) for split in ("train", "test"))
        order = torch.randperm(len(self.test.label), generator=torch.Generator().manual_seed(0))
        self._rows = order[:shown].sort().values
        self.calibration = Calibration(self.train, 0)
        self.members = [self._trained(name, member) for member in range(members)]

    def _trained(self, name: str, member: int) -> State:
        seeds = Seeds.derive(1911, name, "dense", member)
        network, _ = train_member(
            self.model, {"method": "dense"}, self.train, recipe=self.recipe, seeds=seeds, device=CPU
        )
        return dict(network.state_dict())

    def network(self, state: State) -> nn.Module:
        network = build(self.model, self.train)
        network.load_state_dict(state)
        return network.eval()

    @cached_property
    def _images(self) -> Tensor:
        return self.test.normalise(torch.from_numpy(self.test.images.read(self._rows.numpy())))

    def right_of_each(self, states: list[State]) -> list[float]:
        """Share of the test images that are answered right by each member, in per cent."""
        found = []
        for state in states:
            network = self.network(state)
            with torch.no_grad():
                answers = torch.cat([network(part).argmax(dim=1) for part in torch.split(self._images, 1000)])
            found.append(100 * float((answers == self.test.label[self._rows]).float().mean()))
        return found

    def right(self, states: list[State]) -> float:
        """The same, mean over members."""
        return fmean(self.right_of_each(states))

    def pruned(self, **named: Any) -> list[State]:
        plain = {"method": "prune-trained", "of": "dense", "sparsity": 0.5, "shape": "weight", "allocation": "uniform"}
        options = plugins.options("method", plain | named, where="variant", key="method")
        compress = prune_trained.compressor(build(self.model, self.train).eval(), options, self.calibration)
        return [compress(state) for state in self.members]


def name_of(score: Any) -> str:
    """A score as params.yaml has it."""
    return f"`{score}`" if isinstance(score, str) else f"`{yaml.safe_dump(score, default_flow_style=True).strip()}`"


def by_score(study: Study) -> None:
    """Print the accuracy without training for each score, as it is and with batch norms measured again."""
    print(f"dense: {study.right(study.members):.1f} %\n")
    for shape, sparsities in (("weight", (0.5, 0.8)), ("filter", (0.3, 0.5))):
        print(f"| shape {shape} | " + " | ".join(f"{s:.0%} | {s:.0%}, batch norms" for s in sparsities) + " |")
        print("| --- " * (1 + 2 * len(sparsities)) + "|")
        for score in SCORES[shape]:
            found = [
                study.right(study.pruned(score=score, shape=shape, sparsity=sparsity, batch_norms=batch_norms))
                for sparsity in sparsities
                for batch_norms in (None, 512)
            ]
            print(f"| {name_of(score)} | " + " | ".join(f"{share:.1f}" for share in found) + " |", flush=True)
        print()


def fine_tuned(study: Study) -> None:
    """Print the accuracy at 90 % by magnitude, and after one and two epochs of fine-tuning."""
    pruned = study.pruned(score="magnitude", sparsity=0.9, batch_norms=512)
    found = [study.right(pruned)]
    for epochs in (1.0, 2.0):
        recipe = study.recipe.model_copy(update={"epochs": epochs, "rate": 0.02, "warmup": 0.0, "decay": []})
        tuned = [
            fine_tune(
                state, prune_trained, model=study.model, split=study.train, recipe=recipe, device=CPU,
                seeds=Seeds.derive(1911, "digits", "tuned", member),
            )
            for member, state in enumerate(pruned)
        ]  # fmt: skip
        found.append(study.right(tuned))
    print("magnitude 90 %, batch norms; after 1 and 2 epochs: " + ", ".join(f"{share:.1f} %" for share in found) + "\n")


def probe_of(study: Study, seed: int) -> Probe:
    """A probe of the first member."""
    network = MaskedNetwork(study.network(study.members[0]))
    return Probe(network, lambda count, _: TrainingSampler(study.train, CPU, 64)(count, 0), seed=seed, trains=False)


def diagonals(study: Study) -> None:
    """Print how estimates of the Gauss-Newton diagonal correlate with the exact one."""

    def diagonal(draws: int | None, seed: int) -> Tensor:
        score = {"name": "obd", "images": 512, "draws": draws}
        measured = compute_saliency(score, probe_of(study, seed)).measured["curvature"]
        return torch.cat([values.flatten() for values in measured.values()])

    exact = diagonal(None, 0)
    for draws in (1, 2, 4, 8, 16):
        found = [float(torch.corrcoef(torch.stack([diagonal(draws, seed), exact]))[0, 1]) for seed in range(3)]
        print(f"obd, {draws} draws: correlation with the exact diagonal {fmean(found):.4f}", flush=True)
    print()


def updates(study: Study) -> None:
    """Print the training loss of the mask alone, of the whole update and of the one that is shortened, at 90 %."""

    def loss(images: int, change: Callable[[Choice], object]) -> float:
        probe = probe_of(study, 0)
        score = {"name": "woodfisher", "images": images, "block": 256, "damping": 1.0e-7}
        choice = Choice(probe, score=score, shape="weight", allocation="uniform")
        change(choice)
        choice.prune(0.9, monotone=True)
        return probe.mean_loss(len(study.train.label))

    def without(name: str) -> Callable[[Choice], object]:
        return lambda choice: setattr(choice, name, lambda *_: None)

    print("| images | mask alone | whole update | as it is applied |\n| --- | --- | --- | --- |")
    for images in (8, 32, 64, 128, 512):
        found = [loss(images, change) for change in (without("_compensate"), without("_shorten"), lambda _: None)]
        print(f"| {images} | " + " | ".join(f"{value:.2f}" for value in found) + " |", flush=True)


def main() -> None:
    """All tables."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    with computing(threads=1):
        study = Study("digits", params["studies"]["digits"])
        for part in (by_score, fine_tuned, diagonals, updates):
            part(study)


if __name__ == "__main__":
    main()
