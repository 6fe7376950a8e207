from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from lesion.compress.learned import Learned
from lesion.errors import InputError
from lesion.params.augmentation import Augmentation
from lesion.params.recipe import Recipe
from lesion.train.loop import fit, learning_rate, micro_batches, sgd, total_steps
from lesion.train.population import train_member
from lesion.train.seeds import Seeds
from tests.training import CPU, RECIPE, SEEDS, method_of, pruned, random_split, recipe, same, small_network, train

MODEL = {"name": "small-cnn", "widths": [4, 6]}
DENSE = {"method": "dense"}


def train_dense(model: nn.Module, chosen: Recipe, on_step: Callable[[], None] = lambda: None) -> float:
    return train(model, method_of(model, DENSE), chosen, on_step=on_step)


def test_the_learning_rate_at_its_corners() -> None:
    # ImageNet as published: 0.1 × 4096 / 256, five epochs of warm-up, ×0.1 at epochs 30, 60 and 80
    chosen = recipe(rate=1.6, warmup=5.0, decay=[30, 60, 80])
    rates = {step: learning_rate(chosen, step, steps_per_epoch=312) for step in range(90 * 312)}
    assert rates[0] == pytest.approx(1.6 / (5 * 312))
    assert rates[5 * 312 - 1] == rates[5 * 312] == rates[30 * 312 - 1] == 1.6
    assert rates[30 * 312] == rates[60 * 312 - 1] == pytest.approx(0.16)
    assert rates[60 * 312] == rates[80 * 312 - 1] == pytest.approx(0.016)
    assert rates[80 * 312] == rates[90 * 312 - 1] == pytest.approx(0.0016)
    steps = np.diff([rates[step] for step in range(5 * 312)])
    np.testing.assert_allclose(steps, 1.6 / (5 * 312))


@given(epochs=st.floats(0.1, 9.0), share=st.floats(0.0, 0.99), each=st.integers(1, 40))
def test_a_triangular_rate_is_two_lines_that_meet_at_the_peak(epochs: float, share: float, each: int) -> None:
    chosen = recipe(schedule="triangular", epochs=epochs, warmup=share * epochs, decay=[])
    steps = total_steps(chosen, each * chosen.batch)
    found = [learning_rate(chosen, step, steps_per_epoch=each) for step in range(steps)]
    peak = round(share * epochs * each)
    expected = chosen.rate * np.interp(np.arange(steps), [-1, peak - 1, peak, steps], [0, 1, 1, 0])
    np.testing.assert_allclose(found, expected if peak else chosen.rate * (1 - np.arange(steps) / steps))


