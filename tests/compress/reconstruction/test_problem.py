"""The regression of reconstruction against numpy, and selections against scikit-learn and brute force."""

from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
import torch
from sklearn.linear_model import Lasso

from lesion.compress.reconstruction.problem import Problem
from lesion.compress.selections import first, largest, lasso, thinet

Array = npt.NDArray[np.float64]


class Case(NamedTuple):
    """A layer with n outputs that reads c channels in k columns each, and other columns; all samples are kept."""

    problem: Problem
    inputs: Array
    outputs: Array
    weight: Array
    bias: Array
    channels: npt.NDArray[np.int64]

    @property
    def contributions(self) -> Array:
        """z: (c, N, n)."""
        return np.stack([self.inputs[:, columns] @ self.weight[:, columns].T for columns in self.channels])

    @property
    def rest(self) -> Array:
        """What the other columns contribute: (N, n)."""
        others = np.setdiff1d(np.arange(self.weight.shape[1]), self.channels)
        return np.asarray(self.inputs[:, others] @ self.weight[:, others].T)


def case(*, channels: int = 6, columns: int = 2, others: int = 0, samples: int = 200, free: bool = True) -> Case:
    rng = np.random.default_rng(channels * 100 + columns * 10 + others)
    d, n = channels * columns + others, 4
    mixing = rng.normal(size=(d, d))
    inputs = rng.normal(size=(samples, d)) @ (np.eye(d) + 0.3 * mixing) + rng.normal(size=d)
    weight, bias = rng.normal(size=(n, d)), rng.normal(size=n)
    outputs = inputs @ weight.T + bias + 0.3 * rng.normal(size=(samples, n))
    place = rng.permutation(d)[: channels * columns].reshape(channels, columns)
    parts = [slice(0, 70), slice(70, None)]
    problem = Problem.of(
        [(torch.from_numpy(inputs[part]), torch.from_numpy(outputs[part])) for part in parts],
        weight=torch.from_numpy(weight),
        bias=torch.from_numpy(bias),
        channels=torch.from_numpy(place),
        filters=torch.arange(channels) % 4,
        free_bias=free,
    )
    return Case(problem, inputs, outputs, weight, bias, place)


def mask(kept: list[int], count: int = 6) -> torch.Tensor:
    return torch.isin(torch.arange(count), torch.tensor(kept))


@pytest.mark.parametrize("others", [0, 3])
@pytest.mark.parametrize("centred", [True, False])
def test_contributions_are_sums_over_the_samples(*, centred: bool, others: int) -> None:
    one = case(others=others)
    z, y = one.contributions, one.outputs - one.rest
    z, y = (z - z.mean(axis=1, keepdims=True), y - y.mean(axis=0)) if centred else (z, y - one.bias)
    gram, cross = one.problem.contributions(centred=centred)
    np.testing.assert_allclose(gram, np.einsum("cin,ein->ce", z, z), atol=1e-8)
    np.testing.assert_allclose(cross, np.einsum("cin,in->c", z, y), atol=1e-8)


@pytest.mark.parametrize("others", [0, 3])
@pytest.mark.parametrize("free", [True, False])
def test_the_refit_is_least_squares_of_numpy(*, free: bool, others: int) -> None:
    one = case(others=others, free=free)
    weight, bias = one.problem.refit(mask([0, 2, 5]))
    columns = np.setdiff1d(np.arange(one.weight.shape[1]), one.channels[[1, 3, 4]])
    design = np.c_[one.inputs[:, columns], np.ones(len(one.inputs))]
    if free:
        expected, *_ = np.linalg.lstsq(design, one.outputs)
        np.testing.assert_allclose(bias, expected[-1], atol=1e-8)
    else:
        expected, *_ = np.linalg.lstsq(design[:, :-1], one.outputs - one.bias)
        np.testing.assert_allclose(bias, one.bias)
    np.testing.assert_allclose(weight[:, columns], expected[: len(columns)].T, atol=1e-8)
    assert not weight[:, one.channels[[1, 3, 4]].ravel()].any()


def test_of_weights_that_fit_equally_well_the_nearest_are_taken() -> None:
    one = case(samples=80, channels=60)
    kept = torch.arange(60) < 50
    weight, bias = one.problem.refit(kept)
    assert one.problem.error(weight, bias) == pytest.approx(0, abs=1e-9)  # 100 columns, 80 samples
    columns = one.channels[:50].ravel()
    centred = one.inputs[:, columns] - one.inputs[:, columns].mean(axis=0)
    change = weight[:, columns].numpy() - one.weight[:, columns]
    null = np.linalg.svd(centred)[2][79:]  # directions that no sample has
    np.testing.assert_allclose(change @ null.T, 0, atol=1e-6)


@pytest.mark.parametrize("others", [0, 3])
def test_factors_of_channels_are_least_squares_of_numpy(others: int) -> None:
    one = case(others=others)
    kept = [1, 2, 4, 5]
    weight, bias = one.problem.rescale(mask(kept))
    target = (one.outputs - one.bias - one.rest).ravel()
    factors, *_ = np.linalg.lstsq(one.contributions[kept].reshape(4, -1).T, target)
    expected = one.weight.copy()
    expected[:, one.channels[[0, 3]].ravel()] = 0
    expected[:, one.channels[kept]] *= factors[:, None]
    np.testing.assert_allclose(weight, expected, atol=1e-8)
    np.testing.assert_array_equal(bias, one.bias)


