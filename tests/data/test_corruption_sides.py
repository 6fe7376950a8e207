"""Sides with constants of their own beside 32 and 224, as published on photographs."""

import pytest

from lesion.data.corruptions.corrupt import CORRUPTIONS
from tests.data.corruption_images import assert_as_published, each_of
from tests.data.photographs import PACKAGED

# What a tie or a threshold within a formula decides, as in the tests of each kind.
DECIDED_WITHIN = {"glass-blur": 1e-4, "motion-blur": 1e-4, "snow": 2e-3}


@pytest.mark.parametrize("side", [64, 299])
@pytest.mark.parametrize("severity", [1, 3, 5])
@each_of([*CORRUPTIONS])
def test_as_published_on_photographs(corruption: str, severity: int, side: int) -> None:
    assert_as_published(corruption, PACKAGED, side, severity, elsewhere=DECIDED_WITHIN.get(corruption, 0))
