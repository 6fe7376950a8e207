"""Networks from elsewhere that answer at chance, or better with the channels reversed, are told."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from lesion.artifacts.tables import read_facts
from lesion.data.images import PackedImages
from lesion.data.split import Normalise, Split
from lesion.params.recipe import Evaluation
from lesion.predict.doubts import LEVEL, at_chance, at_least, reversed_channels, spread
from tests import places
from tests.conftest import step, tiny, write_params

EVALUATION = Evaluation.read(tiny()["studies"]["digits"]["evaluation"], where="")


@pytest.mark.parametrize(
    ("right", "count", "share"), [(0, 7, 0.1), (1, 7, 0.1), (7, 7, 0.5), (30, 200, 0.1), (3, 1000, 1e-3)]
)
def test_the_probability_is_that_of_the_exact_test(right: int, count: int, share: float) -> None:
    expected = stats.binomtest(right, count, share, alternative="greater").pvalue
    assert at_least(right, count, share) == pytest.approx(expected)


def test_answers_at_chance_are_told_and_others_are_not() -> None:
    label = torch.arange(1000) % 10
    needed = next(right for right in range(1000) if stats.binom.sf(right - 1, 1000, 0.1) < LEVEL)
    for right in (0, 100, needed - 1, needed, 500):
        told = at_chance(torch.arange(1000) < right, label)
        assert (told is None) == (right >= needed)
        assert told is None or told.startswith(f"{right} of 1000 answers are right, ")


def test_naming_the_most_frequent_class_is_chance() -> None:
    label = torch.tensor([0] * 700 + [1] * 300)
    assert at_chance(label == 0, label)
    assert at_chance(label == label, label) is None


class Redness(nn.Module):
    """Class 0 where the first channel is larger than the third."""

    def forward(self, images: Tensor) -> Tensor:
        mean = images.mean(dim=(2, 3))
        return torch.stack([mean[:, 0], mean[:, 2]], dim=1)


def coloured(*, reverse: bool, channels: int = 3) -> Split:
    """Images that are red or blue, in order of their class."""
    draws = np.random.default_rng(0)
    pixels = draws.integers(100, 110, (40, 4, 4, channels), dtype=np.uint8)
    label = np.arange(40) % 2
    pixels[np.arange(40), :, :, (label * 2) % channels] += 90
    return Split(
        example_id=torch.arange(40, dtype=torch.int32), images=PackedImages(pixels), label=torch.from_numpy(label),
        normalise=Normalise(torch.full((channels,), 0.4), torch.full((channels,), 0.3), reverse),
        class_names=("red", "blue"), class_ids=("0", "1"),
    )  # fmt: skip


@pytest.mark.parametrize("reverse", [False, True])
def test_channels_in_another_order_are_told(reverse: bool) -> None:
    split = coloured(reverse=reverse)
    pixels = torch.from_numpy(split.images.read(np.arange(40)))
    told = reversed_channels(Redness(), split, pixels, split.label, EVALUATION)
    if reverse:
        assert told is not None
        assert told.startswith("0 of a sample of 40 answers are right, and 40 with the channels reversed")
        assert "channels: rgb" in told
    else:
        assert told is None


def test_grey_images_have_no_order() -> None:
    split = coloured(reverse=False, channels=1)
    pixels = torch.from_numpy(split.images.read(np.arange(4)))
    assert reversed_channels(nn.Identity(), split, pixels, split.label[:4], EVALUATION) is None


def test_the_sample_is_spread_over_all_images() -> None:
    assert spread(5, 100).tolist() == [0, 1, 2, 3, 4]
    assert spread(10_000, 5).tolist() == [0, 2499, 4999, 7499, 9999]
    assert len(spread(10_000, 1000)) == 256


@pytest.mark.parametrize("swap", [False, True], ids=["right", "classes in another order"])
def test_the_step_tells_of_pretrained_members_alone(
    swap: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from safetensors.torch import load_file, save_file

    monkeypatch.chdir(tmp_path)
    params = tiny(epochs=3)
    params["variants"]["gmp-50"] = {"method": "pretrained", "files": "other-{member}.safetensors"}
    write_params(tmp_path, params)
    step("data", study="digits")
    dense, other = ({"study": "digits", "variant": variant, "shard": "0-0"} for variant in ("dense", "gmp-50"))
    step("train", **dense)
    stored = load_file(places.checkpoint("digits", "dense", "0-0"))
    state = {name.partition("/")[2]: tensor for name, tensor in stored.items()}
    if swap:
        for name in ("7.weight", "7.bias"):
            state[name] = state[name].roll(1, 0)
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, "other-0.safetensors")
    with caplog.at_level(logging.WARNING, "lesion"):
        for node in (dense, other):
            if node is other:
                step("train", **node)
            step("predict", **node)
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    facts = [read_facts(places.predictions("digits", node["variant"], "0-0")) for node in (dense, other)]
    assert "doubts" not in facts[0]
    assert facts[1].get("doubts", []) == told
    assert len(told) == swap
    assert all(line.startswith("member 0: ") for line in told)
