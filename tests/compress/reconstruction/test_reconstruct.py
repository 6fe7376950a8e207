"""Method `reconstruct`: what leaves, what is fitted, residual branches, and members that others can be made of."""

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from lesion import plugins
from lesion.compress.calibration import Calibration
from lesion.compress.channels.find import find_channels
from lesion.compress.masks import prunable
from lesion.compress.methods import reconstruct, remove
from lesion.errors import InputError
from lesion.models import cifar_resnet
from lesion.train.loop import fit
from tests.training import RECIPE, SEEDS, random_split, small_network

SPLIT = random_split(150)
SHOWN = Calibration(SPLIT, 3)
State = dict[str, Tensor]
EVERYWHERE = 64  # positions of the largest map


def options(**named: Any) -> reconstruct.Options:
    plain = {"of": "dense", "sparsity": 0.5, "selection": "lasso", "images": 140, "positions": EVERYWHERE}
    read: reconstruct.Options = plugins.options(
        "method", {"method": "reconstruct"} | plain | named, where="variant", key="method"
    )
    return read


def resnet(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return cifar_resnet.build(cifar_resnet.Options(depth=8, width=4), channels=1, side=8, classes=4)


def trained(network: nn.Module) -> Any:
    """A network whose batch norms have seen images and whose scales differ, in evaluation mode."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias)
    with torch.no_grad():
        for _ in range(20):
            network.train()(SHOWN.images(64))
    return network.eval()


def compressed(network: nn.Module, **named: Any) -> Any:
    """A network of the same shapes, made from the state dict of this one."""
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    found = reconstruct.compressor(network, options(**named), SHOWN)(state)
    assert list(found) == list(state)
    network.load_state_dict(state)
    made = resnet(7) if "conv.weight" in state else small_network(7)
    made.load_state_dict(found)
    return made.eval()


def gone(network: nn.Module) -> dict[str, list[int]]:
    """The filters without weights, by weight name."""
    return {
        name: (~getattr(layer, attribute).detach().flatten(1).any(dim=1)).nonzero()[:, 0].tolist()
        for name, layer, attribute in prunable(network)
    }


SELECTIONS = ["lasso", "thinet", "largest", "first"]


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("refit", ["weights", "scales", "none"])
def test_channels_leave_with_all_their_slices(selection: str, refit: str) -> None:
    network = trained(small_network())
    found = compressed(network, selection=selection, refit=refit)
    assert {name: len(filters) for name, filters in gone(found).items()} == {
        "0.weight": 2, "3.weight": 3, "7.weight": 0
    }  # fmt: skip
    tensors = dict(found.named_parameters())
    for channels in find_channels(found, SHOWN.images(1)):
        if not channels.fixed:
            left = gone(found)[channels.writers[0].name]
            for part in channels.slices:
                if part.name in tensors:
                    columns = tensors[part.name].index_select(part.dim, part.index[left].flatten())
                    assert not columns.any()
    assert all(tensor.isfinite().all() for tensor in found.state_dict().values())


def test_first_channels_and_no_refit_leave_the_rest_as_it_is() -> None:
    network = trained(small_network())
    found = compressed(network, selection="first", refit="none")
    assert gone(found) == {"0.weight": [2, 3], "3.weight": [3, 4, 5], "7.weight": []}
    for name, tensor in network.state_dict().items():
        kept = found.state_dict()[name] != 0
        torch.testing.assert_close(found.state_dict()[name][kept], tensor[kept])


def test_a_refit_is_least_squares_of_numpy_on_the_outputs_after_the_batch_norm() -> None:
    network = trained(small_network())
    found = compressed(network, selection="first", keep=["7"])
    images = SHOWN.images(140)
    with torch.no_grad():
        wanted = network[:5](images)  # after the batch norm of the second convolution
        read = functional.unfold(found[:3](images), 3, padding=1, stride=2)  # (n, 4 · 9, positions)
        given = found[:5](images)
    columns = read.mT.flatten(0, 1)[:, :18].double().numpy()  # two of four channels
    target = wanted.flatten(2).mT.flatten(0, 1).double().numpy()
    design = np.c_[columns, np.ones(len(columns))]
    expected = design @ np.linalg.lstsq(design, target)[0]
    np.testing.assert_allclose(given.flatten(2).mT.flatten(0, 1), expected, atol=1e-4)


def test_channels_that_repeat_others_leave_without_a_trace() -> None:
    network = trained(small_network())
    with torch.no_grad():
        for place, pairs in ((0, ([2, 3], [0, 1])), (3, ([1, 3, 5], [0, 2, 4]))):
            repeats, repeated = pairs
            for tensor in (*network[place].parameters(), *network[place + 1].parameters()):
                tensor[repeats] = tensor[repeated]
            for buffer in (network[place + 1].running_mean, network[place + 1].running_var):
                buffer[repeats] = buffer[repeated]
        network[3].weight[:, [2, 3]] = network[3].weight[:, [0, 1]]
        last = network[7].weight.view(4, 6, 4)
        last[:, [1, 3, 5]] = last[:, [0, 2, 4]]
    found = compressed(network)
    assert {name: len(filters) for name, filters in gone(found).items()} == {
        "0.weight": 2, "3.weight": 3, "7.weight": 0
    }  # fmt: skip
    with torch.no_grad():
        images = SHOWN.images(150)
        torch.testing.assert_close(found(images), network(images), atol=1e-4, rtol=1e-4)


def sums(network: Any, images: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Of each block what its last convolution reads at all positions, and what the sum at its end is, in rows."""
    read: dict[str, Tensor] = {}
    blocks = [network.stage1[0], network.stage2[0], network.stage3[0]]
    handles = [
        layer.register_forward_pre_hook(lambda _, given, key=key: read.update({key: given[0].clone()}))
        for number, block in enumerate(blocks)
        for key, layer in ((f"{number}-block", block), (f"{number}-conv2", block.conv2))
    ]
    with torch.no_grad():
        network(images)
        for handle in handles:
            handle.remove()
        found = []
        for number, block in enumerate(blocks):
            inputs = read[f"{number}-conv2"]
            total = block.norm2(block.conv2(inputs)) + block.shortcut(read[f"{number}-block"], block.conv2.out_channels)
            rows = functional.unfold(inputs, 3, padding=1).mT.flatten(0, 1)
            found.append((rows.double(), total.flatten(2).mT.flatten(0, 1).double()))
    return found


@pytest.mark.parametrize("selection", ["lasso", "thinet"])
def test_the_end_of_a_branch_makes_up_for_the_errors_of_its_shortcut(selection: str) -> None:
    network = trained(resnet())
    found = compressed(network, selection=selection, keep=["linear"])
    assert {name: len(filters) for name, filters in gone(found).items() if filters} == {
        "stage1.0.conv1.weight": 2, "stage2.0.conv1.weight": 4, "stage3.0.conv1.weight": 8
    }  # fmt: skip
    images = SHOWN.images(140)
    for (_, wanted), (read, given) in zip(sums(network, images), sums(found, images), strict=True):
        error = wanted - given
        assert error.std() > 0.01
        # normal equations: no error that a constant or any input could explain
        centred = read - read.mean(dim=0)
        scale = centred.std(dim=0).clamp_min(1e-6)
        assert (error.mean(dim=0).abs() < 1e-4).all()
        assert ((centred.T @ error / len(error) / scale[:, None]).abs() < 1e-3 * error.std()).all()


def test_two_sets_that_one_layer_reads_leave_one_after_the_other() -> None:
    class Joined(nn.Module):
        """Two branches that are concatenated and read by one layer, which has a bias."""

        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = nn.Conv2d(1, 4, 3), nn.Conv2d(1, 6, 3)
            self.last = nn.Conv2d(10, 4, 6)

        def forward(self, x: Tensor) -> Tensor:
            found: Tensor = self.last(torch.cat([self.left(x).relu(), self.right(x).relu()], dim=1)).flatten(1)
            return found

    torch.manual_seed(0)
    network = Joined().eval()
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    found = reconstruct.compressor(Joined().eval(), options(selection="thinet", images=150), SHOWN)(state)
    after = Joined().eval()
    after.load_state_dict(found)
    assert {name: len(filters) for name, filters in gone(after).items()} == {
        "left.weight": 2, "right.weight": 3, "last.weight": 0
    }  # fmt: skip
    images = SHOWN.images(150)
    with torch.no_grad():
        # 180 weights and a bias fit 150 images, although two sets left the same layer one after the other
        torch.testing.assert_close(after(images), network(images), atol=1e-3, rtol=1e-3)


def test_reconstruction_beats_the_same_channels_cut() -> None:
    network = trained(resnet())
    images = SPLIT.normalise(torch.from_numpy(random_split(60, seed=8).images.read(np.arange(60))))
    with torch.no_grad():
        errors = [
            float((compressed(network, selection="thinet", refit=refit)(images) - network(images)).square().mean())
            for refit in ("weights", "scales", "none")
        ]
    assert errors[0] < errors[1] < errors[2]


def test_few_positions_are_the_same_each_time() -> None:
    network = trained(resnet())
    first, second, other = (compressed(network, positions=positions, images=30).state_dict() for positions in (3, 3, 4))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["stage1.0.conv2.weight"], other["stage1.0.conv2.weight"])


