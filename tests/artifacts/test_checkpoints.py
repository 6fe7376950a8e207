import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from lesion.artifacts.checkpoints import read_facts, read_members, write_checkpoint
from lesion.errors import InputError

Tensors = dict[str, torch.Tensor]


def member(seed: int) -> Tensors:
    generator = torch.Generator().manual_seed(seed)
    return {
        "conv.weight": torch.randn(4, 3, 3, 3, generator=generator).to(memory_format=torch.channels_last),
        "half": torch.randn(5, generator=generator).half(),
        "scalar": torch.tensor(seed),
        "mask": torch.rand(7, generator=generator) < 0.5,
    }


MEMBERS = {number: member(number) for number in (0, 2, 10)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A checkpoint of three members."""
    path = tmp_path / "0-10.safetensors"
    write_checkpoint(path, MEMBERS, study="toy", members={str(number): {"seed": number} for number in MEMBERS})
    return path


def test_what_is_written_is_read_in_order_of_member(path: Path) -> None:
    found = dict(read_members(path))
    assert list(found) == [0, 2, 10]  # by number, not by text
    for number, tensors in MEMBERS.items():
        assert found[number].keys() == tensors.keys()
        for name, tensor in tensors.items():
            assert found[number][name].dtype == tensor.dtype
            assert torch.equal(found[number][name], tensor)
    raw = load_file(path)
    assert set(raw) == {f"{number}/{name}" for number in MEMBERS for name in MEMBERS[number]}


def test_the_facts_come_back(path: Path) -> None:
    facts = read_facts(path)
    assert facts == {"study": "toy", "members": {"0": {"seed": 0}, "2": {"seed": 2}, "10": {"seed": 10}}}


def test_two_writes_give_the_same_bytes(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    facts = {str(number): {"seed": number} for number in reversed(MEMBERS)}
    write_checkpoint(other, dict(reversed(MEMBERS.items())), members=facts, study="toy")
    assert path.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("left", [0, 7, 100, -1])
def test_a_truncated_file(left: int, path: Path) -> None:
    os.truncate(path, left % path.stat().st_size)
    with pytest.raises(InputError, match=rf"^{path}: not a readable checkpoint \(.+\)$"):
        dict(read_members(path))
    with pytest.raises(InputError, match=f"^{path}: not a readable checkpoint"):
        read_facts(path)


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "missing.safetensors"
    with pytest.raises(InputError, match=f"^{path}: not a readable checkpoint"):
        dict(read_members(path))
    with pytest.raises(InputError, match=f"^{path}: not a readable checkpoint"):
        read_facts(path)


def test_a_checkpoint_of_another_project(tmp_path: Path) -> None:
    path = tmp_path / "foreign.safetensors"
    save_file({"conv1.weight": torch.ones(1)}, path)
    with pytest.raises(InputError, match=f"^{path}: "):
        dict(read_members(path))
