from typing import Any

import pytest
import torch
from torch import nn

from lesion import plugins
from lesion.compress.calibration import Calibration
from lesion.data.images import PackedImages
from lesion.data.split import Normalise, Split
from lesion.errors import InputError
from lesion.predict.layers.graft import changed_layers, differs, exchanged
from tests.predict.layers.networks import Attention, Tangled, flat, images, made, residual, rounded


def split(count: int) -> Split:
    pixels = torch.randint(0, 256, (count, 8, 8, 2), generator=torch.Generator().manual_seed(5), dtype=torch.uint8)
    names = tuple("abcde")
    normalise = Normalise(torch.full((2,), 0.5), torch.full((2,), 0.3))
    label = torch.arange(count) % 5
    return Split(torch.arange(count), PackedImages(pixels.numpy()), label, normalise, names, names)


def compressed(method: str, parent: nn.Module, make: Any, **options: Any) -> nn.Module:
    """The network as the method itself compresses it."""
    shown = Calibration(split(32), 3)
    module = plugins.load("method", method)
    given = plugins.options("method", {"method": method, "of": "dense", **options}, where="variant", key="method")
    stored = module.compressor(make().eval(), given, shown)(parent.state_dict())
    restored: nn.Module = module.restorer(make().eval(), given, shown.images(1))(stored)
    return restored


METHODS: list[tuple[str, Any, int, dict[str, Any]]] = [
    ("int8-static", flat, 0, {"calibration_images": 16}),
    ("int8-dynamic", residual, 3, {}),
    ("weight-only", residual, 2, {"format": "int4", "group": 8}),
    ("weight-only", flat, 1, {"format": "int4", "group": 8, "gptq": {"images": 16, "damping": 0.01}}),
    (
        *("prune-trained", residual, 2),
        {"sparsity": 0.5, "score": "magnitude", "shape": "weight", "allocation": "uniform"},
    ),
]


@pytest.mark.parametrize(("method", "make", "place", "options"), METHODS)
def test_exchanging_is_what_the_method_gives_for_keep(
    method: str, make: Any, place: int, options: dict[str, Any]
) -> None:
    parent, inputs = made(make), images(3)
    whole = compressed(method, parent, make, **options)
    layers = changed_layers(parent, whole, inputs[:1])
    names = [name for layer in layers for name in layer.names]
    assert names == [name for name, module in parent.named_modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    layer = layers[place]
    others = [name for name in names if name not in layer.names]
    for network, source, keep in ((parent, whole, others), (whole, parent, [*layer.names])):
        expected = compressed(method, parent, make, keep=keep, **options)
        modules = {path: source.get_submodule(path) for path in layer.paths}
        with torch.no_grad(), exchanged(network, modules):
            found = network(inputs)
        with torch.no_grad():
            torch.testing.assert_close(found, expected(inputs), rtol=1e-3, atol=1e-4)


def test_a_folded_batch_norm_goes_with_its_layer_and_an_untouched_one_with_none() -> None:
    parent, inputs = made(flat), images(1)
    folded = {
        layer.name: layer.norms for layer in changed_layers(parent, compressed("int8-dynamic", parent, flat), inputs)
    }
    assert folded["0"] == ("1",)
    assert {norms for name, norms in folded.items() if name != "0"} == {()}
    assert changed_layers(parent, rounded(flat), inputs)[0].norms == ()


def test_layers_are_in_the_order_in_which_they_run_and_only_those_that_differ() -> None:
    parent, other = made(Tangled), rounded(Tangled)
    other.listed[1].load_state_dict(parent.listed[1].state_dict())  # type: ignore[index,union-attr]
    assert [layer.name for layer in changed_layers(parent, other, images(1))] == [
        "stem", "twice", "listed.0", "head", "read",
    ]  # fmt: skip


def test_a_layer_under_two_names_is_exchanged_under_both() -> None:
    network, other = made(Tangled), rounded(Tangled)
    own = network.twice
    with exchanged(network, {"twice": other.get_submodule("twice")}):
        assert network.alias is network.twice is other.twice
    assert network.alias is network.twice is own


def test_attention_has_its_projection_with_it() -> None:
    found = {layer.name: layer for layer in changed_layers(made(Attention), rounded(Attention), images(1))}
    assert found["attention"].names == ("attention", "attention.out_proj")
    assert found["attention"].weights == 3 * 4 * 4 + 4 * 4


def test_modules_differ_by_class_hooks_or_values() -> None:
    one, other = nn.Linear(2, 2), nn.Linear(2, 2)
    assert differs(one, other)
    other.load_state_dict(one.state_dict())
    assert not differs(one, other)
    assert differs(one, nn.Identity())
    other.register_forward_pre_hook(lambda _, inputs: inputs)
    assert differs(one, other)


def test_networks_of_other_modules_and_equal_ones_are_refused() -> None:
    other = made(residual)
    del other.get_submodule("3.1.1").conv1
    with pytest.raises(InputError, match=r"has no layer 3\.1\.1\.conv1, so layers cannot be exchanged"):
        changed_layers(made(residual), other, images(1))
    with pytest.raises(InputError, match="no layer differs"):
        changed_layers(made(flat), made(flat), images(1))