@pytest.mark.parametrize(
    ("changed", "why"), [({"decay": [2]}, r"decay must be \[\]"), ({"decay": [], "warmup": 3.0}, "warmup must be less")]
)
def test_a_triangle_has_no_steps_and_an_end(changed: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        recipe(schedule="triangular", **changed)


def test_without_warm_up_the_first_rate_is_the_peak() -> None:
    assert learning_rate(recipe(warmup=0.0), 0, steps_per_epoch=10) == RECIPE.rate


@given(count=st.integers(0, 60), micro=st.integers(1, 5), each=st.integers(1, 4), seed=st.integers(0, 2**32 - 1))
def test_an_epoch_is_a_permutation_without_its_last_incomplete_batch(
    count: int, micro: int, each: int, seed: int
) -> None:
    batch = micro * each
    made = micro_batches(recipe(batch=batch, micro_batch=micro), count, 3, Seeds(0, seed, 0, 0))
    assert len(made) == count // batch * each
    rows = [row for part in made for row in part.rows.tolist()]
    assert len(set(rows)) == len(rows) == count - count % batch
    assert set(rows) <= set(range(count))
    assert all(len(part.rows) == micro for part in made)
    assert len({part.seed for part in made}) == len(made)


@given(seed=st.integers(0, 2**32 - 1))
def test_a_training_sees_each_image_and_its_mirror_image_by_turns(seed: int) -> None:
    varied = RECIPE.augmentation.model_dump() | {"mirror": "alternating"}
    turned = np.full((4, 24), False)
    for epoch in range(4):
        for part in micro_batches(recipe(augmentation=varied), 24, epoch, Seeds(0, 1, seed, 0)):
            assert part.turned is not None
            turned[epoch, part.rows] = part.turned
    assert (turned[1:] != turned[:-1]).all()
    assert all(part.turned is None for part in micro_batches(RECIPE, 24, 0, Seeds(0, 1, seed, 0)))


def test_images_reach_the_network_mirrored_by_turns() -> None:
    split, seen = random_split(24), list[Tensor]()
    model = small_network()
    model.register_forward_pre_hook(lambda _, given: seen.extend(given[0]))
    chosen = recipe(epochs=2, augmentation=RECIPE.augmentation.model_dump() | {"mirror": "alternating"})
    fit(model, method_of(model, DENSE), split, recipe=chosen, seeds=SEEDS, device=CPU)
    images = split.normalise(torch.from_numpy(split.images.read(np.arange(24))))
    for image in images:
        shown = [[torch.equal(one, way) for way in (image, image.flip(2))] for one in seen]
        assert sorted(map(tuple, np.argwhere(shown)[:, 1:].tolist())) == [(0,), (1,)]  # once each way


def test_epochs_differ_and_seeds_repeat_them() -> None:
    def epochs(seed: int) -> list[list[int]]:
        made = [micro_batches(RECIPE, 50, epoch, Seeds(0, seed, 0, 0)) for epoch in range(3)]
        return [np.concatenate([part.rows for part in parts]).tolist() for parts in made]

    assert epochs(4) == epochs(4)
    assert len({tuple(rows) for rows in epochs(4) + epochs(5)}) == 6


def test_total_steps_counts_whole_batches() -> None:
    seen: list[int] = []
    train_dense(small_network(), RECIPE, on_step=lambda: seen.append(1))
    assert len(seen) == total_steps(RECIPE, 70) == 3 * 8


@pytest.mark.parametrize(("epochs", "steps"), [(0.125, 1), (1.5, 12), (2.99, 24), (0.001, 1)])
def test_epochs_may_be_parts(epochs: float, steps: int) -> None:
    seen: list[int] = []
    train_dense(small_network(), recipe(epochs=epochs), on_step=lambda: seen.append(1))
    assert len(seen) == total_steps(recipe(epochs=epochs), 70) == steps


def test_the_published_steps_of_imagenet() -> None:
    # 1,281,167 images are 312 batches of 4096; the published training has 32,000 steps
    assert total_steps(recipe(batch=4096, micro_batch=256, epochs=32_000 / 312), 1_281_167) == 32_000


def test_a_micro_batch_that_does_not_divide_the_batch() -> None:
    with pytest.raises(ValueError, match="micro_batch must divide batch"):
        recipe(batch=8, micro_batch=3)


@pytest.mark.parametrize("micro", [1, 2, 4, 8])
def test_gradients_of_parts_add_up_to_those_of_the_batch(micro: int) -> None:
    def weight(chosen: Recipe) -> Tensor:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.Linear(64, 4))  # no batch norm, which sees a part at a time
        losses.append(train_dense(model, chosen))
        return model.get_parameter("1.weight").detach()

    losses: list[float] = []
    torch.testing.assert_close(weight(recipe(micro_batch=micro)), weight(recipe(micro_batch=8)), rtol=1e-4, atol=1e-6)
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_less_than_a_batch_of_examples() -> None:
    with pytest.raises(InputError, match="a batch of 8 is more than the 7 training examples"):
        total_steps(RECIPE, 7)


def softmax_regression_by_hand(chosen: Recipe, weight: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> float:
    """Train in place by SGD with Nesterov momentum in float64 numpy, on whole batches; the last loss."""
    split = random_split()
    x = ((split.images.read(np.arange(70)).reshape(70, 64) / 255) - 0.5) / 0.29
    smoothed = np.eye(4)[split.label.numpy()] * (1 - chosen.label_smoothing) + chosen.label_smoothing / 4
    velocity = np.zeros_like(weight)
    for step in range(int(chosen.epochs)):
        logit = x @ weight.T
        logit -= logit.max(axis=1, keepdims=True)
        log_probability = logit - np.log(np.exp(logit).sum(axis=1, keepdims=True))
        loss = -float((smoothed * log_probability).sum(axis=1).mean())
        gradient = (np.exp(log_probability) - smoothed).T @ x / len(x) + chosen.weight_decay * weight
        velocity = chosen.momentum * velocity + gradient
        rate = chosen.rate * chosen.decay_factor ** sum(step >= epoch for epoch in chosen.decay)
        weight -= rate * (gradient + chosen.momentum * velocity)
    return loss


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_steps_are_those_of_nesterov_momentum_by_hand(momentum: float, smoothing: float) -> None:
    chosen = recipe(
        batch=70,
        micro_batch=70,
        epochs=4,
        warmup=0.0,
        decay=[3],
        momentum=momentum,
        label_smoothing=smoothing,
        weight_decay=0.01,
    )  # a batch holds all images, so that their order does not matter
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 4, bias=False))
    weight = model.get_parameter("1.weight").detach().numpy().astype(np.float64)
    start = weight.copy()
    loss = train_dense(model, chosen)
    assert loss == pytest.approx(softmax_regression_by_hand(chosen, weight), rel=1e-5)
    trained = model.get_parameter("1.weight").detach().numpy()
    np.testing.assert_allclose(trained - start, weight - start, rtol=1e-3, atol=1e-6)
    assert np.abs(weight - start).max() > 0.01