def test_kept_layers_keep_what_they_compute_and_read() -> None:
    network = trained(resnet())
    found = compressed(network, keep=["stage1.0.conv1", "stage2.0.conv2"])
    assert {name: len(filters) for name, filters in gone(found).items() if filters} == {
        "stage3.0.conv1.weight": 8, "stage3.0.conv2.weight": 4  # the shortcut to half of the last channels is zero
    }  # fmt: skip
    assert torch.equal(found.state_dict()["stage2.0.conv2.weight"], network.state_dict()["stage2.0.conv2.weight"])


@pytest.mark.parametrize("family", [small_network, resnet])
def test_what_left_leaves_the_network_by_method_remove(family: Callable[[], nn.Module]) -> None:
    found = compressed(trained(family()), selection="thinet")
    small = remove.compressor(family().eval(), remove.Options(of="thinet-50"), SHOWN)(found.state_dict())
    for name, filters in gone(found).items():
        assert len(small[name]) == len(found.state_dict()[name]) - len(filters)
    restored = remove.restorer(family().eval(), remove.Options(of="thinet-50"), SHOWN.images(1))(small)
    with torch.no_grad():
        images = SHOWN.images(20)
        torch.testing.assert_close(restored(images), found(images), atol=1e-4, rtol=1e-4)


