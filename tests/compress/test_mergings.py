"""Rules of merging on single layers: against loops, numpy, and layers whose units are exactly alike."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lesion import plugins
from lesion.compress.merging import Layer, Merge, Moments, Norm, merge_layer
from lesion.compress.mergings import correlation, data_free, neuron

Array = npt.NDArray[np.float64]
RULES: list[Any] = [
    "data-free", "neuron", {"name": "neuron", "criterion": "l2"}, {"name": "correlation", "images": 9},
    {"name": "correlation", "images": 9, "choice": "error"},
    {"name": "correlation", "images": 9, "choice": "error", "fit": "all"},
]  # fmt: skip


def no_moments(images: int) -> Moments:
    raise AssertionError("no rule but correlation measures")


def normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def some_norm(units: int, seed: int) -> Norm:
    values = normal(4, units, seed=seed)
    return Norm(values[0].abs() + 0.1, values[1], values[2], values[3].abs() + 0.1)


def activations(layer: Layer, inputs: Tensor) -> Tensor:
    """Of each unit after a rectifier, (n, units)."""
    linear = inputs @ layer.weight.T + layer.bias
    if layer.norm is not None:
        linear = layer.norm.scale * (linear - layer.norm.mean) / layer.norm.deviation + layer.norm.shift
    return linear.relu()


def some_layer(
    units: int,
    inputs: int = 5,
    *,
    seed: int,
    norm: bool = False,
    takes_constants: bool = True,
    like: Tensor | None = None,
) -> tuple[Layer, Tensor]:
    """A layer and the activations that its moments are of. Unit i is a copy of unit `like[i]`."""
    rows = torch.arange(units) if like is None else like
    weight, bias = normal(units, inputs, seed=seed)[rows], 0.5 * normal(units, seed=seed + 1)[rows]
    found = some_norm(units, seed + 2) if norm else None
    if found is not None:
        found = Norm(*(getattr(found, name)[rows] for name in ("scale", "shift", "mean", "deviation")))
        bias = torch.zeros_like(bias)
    layer = Layer(weight, bias, found, normal(units, 7, seed=seed + 3), takes_constants, no_moments)
    values = activations(layer, normal(200, inputs, seed=seed + 4))

    def measure(images: int) -> Moments:
        assert images == 9
        return Moments(values.mean(dim=0), values.T @ values / len(values))

    return Layer(weight, bias, found, layer.reading, takes_constants, measure), values


def merged(rule: Any, layer: Layer, leaving: int) -> Merge:
    module, options = plugins.component("merging", rule, where="variant.rule")
    found: Merge = module.merge(layer, leaving, options)
    return found


@given(units=st.integers(2, 9), share=st.floats(0, 1), seed=st.integers(0, 2**16), norm=st.booleans())
@settings(max_examples=20)
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_as_many_units_leave_as_are_asked_for(rule: Any, units: int, share: float, seed: int, norm: bool) -> None:
    layer, _ = some_layer(units, seed=seed, norm=norm)
    leaving = round(share * (units - 1))
    found = merged(rule, layer, leaving)
    assert int((~found.kept).sum()) == leaving
    assert torch.equal(found.onto[found.kept], torch.eye(units, dtype=torch.float64)[found.kept])
    assert (found.onto[:, ~found.kept] == 0).all()
    assert (found.constant[found.kept] == 0).all()
    assert found.onto.isfinite().all()
    assert found.constant.isfinite().all()


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("rule", [*RULES[:1], *RULES[3:]], ids=str)
def test_copies_leave_and_their_originals_stand_for_them(rule: Any, norm: bool) -> None:
    like = torch.tensor([0, 1, 2, 0, 1, 0])
    layer, values = some_layer(6, seed=3, norm=norm, like=like)
    found = merged(rule, layer, 3)
    assert sorted(like[found.kept].tolist()) == [0, 1, 2]
    close(values @ found.onto.T + found.constant, values, 1e-5 if "all" in str(rule) else 1e-9)


def close(found: Tensor, expected: Tensor, tolerance: float = 1e-9) -> None:
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


@given(units=st.integers(2, 7), seed=st.integers(0, 2**16), norm=st.booleans())
@settings(max_examples=30)
def test_data_free_is_the_greedy_loop_of_its_paper(units: int, seed: int, norm: bool) -> None:
    layer, _ = some_layer(units, seed=seed, norm=norm)
    w, a = layer.augmented().numpy(), layer.reading.numpy().copy()
    left, onto = set(range(units)), np.eye(units)
    for _ in range(units - 1):
        saliency = {(i, j): np.mean(a[j] ** 2) * np.sum((w[i] - w[j]) ** 2) for i in left for j in left if i != j}
        i, j = min(saliency, key=lambda pair: saliency[pair])
        a[i] += a[j]
        onto[onto[:, j] != 0, i] = 1
        onto[:, j] = 0
        left.remove(j)
        found = data_free.merge(layer, units - len(left), data_free.Options())
        assert set(found.kept.nonzero().flatten().tolist()) == left
        np.testing.assert_array_equal(found.onto.numpy(), onto)
    assert not found.constant.any()


def test_a_batch_norm_counts_in_what_data_free_compares() -> None:
    layer, _ = some_layer(4, seed=5, norm=True)
    inputs = normal(9, 5, seed=6)
    augmented = torch.cat([inputs, torch.ones(9, 1, dtype=torch.float64)], dim=1)
    close((augmented @ layer.augmented().T).relu(), activations(layer, inputs))


def cosine(a: Array, b: Array) -> float:
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


@pytest.mark.parametrize("criterion", ["l1", "l2", "l2-gm"])
@pytest.mark.parametrize("threshold", [-1.0, 0.3, 0.99])
def test_neuron_merging_decomposes_the_weights_as_its_paper_says(criterion: Any, threshold: float) -> None:
    layer, _ = some_layer(9, inputs=3, seed=8)
    found = neuron.merge(layer, 4, neuron.Options(criterion=criterion, threshold=threshold))
    w = np.c_[layer.weight.numpy(), layer.bias.numpy()]
    importance = {
        "l1": [sum(abs(x) for x in row) for row in w],
        "l2": [np.sqrt(sum(x * x for x in row)) for row in w],
        "l2-gm": [sum(np.sqrt(np.sum((row - other) ** 2)) for other in w) for row in w],
    }[criterion]
    stay = sorted(np.argsort(importance)[4:])
    y, z = w[stay], np.zeros((5, 9))  # the weights that stay and the scales, W ≈ Zᵀ Y
    for n in range(9):
        if n in stay:
            z[stay.index(n), n] = 1
        else:
            similar = [cosine(w[n], row) for row in y]
            if max(similar) >= threshold:
                p = int(np.argmax(similar))
                z[p, n] = np.sqrt(np.sum(w[n] ** 2) / np.sum(y[p] ** 2))
    assert found.kept.nonzero().flatten().tolist() == stay
    np.testing.assert_allclose(found.onto.numpy()[:, stay], z.T, rtol=1e-12, atol=0)
    assert (z.sum(axis=0) == 0).any() == (threshold == 0.99)
    assert not found.constant.any()


def test_units_that_are_scaled_copies_merge_exactly_under_a_rectifier() -> None:
    base, scale = normal(3, 6, seed=9), torch.tensor([1.0, 0.5, 3.0, 0.25, 2.0, 0.75], dtype=torch.float64)
    augmented = base[[0, 1, 2, 0, 1, 2]] * scale[:, None]
    layer = Layer(augmented[:, :5], augmented[:, 5], None, normal(6, 7, seed=10), True, no_moments)
    found = neuron.merge(layer, 3, neuron.Options(criterion="l2"))
    values = activations(layer, normal(50, 5, seed=11))
    if len(set((found.kept.nonzero().flatten() % 3).tolist())) == 3:  # one of each direction stays
        close(values @ found.onto.T, values)
    else:
        pytest.fail("the example is to keep one unit of each direction")


@given(seed=st.integers(0, 2**16))
@settings(max_examples=20)
def test_scale_and_offset_through_a_batch_norm_are_those_of_the_output(seed: int) -> None:
    scale, norm = normal(1, 1, seed=seed).abs() + 0.1, some_norm(2, seed)
    x = normal(50, seed=seed + 1)
    inputs = torch.stack([x, float(scale) * x])  # what leaves is `scale` times what stays
    outputs = norm.scale[:, None] * (inputs - norm.mean[:, None]) / norm.deviation[:, None] + norm.shift[:, None]
    slope, offset = neuron.through_norm(scale, norm, torch.tensor([1]), torch.tensor([0]))
    close(outputs[1], (slope * outputs[0] + offset)[0], 1e-8)


def test_with_a_batch_norm_the_least_of_both_distances_decides() -> None:
    layer, _ = some_layer(8, inputs=3, seed=12, norm=True)
    share = 0.6
    found = neuron.merge(layer, 3, neuron.Options(threshold=-1.0, cosine_share=share))
    w, norm = layer.weight.numpy(), layer.norm
    assert norm is not None
    gamma, beta, mu, sigma = (getattr(norm, name).numpy() for name in ("scale", "shift", "mean", "deviation"))
    stay = sorted(np.argsort(np.abs(w).sum(axis=1))[3:])
    for j in set(range(8)) - set(stay):
        s = [np.linalg.norm(w[j]) / np.linalg.norm(w[i]) for i in stay]
        S = [s_i * gamma[j] / gamma[i] * sigma[i] / sigma[j] for s_i, i in zip(s, stay, strict=True)]
        B = [
            gamma[j] / sigma[j] * (s_i * (-sigma[i] * beta[i] / gamma[i] + mu[i]) - mu[j]) + beta[j]
            for s_i, i in zip(s, stay, strict=True)
        ]
        bias = np.abs(B) / np.array(S)
        bias = (bias - bias.min()) / (bias.max() - bias.min())
        distance = [share * (1 - cosine(w[j], w[i])) for i in stay] + (1 - share) * bias
        best = int(np.argmin(distance))
        expected = np.zeros(5)
        expected[best] = S[best]
        np.testing.assert_allclose(found.onto[j, stay].numpy(), expected, rtol=1e-9)


def test_a_unit_whose_norm_turns_its_sign_takes_nothing_over() -> None:
    weight = torch.tensor([[2.0, 0.0], [3.0, 0.1], [1.0, 0.0], [0.0, 2.0]], dtype=torch.float64)
    ones, zeros = torch.ones(4, dtype=torch.float64), torch.zeros(4, dtype=torch.float64)
    scale = torch.tensor([-1.0, 1.0, 1.0, 0.0], dtype=torch.float64)
    layer = Layer(weight, zeros, Norm(scale, zeros, zeros, ones), ones[:, None], True, no_moments)
    found = neuron.merge(layer, 1, neuron.Options(threshold=-1.0))
    assert found.kept.tolist() == [True, True, False, True]
    assert found.onto[2].nonzero().flatten().tolist() == [1]


@pytest.mark.parametrize("takes_constants", [True, False])
@pytest.mark.parametrize("choice", ["correlation", "error"])
def test_each_unit_is_the_best_line_through_one_that_stays(choice: Any, takes_constants: bool) -> None:
    layer, values = some_layer(7, seed=13, takes_constants=takes_constants)
    found = correlation.merge(layer, 3, correlation.Options(images=9, choice=choice))
    a = values.numpy()
    stay = found.kept.nonzero().flatten().tolist()
    for j in (~found.kept).nonzero().flatten().tolist():
        fits = {}
        for i in stay:
            slope, intercept = (
                np.polyfit(a[:, i], a[:, j], 1) if takes_constants else (a[:, i] @ a[:, j] / (a[:, i] @ a[:, i]), 0.0)
            )
            fits[i] = (float(np.sum((slope * a[:, i] + intercept - a[:, j]) ** 2)), slope, intercept)
        best = min(fits, key=lambda i: fits[i][0])
        expected = np.zeros(7)
        expected[best] = fits[best][1]
        np.testing.assert_allclose(found.onto[j].numpy(), expected, rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(float(found.constant[j]), fits[best][2], rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("takes_constants", [True, False])
def test_a_fit_on_all_that_stay_is_least_squares(takes_constants: bool) -> None:
    layer, values = some_layer(7, seed=14, takes_constants=takes_constants)
    found = correlation.merge(layer, 3, correlation.Options(images=9, fit="all"))
    stay, leave = found.kept.numpy(), ~found.kept.numpy()
    a = values.numpy()
    design = np.c_[a[:, stay], np.ones(len(a))] if takes_constants else a[:, stay]
    solution = np.linalg.lstsq(design, a[:, leave], rcond=None)[0]
    np.testing.assert_allclose(found.onto.numpy()[np.ix_(leave, stay)].T, solution[:4], rtol=1e-7, atol=1e-9)
    constants = solution[4] if takes_constants else np.zeros(3)
    np.testing.assert_allclose(found.constant.numpy()[leave], constants, rtol=1e-7, atol=1e-9)


def error_of_fit(a: Array, j: int, on: list[int], *, best: bool) -> float:
    """The mean squared error of activation j fitted on the others, with an intercept."""
    designs = [[i] for i in on] if best else [on]
    return min(
        float(np.mean((d @ np.linalg.lstsq(d, a[:, j], rcond=None)[0] - a[:, j]) ** 2))
        for d in (np.c_[a[:, chosen], np.ones(len(a))] for chosen in designs)
    )


@pytest.mark.parametrize("fit", ["best", "all"])
@pytest.mark.parametrize("seed", range(5))
def test_by_error_the_unit_leaves_whose_fit_costs_least(fit: Any, seed: int) -> None:
    layer, values = some_layer(6, inputs=8, seed=20 + seed)
    found = correlation.merge(layer, 3, correlation.Options(images=9, choice="error", fit=fit))
    a, weight = values.numpy(), layer.reading.numpy()
    left = list(range(6))
    for _ in range(3):
        cost = {
            j: np.mean(weight[j] ** 2) * error_of_fit(a, j, [i for i in left if i != j], best=fit == "best")
            for j in left
        }
        left.remove(min(cost, key=lambda j: cost[j]))
    assert found.kept.nonzero().flatten().tolist() == left


@pytest.mark.parametrize("seed", range(5))
def test_by_correlation_one_of_the_closest_pair_leaves(seed: int) -> None:
    layer, values = some_layer(6, seed=30 + seed)
    found = correlation.merge(layer, 3, correlation.Options(images=9))
    squared = np.corrcoef(values.numpy().T) ** 2
    cost = np.mean(layer.reading.numpy() ** 2, axis=1) * values.numpy().var(axis=0)
    left = list(range(6))
    for _ in range(3):
        i, j = max(((i, j) for i in left for j in left if i < j), key=lambda pair: squared[pair])
        left.remove(i if cost[i] < cost[j] else j)
    assert found.kept.nonzero().flatten().tolist() == left


@pytest.mark.parametrize("rule", RULES[3:], ids=str)
def test_a_unit_that_never_varies_becomes_a_constant(rule: Any) -> None:
    layer, values = some_layer(5, seed=40)
    values = values.clone()
    values[:, 2] = 0.75
    mean, products = values.mean(dim=0), values.T @ values / len(values)
    layer = Layer(layer.weight, layer.bias, None, layer.reading, True, lambda _: Moments(mean, products))
    found = merged(rule, layer, 1)
    assert found.kept.tolist() == [True, True, False, True, True]
    close(values @ found.onto.T + found.constant, values)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_units_that_left_before_leave_first(rule: Any) -> None:
    layer, _ = some_layer(8, seed=41)
    layer.weight[[1, 4]], layer.bias[[1, 4]] = 0.0, 0.0

    def asked(given: Layer, leaving: int) -> Merge:
        assert (len(given), leaving) == (6, 2)
        return merged(rule, given, leaving)

    def refuse(given: Layer, leaving: int) -> Merge:
        raise AssertionError

    found = merge_layer(layer, 4, asked)
    assert not found.kept[[1, 4]].any()
    assert int(found.kept.sum()) == 4
    assert (found.onto[[1, 4]] == 0).all()
    assert (found.onto[:, ~found.kept] == 0).all()
    assert torch.equal(merge_layer(layer, 1, refuse).kept, (layer.weight != 0).any(dim=1))


def test_the_rule_of_the_docs() -> None:
    text = Path(__file__).parents[2].joinpath("docs", "ADD_A_METHOD.md").read_text(encoding="utf-8")
    [code] = re.findall(r'```python\n("""The last units.*?)```', text, flags=re.DOTALL)
    rule: dict[str, Any] = {}
    exec(code, rule)
    layer, _ = some_layer(5, seed=42)
    found = rule["merge"](layer, 2, rule["Options"]())
    assert found.kept.tolist() == [True, True, True, False, False]
    assert found.onto[3:].tolist() == [[1, 0, 0, 0, 0]] * 2
