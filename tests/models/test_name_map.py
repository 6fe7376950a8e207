"""Names of other implementations: lined up by the order of layers, written for people, read again."""

from pathlib import Path
from typing import Literal

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from lesion.errors import InputError
from lesion.models.cifar_resnet import Options, build
from lesion.models.foreign_weights import load_foreign_weights
from lesion.models.name_map import Match, line_up, map_text, read_names, told
from tests.conftest import lesion


class Block(nn.Module):
    """A basic block as others write it; its shortcut pads with zeros on both sides, or is a convolution."""

    def __init__(self, inputs: int, outputs: int, stride: int, *, projected: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.more = (outputs - inputs) // 2
        self.downsample: nn.Module | None = None
        if projected and self.more:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        beside = x
        if self.downsample is not None:
            beside = self.downsample(x)
        elif self.more:
            beside = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.more, self.more))
        return functional.relu(y + beside)


class Other(nn.Module):
    """ResNet-20 with the names conv1, bn1, layer1.0.conv1, …, linear."""

    def __init__(self, *, projected: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, kernel_size=3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = self.layer(16, 16, 1, projected=projected)
        self.layer2 = self.layer(16, 32, 2, projected=projected)
        self.layer3 = self.layer(32, 64, 2, projected=projected)
        self.linear = nn.Linear(64, 10)

    @staticmethod
    def layer(inputs: int, outputs: int, stride: int, *, projected: bool) -> nn.Module:
        more = (Block(outputs, outputs, 1, projected=projected) for _ in range(2))
        return nn.Sequential(Block(inputs, outputs, stride, projected=projected), *more)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.bn1(self.conv1(x)))
        for layer in (self.layer1, self.layer2, self.layer3):
            x = layer(x)
        logits: Tensor = self.linear(x.mean(dim=(2, 3)))
        return logits


@pytest.mark.parametrize(("shortcut", "projected"), [("zeros-around", False), ("convolution", True)])
def test_a_resnet_of_others_is_mapped_onto_ours_and_computes_the_same(
    shortcut: Literal["zeros-around", "convolution"], projected: bool, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    other = Other(projected=projected)
    images = torch.randn(6, 3, 32, 32)
    other(images)  # statistics of the batch norms
    other.eval()
    ours = build(Options(depth=20, shortcut=shortcut), channels=3, side=32, classes=10).eval()
    matches = line_up(other.state_dict(), ours.state_dict())
    assert Match("layer2.1.bn2.running_var", "stage2.1.norm2.running_var", "order") in matches
    assert Match("linear.weight", "linear.weight", "name") in matches
    assert Match("conv1.weight", "conv.weight", "shape") in matches
    assert len(matches) == len(ours.state_dict())
    (tmp_path / "names.csv").write_text(map_text(matches))
    load_foreign_weights(ours, other.state_dict(), read_names(tmp_path / "names.csv"))
    torch.testing.assert_close(ours(images), other(images))


def test_counters_may_be_missing_and_how_sure_a_map_is_is_told() -> None:
    ours = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3)).state_dict()
    theirs = {
        f"a.{number}.{name.partition('.')[2]}": ours[name] for number, name in enumerate(ours) if "num" not in name
    }
    matches = line_up(theirs, ours)
    assert [(match.network, match.by) for match in matches] == [
        ("0.weight", "shape"), ("0.bias", "order"), ("1.weight", "shape"), ("1.bias", "order"),
        ("1.running_mean", "shape"), ("1.running_var", "shape"),
    ]  # fmt: skip
    assert told(matches) == (
        "6 tensors, of which 4 are the only ones of their shape, 2 go by their order alone;"
        " check these, e.g. a.1.bias to 0.bias"
    )


REFUSED: dict[str, tuple[list[tuple[str, int]], str]] = {
    "another shape": (
        [("a.weight", 3), ("a.bias", 5)],
        r"a\.bias \(5,\) of the checkpoint stands in the place of 0\.bias \(4,\)",
    ),
    "a bias for a weight": (
        [("a.bias", 3), ("a.weight", 4)],
        r"a\.bias \(3,\) of the checkpoint stands in the place of 0\.weight",
    ),
    "one too many": (
        [("a.weight", 3), ("a.bias", 4), ("b.w", 2)],
        r"3 tensors, 2 expected; b\.w is in one of both alone",
    ),
    "one too few": ([("a.weight", 3)], r"1 tensors, 2 expected; 0\.bias is in one of both alone"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_line_up_is_refused(what: str) -> None:
    shapes, message = REFUSED[what]
    expected = {"0.weight": torch.ones(3), "0.bias": torch.ones(4)}
    with pytest.raises(InputError, match=message):
        line_up({name: torch.ones(size) for name, size in shapes}, expected)


TABLES = {
    "a,b\n": "the columns checkpoint and network are expected in the first line",
    "": "the columns checkpoint and network are expected",
    "checkpoint,network\na\n": "line 2: two names are expected",
    "checkpoint,network\na,b\n,c\n": "line 3: two names are expected",
    "checkpoint,network\na,b\nc,b\n": "the name b is in 2 lines",
    "checkpoint,network\na,b\na,c\n": "the name a is in 2 lines",
}


@pytest.mark.parametrize("text", TABLES)
def test_what_is_no_map_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text(text)
    with pytest.raises(InputError, match=TABLES[text]):
        read_names(tmp_path / "names.csv")
    with pytest.raises(InputError, match="the map of names is missing"):
        read_names(tmp_path / "none.csv")


def test_a_map_of_a_spreadsheet_is_read_and_may_leave_tensors_out(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_bytes(b'\xef\xbb\xbfcheckpoint,network\r\n"a,1",b\r\nops,\r\nparams,\r\n')
    assert read_names(tmp_path / "names.csv") == {"a,1": "b", "ops": "", "params": ""}


def test_the_command_writes_a_map_or_nothing(tmp_path: Path) -> None:
    timm = pytest.importorskip("timm")
    state = timm.create_model("test_resnet", num_classes=7).state_dict()
    torch.save({"state_dict": {f"_{name}": tensor for name, tensor in state.items()}}, tmp_path / "0.pth")
    options = ("--weights", "0.pth", "--out", "names.csv", "--architecture", "test_resnet", "--side", "64")
    refused = lesion("names", *options, cwd=tmp_path)
    assert refused.returncode == 2
    assert "of the checkpoint stands in the place of fc.weight (1000, " in refused.stderr
    assert not (tmp_path / "names.csv").exists()
    done = lesion("names", *options, "--classes", "7", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"names.csv: {len(state)} tensors, of which ")
    assert read_names(tmp_path / "names.csv") == {f"_{name}": name for name in state}
    both = lesion("names", *options, "--study", "digits", cwd=tmp_path)
    assert both.stderr == "lesion: names: --study or --architecture is expected, and not both\n"