def test_what_cannot_be_done_is_refused() -> None:
    network = small_network()
    state = network.state_dict()
    with pytest.raises(InputError, match="keep: head is no layer of this network"):
        reconstruct.compressor(network, options(keep=["head"]), SHOWN)
    with pytest.raises(InputError, match="no channels of this network"):
        reconstruct.compressor(network, options(keep=["*"]), SHOWN)
    with pytest.raises(InputError, match="there is no selection named 'best'"):
        reconstruct.compressor(network, options(selection="best"), SHOWN)
    with pytest.raises(InputError, match="151 images are asked for"):
        reconstruct.compressor(network, options(images=151), SHOWN)(state)


def test_a_layer_with_too_many_inputs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconstruct, "LARGEST", 100)
    with pytest.raises(InputError, match=r"stage3.0.conv2 reads 144 inputs, more .* keep: stage3.0.conv2 leaves"):
        reconstruct.compressor(resnet(), options(), SHOWN)
    reconstruct.compressor(resnet(), options(keep=["stage3.0.conv2"]), SHOWN)


def test_few_samples_are_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        compressed(trained(small_network()), images=24, selection="first", sparsity=0.2)
    assert [record.message.partition(";")[0] for record in caplog.records] == [
        "7.weight: 24 samples for the 20 weights of an output"
    ]


def test_what_left_stays_away_while_the_rest_is_tuned() -> None:
    network = compressed(trained(small_network()), selection="thinet", batch_norms=64)
    before, left = network.state_dict()["3.weight"].clone(), gone(network)
    fit(
        network, reconstruct.FineTuning(network, SHOWN.images(1)), SPLIT, recipe=RECIPE, seeds=SEEDS,
        device=torch.device("cpu"),
    )  # fmt: skip
    assert gone(network) == left
    assert not torch.equal(network.state_dict()["3.weight"], before)
    assert not network.state_dict()["3.weight"][:, left["0.weight"]].any()
