"""What all regrowths have in common: whole groups come back, as many as go, in every training."""

from typing import Any

import pytest
import torch
from torch import nn

from lesion.compress.masks import prunable
from tests.compress.regrowing import SET, SURGERY, UPDATES, watch
from tests.training import STEPS, small_network


def without_norms() -> nn.Module:
    """All its filters are nearly as large, so that a little learning changes their order."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, stride=2), nn.ReLU(), nn.Conv2d(4, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(6, 4)
    )
    with torch.no_grad():
        for _, layer, attribute in prunable(model):
            weight = layer.get_parameter(attribute)
            weight.div_(weight.abs().mean(dim=tuple(range(1, weight.dim())), keepdim=True) * 5)
    return model


@pytest.mark.parametrize(
    ("shape", "regrowth", "build"),
    [
        ("filter", SET | {"fraction": 0.6}, small_network),
        ("filter", SURGERY | {"lead": 1.0}, without_norms),
        ({"name": "n-m", "of": 2}, SET | {"fraction": 0.6}, small_network),
        ({"name": "n-m", "of": 2}, SURGERY, small_network),
    ],
    ids=["filters exchanged", "filters spliced", "1:2 exchanged", "1:2 spliced"],
)
def test_whole_groups_come_back_and_all_stays_as_sparse(shape: Any, regrowth: Any, build: Any, stand_in: Any) -> None:
    before, after = watch(build(), regrowth=regrowth, shape=shape)
    changed = set()
    for step, (was, now) in enumerate(zip(before, after, strict=True)):
        for name, mask in now.masks.items():
            if shape == "filter":
                assert torch.equal(mask.flatten(1).all(dim=1), mask.flatten(1).any(dim=1))
            elif mask.shape[1] > 1:  # inputs
                assert (mask.movedim(1, -1).reshape(-1, 2).sum(dim=1) == 1).all()
            if step:
                assert int(mask.sum()) == int(was.masks[name].sum())
                changed |= {step} if not torch.equal(mask, was.masks[name]) else set()
    assert changed
    assert changed <= set(UPDATES)


@pytest.mark.parametrize("regrowth", [SET, SURGERY], ids=["exchange", "surgery"])
def test_weights_come_back_in_every_training(regrowth: Any, stand_in: Any) -> None:
    schedule = {"name": "iterative", "rounds": 2, "rewind": None}
    before, after = watch(small_network(), regrowth=regrowth, schedule=schedule, sparsity=0.75)
    assert len(after) == 3 * STEPS
    changed = {
        step
        for step, (was, now) in enumerate(zip(before, after, strict=True))
        if any(not torch.equal(mask, was.masks[name]) for name, mask in now.masks.items())
    }
    assert {STEPS, 2 * STEPS} <= changed  # pruned there
    later = {training * STEPS + step for training in (1, 2) for step in UPDATES}
    assert changed & later
    assert changed <= later | {STEPS, 2 * STEPS}
    if regrowth == SET:
        assert later <= changed
    assert [int(mask.sum()) for mask in after[-1].masks.values()] == [
        mask.numel() - round(0.75 * mask.numel()) for mask in after[-1].masks.values()
    ]


@pytest.mark.parametrize("regrowth", [SET, SURGERY], ids=["exchange", "surgery"])
def test_a_tensor_without_a_score_stays_dense(regrowth: Any, stand_in: Any) -> None:
    stand_in.leaves_out = {"3.weight"}
    _, after = watch(small_network(), regrowth=regrowth, score="stand-in")
    for state in after:
        assert state.masks["3.weight"].all()
        assert int(state.masks["0.weight"].sum()) == 18
    assert not torch.equal(after[0].masks["0.weight"], after[-1].masks["0.weight"])
