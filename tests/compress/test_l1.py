import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lesion.compress.regularisers.l1 import Options, Regulariser
from tests.compress.probing import images, probe_of, smooth_network, some_masks
from tests.training import effective, method_of, pruned, same, small_network, train


@settings(max_examples=30)
@given(seed=st.integers(0, 1000), strength=st.floats(1e-6, 1e3))
def test_the_gradient_is_the_strength_times_the_sign(seed: int, strength: float) -> None:
    model = smooth_network(seed)
    model.get_parameter("0.weight").detach()[0] = 0.0
    probe = probe_of(model, images(), masks=some_masks(model))
    regulariser = Regulariser(Options(strength=strength), probe, steps=1, examples=1)
    weights = probe.network.parameters()
    penalty = regulariser.penalty(0)
    total = sum(abs(value) for weight in weights.values() for value in weight.flatten().tolist())
    assert penalty.item() == pytest.approx(strength * total, rel=1e-12)
    penalty.backward()  # type: ignore[no-untyped-call]
    for weight in weights.values():  # under the masks, too
        assert weight.grad is not None
        assert torch.allclose(weight.grad, strength * weight.sign(), rtol=1e-14, atol=0)
    others = [parameter for parameter in model.parameters() if all(parameter is not one for one in weights.values())]
    assert len(others) == 4
    assert all(parameter.grad is None for parameter in others)


def test_it_adds_nothing_to_the_network() -> None:
    probe = probe_of(smooth_network(), images())
    before = set(probe.model.state_dict())
    regulariser = Regulariser(Options(strength=0.1), probe, steps=1, examples=1)
    assert set(probe.model.state_dict()) == before
    assert regulariser.learned == []
    regulariser.remove()
    assert set(probe.model.state_dict()) == before


def test_weights_end_smaller_the_stronger_it_is_and_are_pruned_as_without() -> None:
    def trained(strength: float | None) -> float:
        model = small_network()
        regulariser = None if strength is None else {"name": "l1", "strength": strength}
        train(model, method_of(model, pruned(schedule={"name": "one-shot", "at": 0.9}, regulariser=regulariser)))
        assert same(model.state_dict(), model.state_dict() | effective(model))
        weights = effective(model)
        assert [int((weight == 0).sum()) for weight in weights.values()] == [18, 108, 48]
        return sum(float(weight.abs().sum()) for weight in weights.values())

    none, weak, strong = trained(None), trained(1e-3), trained(1e-2)
    assert strong < weak < none
