"""The sizes that `lesion foresee` takes are those that were measured, as docs/results/foresee has them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lesion.audit.foresight.perturbations import PERTURBATIONS, Perturbation

SIZES = pd.read_csv(Path(__file__).parents[3] / "docs" / "results" / "foresee" / "sizes.csv")


@pytest.mark.parametrize("kind", PERTURBATIONS, ids=lambda kind: kind.name)
def test_sizes_are_the_smallest_the_median_and_the_largest_measured(kind: Perturbation) -> None:
    rows = SIZES[SIZES["kind"] == kind.name.replace("_", "-")]
    for column, said in (("over_median", kind.over_median), ("over_seeds", kind.over_seeds)):
        measured = np.sort(rows[column].dropna())
        if said == (1.0, 1.0, 1.0) or said is None:  # another seed is its own unit
            assert not len(measured)
            continue
        middle = np.exp(np.median(np.log(measured)))
        assert said == pytest.approx((measured[0], middle, measured[-1]), abs=6e-4)


def test_measured_on_names_the_data() -> None:
    known = {"multiple choice": "language", "docstrings": "texts", "digits": "digits", "cifar10-catalogue": "CIFAR-10"}
    for kind in PERTURBATIONS:
        found = set(SIZES.loc[SIZES["kind"] == kind.name.replace("_", "-"), "data"])
        assert {data for data, word in known.items() if word in kind.measured} == found
