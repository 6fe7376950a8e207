import numpy as np
import pytest

from lesion.audit.comparison.probability import ROUNDING, clipped, is_probability
from lesion.audit.estimator import Audit
from lesion.errors import InputError


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_one_step_of_a_type_beside_the_ends_is_rounding(dtype: type[np.floating]) -> None:
    ends = np.array([0, 1, np.nextafter(dtype(0), dtype(-1)), np.nextafter(dtype(1), dtype(2))], dtype)
    assert is_probability(ends).all()
    assert clipped(ends).tolist() == [0, 1, 0, 1]
    assert clipped(ends).dtype == np.float32


def test_what_is_further_out_is_no_probability() -> None:
    values = np.array([-2 * ROUNDING, 1 + 2 * ROUNDING, 1.5, 93, np.nan, np.inf, 0.5])
    assert is_probability(values).tolist() == [False] * 6 + [True]


def test_arrays_are_held_to_the_same_rule() -> None:
    prediction = np.array([0, 1, 1])
    sides = (np.array([1.00001, -1e-7, 0.5]), np.array([1, 0, 0.25]))
    found = Audit().fit(prediction, prediction, prediction, true_probability=sides).pie_["probability_change"]
    np.testing.assert_allclose(found, [0, 0, -0.25])
    with pytest.raises(InputError, match="true_probability of dense: numbers of 0 to 1 expected"):
        Audit().fit(prediction, prediction, prediction, true_probability=(np.array([1.01, 0, 0]), None))
