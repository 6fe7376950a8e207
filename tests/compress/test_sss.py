import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from lesion.compress.channels.branches import drop_missing_branches, drop_zero_branches
from lesion.compress.channels.removal import remove_idle
from lesion.compress.channels.shrink import resize
from lesion.compress.masks import MaskedNetwork
from lesion.compress.probe import Probe
from lesion.compress.regularisers.sss import Options, Regulariser
from lesion.compress.stored_shapes import shapes_of, take_shapes, with_shapes
from lesion.compress.structures import Structures, find_structures
from lesion.errors import InputError
from lesion.models.residual import Basic, Block, PreActivation
from tests.compress.test_ista_gamma import FAMILIES, IMAGES, built
from tests.training import Watched, effective, method_of, recipe, sample, small_network, train


def grouped() -> nn.Module:
    """A convolution of 2 groups with a norm, and one of 3 groups with a bias alone."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(),
        nn.Conv2d(4, 6, 3, groups=2, bias=False), nn.BatchNorm2d(6), nn.ReLU(),
        nn.Conv2d(6, 9, 3, groups=3), nn.Flatten(), nn.Linear(9 * 16, 4),
    )  # fmt: skip


def found_in(model: nn.Module, *kinds: str) -> list[Structures]:
    return find_structures(MaskedNetwork(copy.deepcopy(model)), IMAGES[:1], kinds)


def regulariser(model: nn.Module, *kinds: Any) -> tuple[Regulariser, MaskedNetwork]:
    options, network = Options(strength=0.1, structures=list(kinds)), MaskedNetwork(model)
    return Regulariser(options, Probe(network, sample(), seed=0), steps=24, examples=70), network


def learn(*kinds: str, strength: float) -> dict[str, Any]:
    return {
        "method": "learn-masks", "regulariser": {"name": "sss", "strength": strength, "structures": list(kinds)}
    }  # fmt: skip


def outputs(model: nn.Module, images: Tensor = IMAGES) -> Tensor:
    with torch.no_grad():
        found: Tensor = model.eval()(images)
    return found


def test_structures_are_found() -> None:
    channels = found_in(built("small-cnn"), "channel")
    assert [(one.count, list(one.rows)) for one in channels] == [(4, ["0.weight"]), (6, ["3.weight"])]
    groups = found_in(grouped(), "group")
    assert [(one.count, {name: rows.tolist() for name, rows in one.rows.items()}) for one in groups] == [
        (2, {"2.weight": [0, 0, 0, 1, 1, 1]}),
        (3, {"5.weight": [0, 0, 0, 1, 1, 1, 2, 2, 2]}),
    ]
    for family in ("cifar-resnet", "wide-resnet"):
        blocks = found_in(built(family), "block")
        assert [list(one.rows) for one in blocks] == [[f"stage{stage}.0.conv2.weight"] for stage in (1, 2, 3)]
        assert [one.pruned for one in blocks] == [
            (f"stage{stage}.0.conv1.weight", f"stage{stage}.0.conv2.weight") for stage in (1, 2, 3)
        ]


def test_a_channel_of_a_residual_stream_has_one_scale_for_all_that_compute_it() -> None:
    found = {tuple(one.rows): one for one in found_in(built("cifar-resnet"), "channel")}
    stream = next(one for names, one in found.items() if "conv.weight" in names)
    assert list(stream.rows) == ["conv.weight", *(f"stage{stage}.0.conv2.weight" for stage in (1, 2, 3))]
    assert stream.count == 4
    assert stream.rows["stage3.0.conv2.weight"].tolist() == [0, 1, 2, 3, *[4] * 12]  # 4: of another set


def test_a_norm_that_would_take_a_scale_back_leaves_channels_without() -> None:
    names = [name for one in found_in(built("wide-resnet"), "channel") for name in one.rows]
    assert names == [f"stage{stage}.0.conv1.weight" for stage in (1, 2, 3)]  # none of the stream, which norms read


@pytest.mark.parametrize(
    ("family", "kind"),
    [*((family, "channel") for family in FAMILIES), ("cifar-resnet", "block"), ("wide-resnet", "block"),
     ("groups", "group"), ("groups", "channel")],
)  # fmt: skip
def test_scales_of_one_change_nothing_and_others_multiply_outputs(family: str, kind: str) -> None:
    model = grouped() if family == "groups" else built(family)
    made, _ = regulariser(copied := copy.deepcopy(model).eval(), kind)
    torch.testing.assert_close(outputs(copied), outputs(model), rtol=1e-5, atol=1e-5)
    scale = made.learned[-1].parameter
    scale.detach().fill_(0.5)
    structures = found_in(model, kind)[-1]
    halved = copy.deepcopy(model)
    for name, rows in structures.rows.items():
        end, chosen = last_of(halved, name), rows < structures.count
        factor = torch.where(chosen, 0.5, 1.0)
        end.register_forward_hook(lambda _, __, output, factor=factor: output * factor.view(-1, 1, 1))
    torch.testing.assert_close(outputs(copied), outputs(halved), rtol=1e-5, atol=1e-5)


NORMS = {"0": "1", "3": "4", "conv": "norm"} | {
    f"stage{stage}.0.conv{number}": f"stage{stage}.0.norm{number}" for stage in (1, 2, 3) for number in (1, 2)
}


def last_of(model: nn.Module, weight: str) -> nn.Module:
    """The batch norm behind a layer of these networks, else the layer."""
    path = weight.removesuffix(".weight")
    if isinstance(model.get_submodule(path.rpartition(".")[0]), PreActivation):
        return model.get_submodule(path.replace("conv1", "norm2"))
    norms = {"2": "3"} if isinstance(dict(model.named_children()).get("1"), nn.ReLU) else NORMS
    return model.get_submodule(norms.get(path, path))


@pytest.mark.parametrize(("family", "kind"), [("small-cnn", "group"), ("small-cnn", "block"), ("groups", "block")])
def test_a_network_without_such_structures_is_refused(family: str, kind: str) -> None:
    model = grouped() if family == "groups" else built(family)
    with pytest.raises(InputError, match=f"this network has none of the kind {kind}"):
        regulariser(model, kind)


@pytest.mark.parametrize("kinds", [("channel",), ("channel", "block")])
def test_what_has_no_scale_is_pruned_and_the_network_computes_what_it_did(kinds: tuple[str, ...]) -> None:
    model = built("cifar-resnet").train()
    plain = set(model.state_dict())
    watched = Watched(method_of(model, learn(*kinds, strength=2.0)))
    finish, seen = watched.finish, dict[str, Tensor]()

    def look() -> None:
        seen["before"] = outputs(model)
        finish()

    watched.finish = look
    train(model, watched, recipe(rate=0.02))
    torch.testing.assert_close(outputs(model), seen["before"], rtol=1e-4, atol=1e-4)
    rows = {name: (weight == 0).flatten(1).all(1) for name, weight in effective(model).items()}
    assert 0 < sum(int(dead.sum()) for dead in rows.values()) < sum(len(dead) for dead in rows.values())
    assert torch.equal(rows["conv.weight"], rows["stage1.0.conv2.weight"])  # tied
    assert set(model.state_dict()) == plain
    assert not any(parametrize.is_parametrized(module) for module in model.modules())


def test_a_stronger_penalty_prunes_more() -> None:
    def zeros(strength: float) -> int:
        model = small_network()
        train(model, method_of(model, learn("channel", strength=strength)))
        return sum(int((weight == 0).sum()) for weight in effective(model).values())

    assert zeros(0.001) < zeros(2.0)


@pytest.mark.parametrize(("family", "kind"), [("cifar-resnet", Basic), ("wide-resnet", PreActivation)])
def test_a_block_without_scale_leaves_the_network(family: str, kind: type[Block]) -> None:
    model = built(family)
    made, network = regulariser(model, "block")
    first = made.learned[0].parameter
    first.detach().zero_()
    before = outputs(model)
    network.set(made.masks())
    made.remove()
    network.remove()
    torch.testing.assert_close(outputs(model), before, rtol=1e-5, atol=1e-5)
    weights = effective(model)
    assert not weights["stage1.0.conv1.weight"].any()
    assert not weights["stage1.0.conv2.weight"].any()
    assert all(weight.any() for name, weight in weights.items() if not name.startswith("stage1"))
    drop_zero_branches(model)
    block = model.get_submodule("stage1.0")
    assert isinstance(block, kind)
    assert not block.has_branch
    torch.testing.assert_close(outputs(model), before, rtol=1e-5, atol=1e-5)
    stored = model.state_dict()
    assert not any(name.startswith("stage1.0.conv") for name in stored)
    restored = built(family)
    resize(restored, {name: tensor.clone() for name, tensor in stored.items()})
    torch.testing.assert_close(outputs(restored), before, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("family", ["cifar-resnet", "wide-resnet"])
def test_removal_takes_the_branch_out_and_what_is_made_of_the_rest_knows(family: str) -> None:
    model, plain = built(family), built(family)
    for parameter in model.get_submodule(f"stage1.0.{'norm2' if family == 'cifar-resnet' else 'conv2'}").parameters():
        nn.init.zeros_(parameter)
    before = outputs(model)
    removal = remove_idle(model, [IMAGES])
    assert not model.get_submodule("stage1.0").has_branch
    assert removal.left < removal.channels
    torch.testing.assert_close(outputs(model), before, rtol=1e-5, atol=1e-5)
    stored = with_shapes(model.state_dict(), shapes_of(model), shapes_of(plain))
    tensors = take_shapes(plain, stored)
    plain.load_state_dict(tensors)
    torch.testing.assert_close(outputs(plain), before, rtol=1e-5, atol=1e-5)


def test_only_missing_and_useless_branches_are_dropped() -> None:
    model = built("cifar-resnet")
    before = outputs(model)
    drop_zero_branches(model)
    drop_missing_branches(model, model.state_dict())
    assert torch.equal(outputs(model), before)
    wider = model.get_submodule("stage2.0")
    assert isinstance(wider, Basic)
    assert not wider.can_drop()  # its shortcut adds as many zeros as the branch has new channels
    nn.init.zeros_(wider.norm2.weight)
    nn.init.zeros_(wider.norm2.bias)
    drop_zero_branches(model)
    assert wider.has_branch


def test_a_useless_block_loses_its_branch_and_a_useful_one_keeps_it() -> None:
    """The branch of the first block is zero whatever it gets; the labels are what the last block starts with."""
    torch.manual_seed(0)
    useless, useful = Basic(2, 2, stride=1), Basic(2, 2, stride=1)
    nn.init.zeros_(useless.norm1.weight)
    nn.init.zeros_(useless.norm1.bias)
    model = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), useless, useful, nn.Flatten(), nn.Linear(128, 2))
    for parameter in useless.parameters():
        parameter.requires_grad_(False)
    images = torch.randn(32, 1, 8, 8)
    with torch.no_grad():
        label = (useful.norm2(useful.conv2(useful.conv1(model[:2](images)).relu())).flatten(1).sum(1) > 0).long()
    made, network = regulariser(model, "block")
    parameters = [*(each.parameter for each in made.learned), *model[5].parameters()]
    optimiser = torch.optim.SGD(parameters, 0.05, momentum=0.9)
    optimiser.register_step_pre_hook(lambda stepped, *_: made.step(stepped))
    for _ in range(40):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model.train()(images), label).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    lost, kept = (float(each.parameter.detach()) for each in made.learned)
    assert lost == 0
    assert kept > 0
    network.set(made.masks())
    made.remove()
    network.remove()
    before = outputs(model, images)
    drop_zero_branches(model)
    assert (useless.has_branch, useful.has_branch) == (False, True)
    torch.testing.assert_close(outputs(model, images), before, rtol=1e-5, atol=1e-5)
