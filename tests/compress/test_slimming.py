import pytest
import torch
from torch import nn

from lesion.compress.masks import MaskedNetwork
from lesion.compress.methods import prune
from lesion.compress.probe import Batch, Probe
from lesion.compress.regularisers.slimming import Options, Regulariser
from lesion.compress.units import find_units
from lesion.data.sample import TrainingSampler
from lesion.errors import InputError
from lesion.train.loop import fit
from lesion.train.seeds import Seeds
from tests.training import RECIPE, random_split, small_network

IMAGES = torch.randn(1, 1, 8, 8, generator=torch.Generator().manual_seed(0))


def sample(count: int, seed: int) -> list[Batch]:
    return [(IMAGES, torch.zeros(1, dtype=torch.int64))]


def signed_scales(model: nn.Module) -> dict[str, nn.Parameter]:
    """The scales of all batch norms, made such that no two are alike and half of them are negative."""
    scales = {
        name: parameter
        for name, parameter in model.named_parameters()
        if name.endswith("weight") and parameter.dim() == 1
    }
    for parameter in scales.values():
        nn.init.uniform_(parameter, 0.5, 1.5)
        parameter.detach()[::2] *= -1
    return scales


@pytest.mark.parametrize("whole_units", [True, False])
def test_the_penalty_is_the_sum_of_absolute_scales_and_its_gradient_their_signs(whole_units: bool) -> None:
    model = small_network()
    scales = signed_scales(model)
    assert list(scales) == ["1.weight", "4.weight"]
    network = MaskedNetwork(model, units=find_units(model, IMAGES) if whole_units else None)
    network.set({"0.weight": torch.zeros(4, 1, 3, 3, dtype=torch.bool)})
    regulariser = Regulariser(Options(strength=0.25), Probe(network, sample, seed=0), steps=1, examples=1)
    penalty = regulariser.penalty(0)
    total = sum(abs(value) for scale in scales.values() for value in scale.tolist())
    assert penalty.item() == pytest.approx(0.25 * total, rel=1e-6)
    penalty.backward()  # type: ignore[no-untyped-call]
    for parameter in model.parameters():
        if any(parameter is scale for scale in scales.values()):
            assert torch.equal(torch.as_tensor(parameter.grad), 0.25 * parameter.sign())  # under the mask, too
        else:
            assert parameter.grad is None
    assert regulariser.learned == []


def test_norms_that_read_no_layer_are_left_alone() -> None:
    model = nn.Sequential(nn.BatchNorm2d(1), nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(72, 2))
    regulariser = Regulariser(Options(strength=1.0), Probe(MaskedNetwork(model), sample, seed=0), steps=1, examples=1)
    regulariser.penalty(0).backward()  # type: ignore[no-untyped-call]
    assert [name for name, parameter in model.named_parameters() if parameter.grad is not None] == ["2.weight"]


def test_a_network_without_batch_norms_is_refused() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    with pytest.raises(InputError, match="slimming: in this network no batch norm reads the output of a layer"):
        Regulariser(Options(strength=1.0), Probe(MaskedNetwork(model), sample, seed=0), steps=1, examples=1)


def test_scales_end_smaller_the_stronger_it_is() -> None:
    def trained(strength: float | None) -> float:
        model, split = small_network(), random_split()
        options = prune.Options(
            sparsity=0.5, score="bn-scale", shape="filter", allocation="uniform",
            schedule={"name": "one-shot", "at": 0.9},
            regulariser=None if strength is None else {"name": "slimming", "strength": strength},
        )  # fmt: skip
        sampled = TrainingSampler(split, torch.device("cpu"), 16)
        method = prune.Training(model, options, steps=24, sample=sampled, examples=len(split.label), seed=3)
        fit(model, method, split, recipe=RECIPE, seeds=Seeds.derive(0, "s", "v", 0), device=torch.device("cpu"))
        return float(model.get_parameter("1.weight").detach().abs().sum())

    none, weak, strong = trained(None), trained(0.05), trained(0.5)
    assert strong < weak < none
