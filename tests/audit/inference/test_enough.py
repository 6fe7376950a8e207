import numpy as np

from lesion.audit.inference.enough import MOST, enough


def test_it_finds_the_least_number_that_decides() -> None:
    least = np.array([1.0, 2.0, 37.0, 5_000.0, 900_000.0, MOST + 1.0])
    found = enough(lambda examples: examples >= least, len(least))
    assert found[0] == 1
    np.testing.assert_allclose(found[1:5], least[1:5], rtol=0.002, atol=1)
    assert np.isnan(found[5])


def test_it_never_says_too_few() -> None:
    least = np.linspace(1, 1_000, 50)
    assert (enough(lambda examples: examples >= least, 50) >= least).all()
