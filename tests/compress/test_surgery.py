"""Dynamic network surgery: masked weights learn, and come back when they have outgrown one that is kept."""

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from lesion.compress.masks import keep_largest
from lesion.compress.regrowths.surgery import Options, Regrowth
from lesion.errors import InputError
from tests.compress.regrowing import SURGERY, UPDATES, regrow, watch
from tests.training import STEPS, masks, method_of, pruned, small_network


@given(st.tuples(st.integers(1, 4), st.integers(2, 12)), st.floats(1, 3), st.integers(0, 2**32), st.data())
def test_a_masked_weight_comes_back_when_it_leads_the_kept_one_that_it_replaces(
    shape: tuple[int, int], lead: float, seed: int, data: st.DataObject
) -> None:
    generator = torch.Generator().manual_seed(seed)
    saliency = torch.rand(shape, generator=generator, dtype=torch.float64)
    kept = keep_largest(torch.rand(shape, generator=generator), data.draw(st.integers(0, shape[1])))
    made = Regrowth(Options(lead=lead, every=0.1, end=1.0), steps=10)
    after, fresh = regrow(made, kept, saliency, saliency)
    assert not fresh.any()  # none starts at zero
    for row, values in enumerate(saliency.tolist()):
        inside = sorted((place for place, keep in enumerate(kept[row].tolist()) if keep), key=lambda at: values[at])
        outside = sorted({*range(shape[1])} - {*inside}, key=lambda at: -values[at])
        expected = set(inside)
        for challenger, weakest in zip(outside, inside, strict=False):
            assume(abs(values[challenger] - lead * values[weakest]) > 1e-12)
            if values[challenger] > lead * values[weakest]:
                expected ^= {challenger, weakest}
        assert set(after[row].nonzero().flatten().tolist()) == expected


def test_without_a_lead_the_largest_are_kept() -> None:
    saliency, kept = torch.rand(3, 9), keep_largest(torch.rand(3, 9), 5)
    after, _ = regrow(Regrowth(Options(lead=1.0, every=0.1, end=1.0), steps=10), kept, saliency, saliency)
    assert torch.equal(after, keep_largest(saliency, 5))


def test_filters_whose_norm_is_pruned_with_them_cannot_go_on_learning() -> None:
    with pytest.raises(InputError, match=r"^regrowth: a pruned channel has no gradient"):
        method_of(small_network(), pruned(regrowth=SURGERY, shape="filter"))


def test_surgery_lets_masked_weights_learn_and_splices_them_back() -> None:
    before, after = watch(small_network(), regrowth=SURGERY, sparsity=0.6)
    back = 0
    for step in range(1, STEPS):
        was, now = before[step], after[step]
        assert all(torch.equal(now.weights[name], weight) for name, weight in was.weights.items())
        for name, mask in was.masks.items():
            moved = was.weights[name] - after[step - 1].weights[name]
            assert (moved[~mask] != 0).any()
            saliency = was.weights[name].abs().double().flatten()
            ahead = torch.where(mask.flatten(), 1.05 * saliency, saliency)
            expected = ahead >= ahead.sort(descending=True).values[int(mask.sum()) - 1]
            assert torch.equal(now.masks[name].flatten(), expected if step in UPDATES else mask.flatten())
            back += int((now.masks[name] & ~mask).sum())
    assert back > 0


def test_masked_weights_learn_under_surgery_alone() -> None:
    for regrowth, learns in ((None, False), (SURGERY, True)):
        model = small_network()
        method = method_of(model, pruned(regrowth=regrowth))
        method.before_step(0, torch.optim.SGD(model.parameters()))
        model(torch.randn(8, 1, 8, 8)).square().sum().backward()
        for name, mask in masks(model).items():
            path, _, attribute = name.rpartition(".")
            gradient = model.get_parameter(f"{path}.parametrizations.{attribute}.original").grad
            assert gradient is not None
            assert bool((gradient[~mask] != 0).any()) == learns


def test_weights_are_spliced_every_interval_until_the_end() -> None:
    made = Regrowth(Options(lead=1.2, every=0.1, end=0.55), steps=1000)
    assert [step for step in range(1000) if made.updates(step)] == [100, 200, 300, 400, 500]


def test_a_lead_of_less_than_one() -> None:
    with pytest.raises(InputError, match=r"^params\.yaml: regrowth\.lead: "):
        Options.read({"lead": 0.9, "every": 0.1, "end": 1.0}, where="regrowth")