def test_cut_leaves_the_kept_weights_as_they_are() -> None:
    one = case(others=2)
    weight, bias = one.problem.cut(mask([0, 1, 2, 3]))
    expected = one.weight.copy()
    expected[:, one.channels[4:].ravel()] = 0
    np.testing.assert_array_equal(weight, expected)
    np.testing.assert_array_equal(bias, one.bias)


@pytest.mark.parametrize("free", [True, False])
def test_the_error_is_that_of_the_samples_and_least_after_the_refit(*, free: bool) -> None:
    one = case(free=free)
    kept = mask([0, 1, 4])
    errors = []
    for weight, bias in (one.problem.refit(kept), one.problem.rescale(kept), one.problem.cut(kept)):
        residual = one.outputs - one.inputs @ weight.numpy().T - bias.numpy()
        share = np.square(residual).sum() / np.square(one.outputs - one.outputs.mean(axis=0)).sum()
        assert one.problem.error(weight, bias) == pytest.approx(share)
        errors.append(share)
    assert errors[0] < errors[1] < errors[2]


def regression(one: Case) -> tuple[Array, Array]:
    """All output values as one regression on what the channels contribute to them."""
    z, y = one.contributions, one.outputs - one.rest
    z, y = (z - z.mean(axis=1, keepdims=True), y - y.mean(axis=0)) if one.problem.free_bias else (z, y - one.bias)
    return z.reshape(len(z), -1).T, y.ravel()


@pytest.mark.parametrize("free", [True, False])
def test_coefficients_of_the_lasso_are_those_of_scikit_learn(*, free: bool) -> None:
    one = case(channels=9, free=free)
    design, target = regression(one)
    penalties, coefficients = lasso.path(*one.problem.contributions(centred=free))
    assert len(penalties) > 9
    for (greater, less), pair in zip(pairwise(penalties.tolist()), pairwise(coefficients), strict=True):
        between = Lasso(alpha=(greater + less) / 2 / len(target), fit_intercept=False, tol=1e-12, max_iter=10**6)
        np.testing.assert_allclose(sum(pair) / 2, between.fit(design, target).coef_, atol=1e-5)


@pytest.mark.parametrize("free", [True, False])
def test_lasso_keeps_the_channels_that_scikit_learn_keeps_at_the_least_penalty(*, free: bool) -> None:
    one = case(channels=9, free=free)
    design, target = regression(one)
    counted = set()
    for penalty in np.geomspace(1e-2, 1e2, 300):
        found = Lasso(alpha=penalty, fit_intercept=False, tol=1e-10, max_iter=100000).fit(design, target).coef_ != 0
        if found.any() and int(found.sum()) not in counted:
            counted.add(int(found.sum()))
            kept = lasso.select(one.problem, int(found.sum()), lasso.Options())
            np.testing.assert_array_equal(kept, found)
    assert len(counted) >= 6


@pytest.mark.parametrize("count", [1, 3, 5])
def test_thinet_is_greedy(count: int) -> None:
    one = case()
    z = one.contributions
    removed: list[int] = []
    while len(removed) < 6 - count:
        left = [channel for channel in range(6) if channel not in removed]
        removed.append(min(left, key=lambda channel: float(np.square(z[[*removed, channel]].sum(axis=0)).sum())))
    kept = thinet.select(one.problem, count, thinet.Options())
    np.testing.assert_array_equal(kept, ~np.isin(np.arange(6), removed))


def test_one_channel_removed_by_thinet_is_the_best_of_all_subsets() -> None:
    one = case()
    z = one.contributions
    best = min(combinations(range(6), 5), key=lambda kept: np.square(z.sum(axis=0) - z[list(kept)].sum(axis=0)).sum())
    assert thinet.select(one.problem, 5, thinet.Options()).nonzero()[:, 0].tolist() == [*best]


@pytest.mark.parametrize("selection", [lasso, thinet, largest, first])
@pytest.mark.parametrize("count", [1, 4, 5])
def test_as_many_channels_stay_as_asked_where_some_repeat_others_or_are_dead(selection: object, count: int) -> None:
    one = case()
    inputs = torch.from_numpy(one.inputs).clone()
    inputs[:, one.channels[0]] = 0.0
    inputs[:, one.channels[1]] = inputs[:, one.channels[2]]
    weight = torch.from_numpy(one.weight).clone()
    weight[:, one.channels[1]] = weight[:, one.channels[2]]
    problem = Problem.of(
        [(inputs, torch.from_numpy(one.outputs))],
        weight=weight,
        bias=torch.from_numpy(one.bias),
        channels=torch.from_numpy(one.channels),
        filters=torch.arange(6.0),
        free_bias=True,
    )
    kept = selection.select(problem, count, selection.Options())  # type: ignore[attr-defined]
    assert int(kept.sum()) == count
    assert selection is first or not kept[0]


def test_baselines() -> None:
    one = case()
    assert first.select(one.problem, 2, first.Options()).tolist() == [True, True, False, False, False, False]
    kept = largest.select(one.problem, 3, largest.Options())  # filters: 0 1 2 3 0 1
    assert kept.tolist() == [False, True, True, True, False, False]
