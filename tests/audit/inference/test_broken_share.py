from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from lesion.audit.inference.broken_share import BrokenShare, broken_share

Answers = npt.NDArray[np.int64]


def measured(dense: Answers, compressed: Answers, **known: Any) -> BrokenShare:
    """Of examples whose right answer is 0, all one part."""
    none = np.zeros(dense.shape[1], dtype=np.int64)
    settings: dict[str, Any] = {"classes": 3, "ties": "member", "paired": False, "resamples": 60, "cluster": None}
    settings |= {"rng": np.random.default_rng(0)} | known
    return broken_share(dense, compressed, none, none, 1, **settings)


def test_of_a_pair_it_is_an_exact_binomial_bound() -> None:
    dense = np.zeros((1, 80), dtype=np.int64)
    compressed = np.where(np.arange(80) < 5, 1, 0)[None]
    found = measured(dense, compressed)
    size = np.array([80.0])
    assert found.estimate[0] == 5 / 80
    assert found.upper(size, 0.01)[0] == pytest.approx(stats.beta.ppf(0.99, 6, 75))
    assert found.lower(size, 0.01)[0] == pytest.approx(stats.beta.ppf(0.01, 5, 76))


def test_of_populations_modal_labels_break() -> None:
    dense = np.zeros((3, 40), dtype=np.int64)
    dense[0, :10] = 1  # one of three: the modal label is right
    compressed = np.zeros((3, 40), dtype=np.int64)
    compressed[:2, 5:20] = 1  # two of three: it is wrong
    compressed[2, 25:] = 2
    assert measured(dense, compressed).estimate[0] == 15 / 40


def test_members_that_break_different_shares_widen_the_bounds() -> None:
    rng = np.random.default_rng(1)
    dense, size = np.zeros((5, 2_000), dtype=np.int64), np.array([2_000.0])
    danger = rng.random(2_000)
    alike = (danger < np.full((5, 1), 0.1)).astype(np.int64)
    unlike = (danger < np.array([[0.02], [0.05], [0.1], [0.15], [0.2]])).astype(np.int64)
    narrow, wide = measured(dense, alike), measured(dense, unlike)
    assert narrow.estimate == wide.estimate
    count = 2_000 * narrow.estimate[0]
    exact = stats.beta.ppf(0.95, count + 1, 2_000 - count)
    assert narrow.upper(size, 0.05)[0] == pytest.approx(exact, rel=0.01)
    assert wide.upper(size, 0.05)[0] > narrow.upper(size, 0.05)[0] + 0.03
    assert wide.lower(size, 0.05)[0] < narrow.lower(size, 0.05)[0] - 0.03


@pytest.mark.parametrize(("members", "paired"), [((2, 2), False), ((3, 6), False), ((3, 3), True)])
def test_the_share_of_other_members_and_examples_is_within_its_bounds(members: tuple[int, int], paired: bool) -> None:
    rng, runs, values = np.random.default_rng(2), 150, []
    for _ in range(runs):
        danger = rng.random(100)
        dense = np.zeros((members[0], 100), dtype=np.int64)
        compressed = (danger < rng.normal(0.15, 0.03, (members[1], 1))).astype(np.int64)
        values.append(measured(dense, compressed, paired=paired, resamples=40, rng=rng))
    truth, size = float(np.mean([value.estimate for value in values])), np.array([100.0])
    for ends in ([value.upper(size, 0.05)[0] < truth for value in values],
                 [value.lower(size, 0.05)[0] > truth for value in values]):  # fmt: skip
        assert np.mean(ends) <= 0.05 + 4 * (0.05 * 0.95 / runs) ** 0.5
