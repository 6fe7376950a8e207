"""A training that is killed at any step goes on and ends with the same weights as one that was not."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lesion import plugins
from lesion.params.recipe import Recipe
from lesion.train.loop import fit
from lesion.train.resume import Snapshots
from lesion.train.seeds import Seeds
from tests.training import RECIPE, random_split

CHOSEN = Recipe.model_validate(
    RECIPE.model_dump()
    | {"epochs": 2.5, "micro_batch": 4, "augmentation": {"shift": 2, "mirror": True, "smallest_area": 1.0}}
)
STEPS = 20  # two and a half epochs of eight
PRUNE = {
    "method": "prune", "sparsity": 0.6, "score": "magnitude", "allocation": "uniform",
    "schedule": {"name": "gradual", "begin": 0.1, "end": 0.8, "every": 0.1},
}  # fmt: skip
VARIANTS: dict[str, dict[str, Any]] = {"dense": {"method": "dense"}, "pruned": PRUNE}


class KilledError(Exception):
    """Ends a training as a signal would: nothing is written after it."""


def train(variant: str, snapshots: Snapshots, *, kill_after: int = STEPS + 1) -> dict[str, Tensor]:
    """Train a network with batch norm, dropout and masks; the first step of a resumed training is counted too."""
    torch.manual_seed(7)
    model = nn.Sequential(
        nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3), nn.Linear(216, 4)
    )
    settings = VARIANTS[variant]
    options = plugins.options("method", settings, where="variant", key="method")
    method = plugins.load("method", settings["method"]).Training(model, options, steps=STEPS)
    seen = 0

    def on_step() -> None:
        nonlocal seen
        seen += 1
        if seen == kill_after:
            raise KilledError

    loss = fit(
        model, method, random_split(), recipe=CHOSEN, seeds=Seeds(1, 2, 3), device=torch.device("cpu"),
        snapshots=snapshots, on_step=on_step,
    )  # fmt: skip
    assert seen == STEPS
    return {**model.state_dict(), "loss": torch.tensor(loss, dtype=torch.float64)}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(tensor, other[name]) for name, tensor in one.items())


@pytest.mark.parametrize("variant", VARIANTS)
def test_killed_at_any_step_it_ends_with_the_same_bytes(variant: str, tmp_path: Path) -> None:
    whole = train(variant, Snapshots(None))
    for step in range(1, STEPS + 1):
        path = tmp_path / f"{step}.safetensors"
        with pytest.raises(KilledError):
            train(variant, Snapshots(path, stamp="s", seconds=0), kill_after=step)
        assert path.exists() == (step > 1)
        assert same(train(variant, Snapshots(path, stamp="s", seconds=0)), whole), f"killed after {step} steps"


def test_killed_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "member.safetensors"
    for step in (3, 9, 10, 17):
        with pytest.raises(KilledError):
            train("pruned", Snapshots(path, stamp="s", seconds=0), kill_after=step)
    assert same(train("pruned", Snapshots(path, stamp="s", seconds=0)), train("pruned", Snapshots(None)))


def test_a_snapshot_of_other_settings_or_a_torn_one_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "member.safetensors"
    with pytest.raises(KilledError):
        train("dense", Snapshots(path, stamp="one", seconds=0), kill_after=12)
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