@pytest.mark.parametrize("of", ["all", "weights"])
def test_weight_decay_is_of_all_or_of_weights(of: str) -> None:
    # With a gradient of zero a step changes a weight by its decay alone.
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 4))
    model.register_parameter("added", nn.Parameter(torch.ones(3)))
    learned = [Learned(model.get_parameter("added"), 3.0)]
    optimiser = sgd(model, learned, recipe(weight_decay=0.1, weight_decay_of=of, momentum=0.0))
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    for group in optimiser.param_groups:
        group["lr"] = group["times"] * 0.5
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    for name, parameter in model.named_parameters():
        decays = name != "added" and (of == "all" or name in ("0.weight", "3.weight"))
        torch.testing.assert_close(parameter.detach(), before[name] * (0.95 if decays else 1.0))
    assert {group["times"] for group in optimiser.param_groups} == {1.0, 3.0}


def test_masks_change_no_weight_decay() -> None:
    model = small_network()
    method = method_of(model, pruned(shape="filter", score="bn-scale"))
    decayed, free = (
        group["params"] for group in sgd(model, method.learned, recipe(weight_decay_of="weights")).param_groups
    )
    names = {parameter: name for name, parameter in model.named_parameters()}
    assert {names[one].partition(".parametrizations")[0] for one in decayed} == {"0", "3", "7"}
    assert len(decayed) + len(free) == len(names)


def weights(seeds: Seeds, variant: dict[str, Any] = DENSE, *, shift: int = 2) -> dict[str, Tensor]:
    varied = Augmentation(shift=shift, mirror=False, smallest_area=1.0).model_dump()
    network, _ = train_member(
        MODEL, variant, random_split(), recipe=recipe(augmentation=varied), seeds=seeds, device=CPU
    )
    return network.state_dict()


def test_the_same_seeds_give_the_same_bytes() -> None:
    one = weights(SEEDS)
    torch.rand(1000)  # whatever else draws random numbers in between
    other = weights(SEEDS)
    assert list(one) == list(other)
    for name, tensor in one.items():
        assert tensor.numpy().tobytes() == other[name].numpy().tobytes()


@pytest.mark.parametrize("purpose", ["initialisation", "order", "augmentation", "method"])
def test_each_seed_alone_gives_other_weights(purpose: str) -> None:
    changed = Seeds(**{**vars(SEEDS), purpose: 99})
    random = pruned(score="random-draw")
    assert not torch.equal(weights(SEEDS, random)["0.weight"], weights(changed, random)["0.weight"])
    assert same(weights(SEEDS), weights(changed)) == (purpose == "method")  # dense draws nothing


def test_without_shifts_the_seed_of_the_augmentation_does_not_matter() -> None:
    one, other = weights(SEEDS, shift=0), weights(Seeds(**{**vars(SEEDS), "augmentation": 99}), shift=0)
    assert torch.equal(one["0.weight"], other["0.weight"])


def test_workers_change_no_bit() -> None:
    def trained(workers: int) -> dict[str, Tensor]:
        chosen = recipe(workers=workers, augmentation=RECIPE.augmentation.model_dump() | {"shift": 2, "mirror": True})
        network, _ = train_member(MODEL, DENSE, random_split(), recipe=chosen, seeds=SEEDS, device=CPU)
        return network.state_dict()

    alone, helped = trained(0), trained(2)
    assert all(torch.equal(tensor, helped[name]) for name, tensor in alone.items())


@settings(max_examples=3)
@given(rate=st.sampled_from([1.0e15, 1.0e20, 1.0e30]))
def test_a_training_that_diverges_says_so(rate: float) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 4))
    with pytest.raises(InputError, match=r"^the loss is (nan|inf) in epoch \d: the training diverged$"):
        train_dense(model, recipe(rate=rate, epochs=9, warmup=0.0, momentum=0.0, weight_decay=1.0))
