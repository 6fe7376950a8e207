import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lesion.compress.measurements import surgeon
from lesion.compress.measurements.surgeon import compensated, inverse_diagonal
from lesion.errors import InputError
from tests.rounding import EPSILON

ROWS, SIZES, SEEDS = st.integers(1, 5), st.integers(1, 9), st.integers(0, 2**32 - 1)
SHARED = st.booleans()


def problem(rows: int, size: int, seed: int, *, shared: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Weights and masks (rows, d), square roots A of the curvature AᵀA (rows, d + 2, d), and the curvature itself."""
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(rows, size, generator=generator, dtype=torch.float64)
    kept = torch.rand(rows, size, generator=generator) < torch.rand(rows, 1, generator=generator) * 1.5
    roots = torch.randn(1 if shared else rows, size + 2, size, generator=generator, dtype=torch.float64)
    curvature = roots.mT @ roots
    return weights, kept, roots.expand(rows, -1, -1), curvature[0] if shared else curvature


def cost(change: Tensor, curvature: Tensor) -> Tensor:
    """½ δᵀCδ of each row."""
    return torch.stack(
        [row @ matrix @ row / 2 for row, matrix in zip(change, each(curvature, len(change)), strict=True)]
    )


def each(curvature: Tensor, rows: int) -> Tensor:
    return curvature.expand(rows, *curvature.shape[-2:])


@settings(max_examples=80)
@given(rows=ROWS, size=SIZES, seed=SEEDS, shared=SHARED)
def test_compensation_is_the_least_squares_solution(rows: int, size: int, seed: int, shared: bool) -> None:
    weights, kept, roots, curvature = problem(rows, size, seed, shared=shared)
    found = compensated(weights, kept, curvature)
    assert (found[~kept] == 0).all()
    for weight, keep, root, row in zip(weights, kept, roots, found, strict=True):
        expected = torch.zeros_like(weight)
        if keep.any():
            expected[keep] = torch.linalg.lstsq(root[:, keep], (root @ weight)[:, None], driver="gelsd").solution[:, 0]
        error = (root @ (row - weight)).norm() - (root @ (expected - weight)).norm()
        assert abs(float(error)) <= 1e-9 * float((root @ weight).norm())
        torch.testing.assert_close(row, expected, rtol=1e-5, atol=1e-5 * float(expected.abs().max()))


@settings(max_examples=80)
@given(rows=ROWS, size=SIZES, seed=SEEDS, shared=SHARED)
def test_compensation_is_never_worse_than_none(rows: int, size: int, seed: int, shared: bool) -> None:
    weights, kept, _, curvature = problem(rows, size, seed, shared=shared)
    best = cost(compensated(weights, kept, curvature) - weights, curvature)
    zeroed = cost(weights * kept - weights, curvature)
    assert (best <= zeroed * (1 + 1e-12)).all()


@settings(max_examples=40)
@given(size=SIZES, seed=SEEDS)
def test_removing_one_weight_is_optimal_brain_surgeon(size: int, seed: int) -> None:
    weights, _, _, curvature = problem(1, size, seed, shared=True)
    inverse = torch.linalg.inv(curvature)
    diagonal = inverse_diagonal(curvature[None], torch.ones(1, size, dtype=torch.bool))[0]
    torch.testing.assert_close(diagonal, inverse.diagonal(), rtol=1e-6, atol=0)
    for q in range(size):
        kept = torch.arange(size)[None] != q
        found = compensated(weights, kept, curvature)
        change = -weights[0, q] / inverse[q, q] * inverse[:, q]
        torch.testing.assert_close(found[0], weights[0] + change, rtol=1e-6, atol=1e-6)
        paid = cost(found - weights, curvature)[0]
        torch.testing.assert_close(paid, weights[0, q] ** 2 / (2 * diagonal[q]), rtol=1e-6, atol=1e-12)


@settings(max_examples=40)
@given(rows=ROWS, size=SIZES, seed=SEEDS)
def test_only_kept_weights_make_good_in_the_inverse(rows: int, size: int, seed: int) -> None:
    _, kept, _, curvature = problem(rows, size, seed, shared=False)
    found = inverse_diagonal(curvature, kept)
    for row, keep, matrix in zip(found, kept, curvature, strict=True):
        within = torch.linalg.inv(matrix[keep][:, keep]).diagonal()
        torch.testing.assert_close(row[keep], within, rtol=1e-6, atol=0)
        torch.testing.assert_close(row[~keep], 1 / matrix.diagonal()[~keep])


@pytest.mark.parametrize("shared", [False, True])
def test_rows_that_keep_all_or_nothing(shared: bool) -> None:
    weights, kept, _, curvature = problem(3, 6, 0, shared=shared)
    assert torch.equal(compensated(weights, torch.ones_like(kept), curvature), weights)
    assert torch.equal(compensated(weights, torch.zeros_like(kept), curvature), torch.zeros_like(weights))
    kept[1], kept[2] = True, False
    found = compensated(weights, kept, curvature)
    assert torch.equal(found[1], weights[1])
    assert (found[2] == 0).all()


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("at_once", [1, 8 * 36 * 2])
def test_solving_in_parts_changes_nothing(shared: bool, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    weights, kept, _, curvature = problem(5, 6, 3, shared=shared)
    matrices = each(curvature, 5).contiguous()
    whole = compensated(weights, kept, curvature), inverse_diagonal(matrices, kept)
    monkeypatch.setattr(surgeon, "AT_ONCE", at_once)
    torch.testing.assert_close(compensated(weights, kept, curvature), whole[0], rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(inverse_diagonal(matrices, kept), whole[1], rtol=1e-12, atol=0)


def test_single_precision_stays_so_and_is_as_exact_as_it_can_be() -> None:
    weights, kept, _, curvature = problem(4, 6, 4, shared=False)
    single = compensated(weights.float(), kept, curvature.float())
    assert single.dtype == torch.float32
    double = compensated(weights.float().double(), kept, curvature.float().double())
    # One step of float32, as the last bit of float64 may decide.
    torch.testing.assert_close(single, double.float(), rtol=EPSILON, atol=0)
    single = inverse_diagonal(curvature.float(), kept)
    double = inverse_diagonal(curvature.float().double(), kept)
    torch.testing.assert_close(single, double.float(), rtol=EPSILON, atol=0)


def test_a_curvature_that_is_not_positive_definite_is_refused() -> None:
    flat = torch.ones(1, 3, 3, dtype=torch.float64) - 0.5 * torch.eye(3, dtype=torch.float64) * 3
    everything = torch.ones(1, 3, dtype=torch.bool)
    with pytest.raises(InputError, match="not positive definite"):
        inverse_diagonal(flat, everything)
    with pytest.raises(InputError, match="not positive definite"):
        compensated(torch.ones(1, 3, dtype=torch.float64), everything, flat)
