"""GPTQ beside Optimal Brain Surgeon by brute force: one column after the other, the rest solved for anew."""

import pytest
import torch
from torch import Tensor, nn

from lesion.compress import gptq as module
from lesion.compress.gptq import gptq, hessians
from lesion.compress.measurements.surgeon import damp
from lesion.compress.quantised_weights import Quantised, Scheme, nearest, values
from lesion.compress.weight_formats import weight_format
from lesion.errors import InputError

FORMATS = ("int2", "int4", "float8-e4m3", "float8-e5m2")


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def correlated(groups: int, columns: int, seed: int = 1) -> Tensor:
    """Second moments of inputs that hang together: (groups, columns, columns)."""
    mixed = torch.randn(groups, columns, columns, generator=draws(seed)) @ torch.randn(
        columns, columns, generator=draws(2)
    )
    seen = torch.randn(groups, 200, columns, generator=draws(3)) @ (mixed / columns**0.5)
    moments: Tensor = seen.mT @ seen / 200
    damp(moments, 0.01)
    return moments


def scheme(name: str, group: int | None, *, symmetric: bool = True) -> Scheme:
    return Scheme(weight_format(name, symmetric=symmetric), group)


def output_error(found: Quantised, rows: Tensor, hessian: Tensor, how: Scheme) -> float:
    change = (values(found, how) - rows).double().view(len(hessian), -1, rows.shape[1])
    return float(((change @ hessian.double()) * change).sum())


def by_brute_force(row: Tensor, hessian: Tensor, how: Scheme) -> Tensor:
    """The values of one row: the columns that are not fixed yet are solved for, given those that are."""
    hessian, wanted = hessian.double(), row.double()
    now, size = wanted.clone(), how.size(len(row))
    for column in range(len(row)):
        if column % size == 0:
            grid = how.kind.grid(now[None, column : column + size].float(), how.scale_dtype)
        now[column] = how.kind.values(how.kind.codes(now[None, None, column].float(), grid), grid).item()
        fixed, free = slice(column + 1), slice(column + 1, None)
        pull = hessian[free, fixed] @ (now[fixed] - wanted[fixed])
        now[free] = wanted[free] - torch.linalg.solve(hessian[free, free], pull)
    return now


@pytest.mark.parametrize("at_once", [3, 128])
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(("group", "symmetric"), [(None, True), (4, True), (5, True), (8, False)])
def test_gptq_is_optimal_brain_surgeon_column_by_column(
    group: int | None, symmetric: bool, name: str, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", at_once)
    rows, hessian = torch.randn(6, 12, generator=draws()), correlated(2, 12)
    how = scheme(name, group, symmetric=symmetric or name.startswith("float8"))
    found = values(gptq(rows, hessian, how), how)
    expected = torch.stack([by_brute_force(row, hessian[index // 3], how) for index, row in enumerate(rows)])
    torch.testing.assert_close(found.double(), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", ["int2", "int3", "int4", "int8", "float8-e4m3", "float8-e5m2"])
@pytest.mark.parametrize("group", [None, 16])
def test_the_error_of_the_output_is_less_than_of_rounding_to_the_nearest(name: str, group: int | None) -> None:
    rows, hessian, how = torch.randn(10, 64, generator=draws()), correlated(1, 64), scheme(name, group)
    found, simple = (
        output_error(found, rows, hessian, how) for found in (gptq(rows, hessian, how), nearest(rows, how))
    )
    assert found < 0.8 * simple


@pytest.mark.parametrize("group", [None, 5])
@pytest.mark.parametrize("name", FORMATS)
def test_inputs_that_are_independent_leave_nothing_to_compensate(name: str, group: int | None) -> None:
    rows, how = torch.randn(4, 12, generator=draws()), scheme(name, group)
    hessian = torch.diag(torch.rand(12, generator=draws(1)) + 0.1).repeat(2, 1, 1)
    torch.testing.assert_close(values(gptq(rows, hessian, how), how), values(nearest(rows, how), how))


@pytest.mark.parametrize(("name", "symmetric"), [("int3", True), ("int3", False), ("float8-e5m2", True)])
def test_pruned_weights_stay_zero_and_the_others_make_good(name: str, symmetric: bool) -> None:
    rows, hessian, how = torch.randn(8, 40, generator=draws()), correlated(2, 40), scheme(name, 8, symmetric=symmetric)
    rows[torch.rand(8, 40, generator=draws(5)) < 0.5] = 0
    rows[0] = 0
    found = gptq(rows, hessian, how)
    assert (values(found, how)[rows == 0] == 0).all()
    assert output_error(found, rows, hessian, how) < output_error(nearest(rows, how), rows, hessian, how)


def test_hessians_are_those_of_the_inputs_however_many_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(2, 4, 2, groups=2), nn.Tanh(), nn.Flatten(), nn.Linear(16, 3)).eval()
    images = torch.randn(50, 2, 3, 3)
    whole = dict(hessians(model, ["0.weight", "3.weight"], images, damping=0.1))
    monkeypatch.setattr(module, "HELD", 1)
    single = dict(hessians(model, ["0.weight", "3.weight"], images, damping=0.1))
    inputs = model[:3](images).detach()
    expected = inputs.mT @ inputs / 50
    expected += 0.1 * expected.diagonal().mean() * torch.eye(16)
    torch.testing.assert_close(whole["3.weight"][0], expected)
    assert whole["0.weight"].shape == (2, 4, 4)
    for name, hessian in whole.items():
        torch.testing.assert_close(single[name], hessian)
    assert list(dict(hessians(model, ["3.weight"], images, damping=0.1))) == ["3.weight"]


def test_a_hessian_that_has_no_inverse_is_told() -> None:
    with pytest.raises(InputError, match="not positive definite"):
        gptq(torch.ones(2, 3), torch.ones(1, 3, 3), scheme("int4", None))
