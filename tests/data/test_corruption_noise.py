"""Noise: as published on photographs, and by its statistics on mid-grey, where nothing is clipped."""

import numpy as np
import pytest
from scipy import stats

from lesion.data.corruptions.corrupt import SEVERITIES
from lesion.data.corruptions.side_8 import SIDE_8
from tests.data.corruption_images import assert_as_published, damaged
from tests.data.photographs import on_photographs

GREY = np.full((400, 8, 8, 1), 128, np.uint8)
severities = pytest.mark.parametrize("severity", SEVERITIES)


@severities
@on_photographs
@pytest.mark.parametrize("corruption", ["gaussian-noise", "shot-noise", "impulse-noise", "speckle-noise"])
def test_as_published_on_photographs(corruption: str, source: str, side: int, severity: int) -> None:
    assert_as_published(corruption, source, side, severity)


@severities
def test_gaussian_noise_has_its_standard_deviation(severity: int) -> None:
    noise = damaged(GREY, "gaussian-noise", severity) / 255 - 128 / 255
    scale = SIDE_8.gaussian_noise[severity - 1]
    assert abs(noise.mean()) < 5 * scale / np.sqrt(noise.size)
    assert noise.std() == pytest.approx(scale, rel=0.03)


@severities
def test_speckle_noise_is_proportional_to_the_pixel(severity: int) -> None:
    noise = damaged(GREY, "speckle-noise", severity) / 255 - 128 / 255
    assert noise.std() == pytest.approx(SIDE_8.speckle_noise[severity - 1] * 128 / 255, rel=0.03)
    assert damaged(np.zeros_like(GREY), "speckle-noise", severity).max() == 0


@severities
def test_shot_noise_counts_photons(severity: int) -> None:
    photons = SIDE_8.shot_noise[severity - 1]
    corrupted = damaged(GREY, "shot-noise", severity) / 255
    expected = 128 / 255
    assert corrupted.mean() == pytest.approx(expected, abs=5 * np.sqrt(expected / photons / corrupted.size))
    assert corrupted.var() == pytest.approx(expected / photons, rel=0.05)


@severities
def test_impulse_noise_is_salt_and_pepper_in_equal_parts(severity: int) -> None:
    corrupted = damaged(GREY, "impulse-noise", severity)
    hits = [int((corrupted == value).sum()) for value in (0, 255)]
    for count in hits:
        assert stats.binomtest(count, corrupted.size, SIDE_8.impulse_noise[severity - 1] / 2).pvalue > 1e-4
    assert (corrupted == 128).sum() + sum(hits) == corrupted.size
