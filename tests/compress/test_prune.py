import pytest
import torch
from torch import Tensor, nn

from lesion.compress.allocations.uniform import allocate
from lesion.compress.masks import prunable
from lesion.compress.methods import dense, prune
from lesion.compress.scores.magnitude import score
from lesion.compress.size import sizes
from lesion.train.loop import Training, fit
from lesion.train.seeds import Seeds
from tests.training import RECIPE, random_split, small_network

STEPS = 24  # 3 epochs of 8 batches
SCHEDULE = {"name": "gradual", "begin": 0.25, "end": 0.75, "every": 0.125}


def options(sparsity: float) -> prune.Options:
    return prune.Options(sparsity=sparsity, score="magnitude", allocation="uniform", schedule=SCHEDULE)


def train(model: nn.Module, method: Training) -> None:
    fit(model, method, random_split(), recipe=RECIPE, seeds=Seeds(0, 1, 2), device=torch.device("cpu"))


class Watched:
    """A method whose network's weights are kept before and after each update of the masks."""

    def __init__(self, model: nn.Module, method: prune.Training) -> None:
        self.model, self.method = model, method
        self.zeros: list[dict[str, Tensor]] = []

    def before_step(self, step: int) -> None:
        self.method.before_step(step)
        with torch.no_grad():
            self.zeros.append({name: getattr(layer, attribute) == 0 for name, layer, attribute in prunable(self.model)})

    def finish(self) -> None:
        self.method.finish()


@pytest.mark.parametrize("sparsity", [0.1, 0.5, 0.77, 0.9])
def test_each_tensor_ends_with_exactly_the_asked_sparsity(sparsity: float) -> None:
    model = small_network()
    train(model, prune.Training(model, options(sparsity), steps=STEPS))
    weights = {name: model.get_parameter(name) for name, _, _ in prunable(model)}
    assert len(weights) == 3
    for weight in weights.values():
        assert int((weight == 0).sum()) == round(sparsity * weight.numel())
    pruned = sum(round(sparsity * weight.numel()) for weight in weights.values())
    total = sum(weight.numel() for weight in weights.values())
    assert sizes(model.state_dict())["sparsity"] == pytest.approx(pruned / total, abs=1e-12)


def test_biases_and_batch_norm_are_not_pruned() -> None:
    model = small_network()
    train(model, prune.Training(model, options(0.9), steps=STEPS))
    assert set(model.state_dict()) == set(small_network().state_dict())
    others = {name: tensor for name, tensor in model.state_dict().items() if tensor.dim() == 1}
    assert len(others) == 9  # weight, bias, mean and variance of two batch norms, and the bias of the last layer
    for name, tensor in others.items():
        assert (tensor != 0).all(), name


def test_sparsity_grows_as_scheduled_and_masks_stand_in_between() -> None:
    model = small_network()
    watched = Watched(model, prune.Training(model, options(0.5), steps=STEPS))
    train(model, watched)
    updates = {6, 9, 12, 15, 18}  # begin, every 3 steps, end
    share = 0.0
    for step, zeros in enumerate(watched.zeros):
        if step in updates:
            share = 1 - (1 - (step - 6) / 12) ** 3
        for name, zero in zeros.items():
            assert int(zero.sum()) == round(0.5 * share * zero.numel())
            if step and step not in updates:
                assert torch.equal(zero, watched.zeros[step - 1][name])
    first, last = watched.zeros[9], watched.zeros[18]
    assert any((first[name] & ~last[name]).any() for name in first)  # some weight came back


def test_before_the_first_update_pruned_and_dense_train_alike() -> None:
    one, other = small_network(), small_network()
    late = options(0.5).model_copy(update={"schedule": {"name": "gradual", "begin": 0.9, "end": 1.0, "every": 0.1}})
    watched = Watched(one, prune.Training(one, late, steps=1000))
    train(one, watched)
    train(other, dense.Training(other, dense.Options(), steps=1000))
    for name, tensor in other.state_dict().items():
        assert torch.equal(one.state_dict()[name], tensor), name


def test_magnitude_and_uniform_are_what_their_names_say() -> None:
    weight = torch.tensor([[-2.0, 0.0], [1.5, -0.5]])
    assert score(weight).tolist() == [[2.0, 0.0], [1.5, 0.5]]
    shapes = {"a": torch.Size([3, 2]), "b": torch.Size([7])}
    assert allocate(shapes, 0.3) == {"a": 0.3, "b": 0.3}
