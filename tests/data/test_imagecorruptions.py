"""Corruptions beside the package imagecorruptions, which has ImageNet-C's formulas for 224 pixels: its own source."""

import numpy as np
import pytest

from lesion.data.corruptions.corrupt import SEVERITIES, corrupt
from tests.data.corruption_images import CounterDraws, without_photographs
from tests.data.imagecorruptions_source import SAME, corrupted
from tests.data.photographs import PACKAGED, photographs
from tests.data.published_constants import CONSTANTS

EXAMPLE = 14
TIES = {"glass-blur": 1e-4, "motion-blur": 1e-4, "spatter": 1e-4}  # shares of values: the formula goes through 8 bits


@without_photographs
@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("corruption", SAME)
def test_the_package_gives_the_same_images_with_the_same_random_numbers(corruption: str, severity: int) -> None:
    image = photographs(PACKAGED, 224, 2)[1]
    _, reach, iterations = CONSTANTS[224]["glass-blur"][severity - 1]
    draws = CounterDraws(EXAMPLE, corruption, severity)
    expected = corrupted(corruption, image, severity, draws, glass=(reach, iterations))
    found = corrupt(image[None], np.array([EXAMPLE]), corruption=corruption, severity=severity)[0]
    beyond_rounding = np.abs(found - expected) - 0.5 > 0.002
    assert beyond_rounding.mean() <= TIES.get(corruption, 0)
