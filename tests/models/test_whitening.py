"""The whitening of the first convolution, against numpy."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor, nn

from lesion.models import cifar_resnet
from lesion.models.build import build, initialise
from lesion.models.whitening import whiten, whitening_filters
from tests.training import random_split

MODEL: dict[str, Any] = {"name": "cifar-resnet", "depth": 8, "width": 6}


def smooth_images(count: int = 40, channels: int = 3, side: int = 9) -> Tensor:
    """Random walks over both axes: neighbours and channels are correlated, the mean is not zero."""
    draws = np.random.default_rng(3)
    walks = draws.normal(size=(count, channels, side, side)).cumsum(axis=2).cumsum(axis=3) / side
    mixed = np.einsum("kc,nchw->nkhw", draws.normal(size=(channels, channels)), walks)
    return torch.from_numpy(mixed + 1.5).float()


def responses(images: Tensor, filters: Tensor) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Of each filter to each patch, (patches, filters), by numpy."""
    side = filters.shape[-1]
    windows = sliding_window_view(images.numpy().astype(np.float64), (side, side), axis=(2, 3))
    found = np.einsum("nchwab,kcab->nhwk", windows, filters.numpy().astype(np.float64))
    return np.asarray(found.reshape(-1, len(filters)), dtype=np.float64)


@pytest.mark.parametrize(("channels", "side"), [(3, 3), (1, 3), (3, 2)])
def test_responses_are_uncorrelated_and_of_variance_one(channels: int, side: int) -> None:
    images = smooth_images(channels=channels)
    filters = whitening_filters(images, side=side)
    assert filters.shape == (channels * side**2, channels, side, side)
    found = np.cov(responses(images, filters), rowvar=False, ddof=0)
    np.testing.assert_allclose(found, np.eye(len(filters)), atol=1e-5)


def test_the_first_filters_are_along_the_largest_variance() -> None:
    images = smooth_images()
    filters = whitening_filters(images, side=3).flatten(1).numpy()
    windows = sliding_window_view(images.numpy(), (3, 3), axis=(2, 3)).transpose(0, 2, 3, 1, 4, 5).reshape(-1, 27)
    variance = (windows.astype(np.float64) @ (filters / np.linalg.norm(filters, axis=1, keepdims=True)).T).var(axis=0)
    assert (np.diff(variance) < 0).all()
    np.testing.assert_allclose(variance, np.linalg.eigvalsh(np.cov(windows, rowvar=False))[::-1], rtol=1e-3)


def test_patches_without_variance_give_finite_filters() -> None:
    assert torch.isfinite(whitening_filters(torch.ones(2, 1, 5, 5), side=3)).all()
    gray = smooth_images(channels=1).expand(-1, 3, -1, -1)  # two of three directions of colour have no variance
    assert torch.isfinite(whitening_filters(gray, side=2)).all()


@pytest.mark.parametrize(("filters", "whitened"), [(8, 8), (7, 6), (60, 54)])
def test_filters_come_with_their_negatives(filters: int, whitened: int) -> None:
    images, convolution = smooth_images(), nn.Conv2d(3, filters, 3, bias=False)
    before = convolution.weight.detach().clone()
    whiten(convolution, images)
    after = convolution.weight.detach()
    torch.testing.assert_close(after[: whitened // 2], -after[whitened // 2 : whitened])
    torch.testing.assert_close(after[: whitened // 2], whitening_filters(images, side=3)[: whitened // 2].float())
    assert torch.equal(after[whitened:], before[whitened:])


def test_training_starts_with_whitening_filters_and_otherwise_the_same_weights() -> None:
    split = random_split(channels=3, side=8)

    def state(model: dict[str, Any], *, prepared: bool = True) -> dict[str, Tensor]:
        torch.manual_seed(1)
        return (initialise if prepared else build)(model, split).state_dict()

    plain, whitened = state(MODEL), state(MODEL | {"whiten": 35})
    changed = {name for name, tensor in plain.items() if not torch.equal(tensor, whitened[name])}
    assert changed == {"conv.weight"}
    images = split.normalise(torch.from_numpy(split.images.read(np.arange(0, 70, 2))))
    torch.testing.assert_close(whitened["conv.weight"][:3], whitening_filters(images, side=3)[:3].float())
    again = state(MODEL | {"whiten": 35}, prepared=False)  # what stored weights are loaded into reads no image
    assert torch.equal(plain["conv.weight"], again["conv.weight"])


def test_more_images_than_there_are_are_all() -> None:
    split = random_split(10, channels=3, side=8)
    seen: list[Tensor] = []
    network = build(MODEL, split)
    cifar_resnet.prepare(network, cifar_resnet.Options(depth=8), seen.append)  # type: ignore[arg-type]
    assert not seen
    assert torch.isfinite(initialise(MODEL | {"whiten": 99}, split).get_parameter("conv.weight")).all()
