"""A training that is killed at any step goes on and ends with the same weights as one that was not."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from lesion.train.loop import fit
from lesion.train.resume import Snapshots
from tests.training import CPU, SEEDS, Watched, method_of, pruned, random_split, recipe, same

CHOSEN = recipe(epochs=2.5, micro_batch=4, augmentation={"shift": 2, "mirror": True, "smallest_area": 1.0})
EXAMPLES = 20
STEPS = 5  # two and a half epochs of two
GRADUAL = {"name": "gradual", "begin": 0.1, "end": 0.8, "every": 0.1}
TIMES = {"every": 0.2, "end": 0.9}
GRADIENT = {"name": "gradient", "images": 8}
RIGL = {"name": "exchange", "drop": "magnitude", "grow": GRADIENT, "fraction": 0.3, "decay": "cosine"} | TIMES
LTP = {"name": "ltp", "strength": 0.1, "temperature": 0.1, "rate": 1.0, "begin": 0.2}
VARIATIONAL_DROPOUT = {"name": "variational-dropout", "strength": 1.0, "warmup": 0.5, "rate": 1.0, "threshold": 3.0}
ISTA = {"name": "ista-gamma", "strength": 0.5, "cost": "memory", "rescale": 0.5, "begin": 0.2, "end": 0.8}
SSS = {"name": "sss", "strength": 0.5, "structures": ["channel"]}
VARIANTS: dict[str, dict[str, Any]] = {
    "dense": {"method": "dense"},
    "gradual": pruned(sparsity=0.6, schedule=GRADUAL),
    "lottery ticket": pruned(schedule={"name": "iterative", "rounds": 2, "rewind": 0.2}),
    "filters in rounds": pruned(shape="filter", schedule={"name": "iterative", "rounds": 2, "rewind": None}),
    "exchange": pruned(regrowth=RIGL),
    "random exchange": pruned(score="random-draw", regrowth=RIGL | {"grow": "random-draw"}),
    "surgery": pruned(regrowth={"name": "surgery", "lead": 1.0} | TIMES),
    "filters at once": pruned(shape="filter", schedule={"name": "one-shot", "at": 0.5}),
    "l1": pruned(schedule=GRADUAL, regulariser={"name": "l1", "strength": 0.001}),
    "slimming": pruned(shape="filter", score="bn-scale", regulariser={"name": "slimming", "strength": 0.01}),
    "learnt thresholds": {"method": "learn-masks", "regulariser": LTP},
    "gates": {"method": "fbs", "density": 0.5, "end": 0.5},
    "agent": {"method": "rnp", "groups": 3, "penalty": 0.1, "learns": 0.2, "learned": 0.6},
    "experts": {"method": "switch", "experts": 3, "capacity": 1.0},
    "dropout": {"method": "dropout", "share": 0.3},
    "dropped weights": {"method": "drop-connect", "share": 0.3},
    "variational dropout": {"method": "learn-masks", "regulariser": VARIATIONAL_DROPOUT},
    "thresholded scales": {"method": "learn-masks", "regulariser": ISTA},
    "scales of structures": {"method": "learn-masks", "regulariser": SSS},
}


class KilledError(Exception):
    """Ends a training as a signal would: nothing is written after it."""


class AfterEachStep(Snapshots):
    """Keeps what a training would have left behind if it had been killed after each step."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "member", stamp="s", seconds=0)
        self.folder = folder

    def offer(self, step: int, total: Tensor, model: nn.Module, optimiser: Optimizer) -> None:
        super().offer(step, total, model, optimiser)
        shutil.copy(self.folder / "member", self.folder / str(step))


def train(variant: str, snapshots: Snapshots, *, kill_before: int | None = None) -> dict[str, Tensor]:
    """Train a network with batch norm, dropout and masks; its progress is that of a training nobody killed."""
    torch.manual_seed(7)
    model = nn.Sequential(
        nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3), nn.Linear(216, 4)
    )
    seen: list[int] = []

    def kill(step: int, optimiser: Optimizer) -> None:
        if step == kill_before:
            raise KilledError

    method = Watched(method_of(model, VARIANTS[variant], steps=STEPS), before=kill)
    loss = fit(
        model, method, random_split(EXAMPLES), recipe=CHOSEN, seeds=SEEDS, device=CPU, snapshots=snapshots,
        on_step=lambda: seen.append(1),
    )  # fmt: skip
    assert len(seen) == STEPS
    return {**model.state_dict(), "loss": torch.tensor(loss, dtype=torch.float64)}


@pytest.mark.parametrize("variant", VARIANTS)
def test_killed_after_any_step_it_ends_with_the_same_bytes(variant: str, tmp_path: Path) -> None:
    whole = train(variant, Snapshots(None))
    assert same(train(variant, AfterEachStep(tmp_path)), whole)
    steps = sorted(int(path.name) for path in tmp_path.iterdir() if path.name != "member")
    assert len(steps) in (STEPS, 3 * STEPS)
    for step in steps:
        assert same(train(variant, Snapshots(tmp_path / str(step), stamp="s", seconds=9999)), whole), step


def test_killed_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "member.safetensors"
    for step in (1, 4, 5, 6, 12):
        with pytest.raises(KilledError):
            train("lottery ticket", Snapshots(path, stamp="s", seconds=0), kill_before=step)
    assert same(
        train("lottery ticket", Snapshots(path, stamp="s", seconds=0)), train("lottery ticket", Snapshots(None))
    )


def test_a_snapshot_of_other_settings_or_a_torn_one_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "member.safetensors"
    with pytest.raises(KilledError):
        train("dense", Snapshots(path, stamp="one", seconds=0), kill_before=4)
    whole = train("dense", Snapshots(None))
    model = nn.Linear(1, 1)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    assert Snapshots(path, stamp="other").restore(model, optimiser)[0] == 0
    path.write_bytes(path.read_bytes()[:-1])
    assert Snapshots(path, stamp="one").restore(model, optimiser)[0] == 0
    assert same(train("dense", Snapshots(path, stamp="one", seconds=0)), whole)


def test_snapshots_are_written_from_time_to_time(tmp_path: Path) -> None:
    path = tmp_path / "member.safetensors"
    train("dense", Snapshots(path, stamp="s", seconds=3600))
    assert not path.exists()
