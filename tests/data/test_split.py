from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lesion.data.split import Normalise, Split, read_split
from tests import places


def test_splits_are_disjoint_and_whole(predicted: Path) -> None:
    train, test = (read_split(places.examples("digits"), places.images("digits"), name) for name in ("train", "test"))
    ids = train.example_id.tolist() + test.example_id.tolist()
    assert sorted(ids) == list(range(1797))
    rows = pd.read_parquet(places.examples("digits"))
    for split in (train, test):
        assert split.example_id.tolist() == sorted(split.example_id.tolist())
        assert split.label.tolist() == rows["label"][split.example_id.tolist()].tolist()
        assert split.label.dtype == torch.int64
        assert split.images.shape == (8, 1)
        assert split.class_names == tuple("0123456789")


def pixels(split: Split) -> torch.Tensor:
    return split.normalise(torch.from_numpy(split.images.read(np.arange(len(split.label)))))


def test_training_images_have_mean_zero_and_deviation_one(predicted: Path) -> None:
    train, test = (read_split(places.examples("digits"), places.images("digits"), name) for name in ("train", "test"))
    inputs = pixels(train)
    assert inputs.dtype == torch.float32
    assert inputs.shape == (len(train.label), 1, 8, 8)
    assert float(inputs.double().mean()) == pytest.approx(0, abs=1e-5)
    assert float(inputs.double().std(correction=0)) == pytest.approx(1, abs=1e-5)
    assert float(pixels(test).double().mean()) != pytest.approx(0, abs=1e-5)  # no test image has a say


@settings(max_examples=40)
@given(
    shape=st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 5), st.sampled_from([1, 3])),
    seed=st.integers(0, 2**32 - 1),
)
def test_pixels_are_normalised_channel_by_channel(shape: tuple[int, int, int, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, shape, dtype=np.uint8)
    mean, std = rng.random(shape[3]).astype(np.float32), (rng.random(shape[3]) + 0.1).astype(np.float32)
    found = Normalise(torch.from_numpy(mean), torch.from_numpy(std))(torch.from_numpy(images))
    assert found.shape == (shape[0], shape[3], shape[1], shape[2])
    for channel in range(shape[3]):
        expected = (images[..., channel].astype(np.float64) / 255 - mean[channel]) / std[channel]
        np.testing.assert_allclose(found[:, channel].numpy(), expected, rtol=1e-5, atol=1e-5)
