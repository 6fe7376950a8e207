"""SET and RigL: what is dropped and what is grown, against lists; and that it starts at zero."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from lesion.compress.masks import keep_largest
from lesion.compress.regrowths.exchange import Options, Regrowth
from lesion.errors import InputError
from lesion.seeds import derive_seed
from tests.compress.regrowing import SET, UPDATES, State, regrow, watch, wave
from tests.training import SEEDS, STEPS, method_of, pruned, sample, small_network

RIGL = SET | {"grow": {"name": "gradient", "images": 16}, "decay": "cosine"}


def exchanging(**changed: Any) -> Regrowth:
    options = {name: value for name, value in SET.items() if name != "name"} | changed
    return Regrowth(Options.read(options, where="regrowth"), steps=1000)


@st.composite
def masked_rows(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor]:
    """As many kept in each row, and two scores, in which many are tied."""
    shape, levels = draw(st.tuples(st.integers(1, 4), st.integers(2, 12))), draw(st.sampled_from([2, 4, 1000]))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**32)))
    saliency, growth = (torch.randint(levels, shape, generator=generator).float() for _ in range(2))
    kept = keep_largest(torch.rand(shape, generator=generator), draw(st.integers(0, shape[1])))
    return kept, saliency, growth


@given(masked_rows(), st.floats(0.01, 0.99))
def test_the_least_of_the_kept_are_dropped_and_the_best_of_the_others_grown(
    drawn: tuple[Tensor, Tensor, Tensor], fraction: float
) -> None:
    after, fresh = regrow(exchanging(fraction=fraction), *drawn)
    for row, (kept, saliency, growth) in enumerate(zip(*(tensor.tolist() for tensor in drawn), strict=True)):
        count = sum(kept)
        exchanged = min(round(fraction * count), len(kept) - count)
        by_saliency = sorted((place for place in range(len(kept)) if kept[place]), key=lambda at: (saliency[at], at))
        stay = by_saliency[exchanged:]
        others = sorted((place for place in range(len(kept)) if place not in stay), key=lambda at: (growth[at], at))
        grown = others[len(others) - exchanged :]
        assert fresh[row].nonzero().flatten().tolist() == sorted(grown)
        assert after[row].nonzero().flatten().tolist() == sorted(stay + grown)
        assert int(after[row].sum()) == count


def test_the_share_of_rigl_is_half_a_cosine() -> None:
    made = exchanging(decay="cosine", fraction=0.3, end=0.8)  # of 1000 steps
    assert [made.share(step) for step in (0, 200, 400, 600, 800)] == pytest.approx(
        [0.3, 0.15 * (1 + math.sqrt(0.5)), 0.15, 0.15 * (1 - math.sqrt(0.5)), 0], abs=1e-12
    )
    assert exchanging(fraction=0.3).share(700) == 0.3


def test_weights_are_exchanged_every_interval_until_the_end() -> None:
    made = exchanging(every=0.1, end=0.55)  # of 1000 steps
    assert [step for step in range(1000) if made.updates(step)] == [100, 200, 300, 400, 500]


def exchanged(was: State, growth: dict[str, Tensor], share: float) -> dict[str, tuple[Tensor, Tensor]]:
    """By name, the masks that should follow, of single weights by magnitude, and what is new in them."""
    expected = {}
    for name, mask in was.masks.items():
        count = round(share * int(mask.sum()))
        magnitude_of_kept = was.weights[name].abs().masked_fill(~mask, math.inf).flatten()
        stay = mask.clone().flatten()
        stay[magnitude_of_kept.argsort(stable=True)[:count]] = False
        grown = torch.zeros_like(stay)
        grown[growth[name].masked_fill(stay.view_as(mask), -math.inf).flatten().argsort(descending=True)[:count]] = True
        expected[name] = ((stay | grown).view_as(mask), grown.view_as(mask))
    return expected


def assert_exchanged(was: State, now: State, growth: dict[str, Tensor], share: float) -> None:
    for name, (mask, grown) in exchanged(was, growth, share).items():
        assert grown.any()
        assert torch.equal(now.masks[name], mask)
        assert (now.weights[name][grown] == 0).all()
        assert (now.effective[name][grown] == 0).all()
        assert (now.momenta[name][grown] == 0).all()
        assert torch.equal(now.weights[name][~grown], was.weights[name][~grown])
        assert torch.equal(now.momenta[name][~grown], was.momenta[name][~grown])
        assert (was.weights[name][grown] != 0).any()
        assert (was.momenta[name][grown] != 0).any()


def test_what_is_grown_starts_at_zero_without_momentum(stand_in: Any) -> None:
    before, after = watch(small_network(), regrowth=SET, sparsity=0.6)
    for step, (was, now) in enumerate(zip(before, after, strict=True)):
        if step in UPDATES:
            assert_exchanged(was, now, {name: wave(weight) for name, weight in was.weights.items()}, 0.3)
        elif step:
            assert all(torch.equal(now.state[name], tensor) for name, tensor in was.state.items())
        assert {name: int((~mask).sum()) for name, mask in now.masks.items()} == {
            name: round(0.6 * mask.numel()) for name, mask in now.masks.items()
        }


def dense_gradients(was: State, step: int) -> dict[str, Tensor]:
    """Of the mean loss on the images that are looked at before a step, in a plain network with zeros in its weights."""
    plain = small_network().train()
    names = {name.replace("parametrizations.", "").removesuffix(".original"): name for name in was.state}
    plain.load_state_dict({name: was.state[names[name]] for name in plain.state_dict()} | was.effective)
    total = torch.zeros(())
    for images, label in sample()(16, derive_seed(SEEDS.method, "images", step)):
        total = total + functional.cross_entropy(plain(images), label, reduction="sum") / 16
    total.backward()  # type: ignore[no-untyped-call]
    found = {name: parameter.grad for name, parameter in plain.named_parameters()}
    return {name: gradient.abs() for name in was.masks if (gradient := found[name]) is not None}


def test_rigl_grows_where_the_loss_is_steepest() -> None:
    before, after = watch(small_network(), regrowth=RIGL, sparsity=0.6)
    for step in UPDATES:
        share = 0.15 * (1 + math.cos(math.pi * step / round(0.9 * STEPS)))
        growth = dense_gradients(before[step], step)
        for name, (_, grown) in exchanged(before[step], growth, share).items():
            was, now = before[step].masks[name], after[step].masks[name]
            assert int(now.sum()) == int(was.sum())
            here = after[step].weights[name] == 0  # grown just now, for no other weight of this network is zero
            assert int(here.sum()) == int(grown.sum())
            worst, best = growth[name][here], growth[name][~now]
            assert not len(worst) or float(worst.min()) >= float(best.max()) * (1 - 1e-4)


def test_a_growth_score_that_is_not_finite_is_refused(stand_in: Any) -> None:
    stand_in.measure = lambda probe, _: {"wave": {name: w / 0 for name, w in probe.network.weights().items()}}
    with pytest.raises(InputError, match=r"the saliency of 0\.weight is not finite before step 3"):
        watch(small_network(), regrowth=SET)


@pytest.mark.parametrize(
    ("changed", "key"),
    [({"fraction": 1.0}, "fraction"), ({"decay": "linear"}, "decay"), ({"every": 0.0}, "every"), ({"end": 1.5}, "end")],
)
def test_options_out_of_range(changed: dict[str, Any], key: str) -> None:
    with pytest.raises(InputError, match=rf"^params\.yaml: regrowth\.{key}: "):
        exchanging(**changed)


def test_filters_whose_norm_is_pruned_with_them_cannot_grow_by_their_gradient() -> None:
    with pytest.raises(InputError, match=r"^regrowth: a pruned channel has no gradient"):
        method_of(small_network(), pruned(regrowth=RIGL, shape="filter"))
    method_of(small_network(), pruned(regrowth=SET | {"grow": "random-draw"}, shape="filter"))
