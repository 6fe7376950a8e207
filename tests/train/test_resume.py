import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from lesion.artifacts.checkpoints import read_members
from lesion.train.resume import Resume, resume_folder
from tests import places
from tests.conftest import step, tiny, write_params

Main = Callable[..., tuple[int, list[str]]]
SHARD = "0-3"
NODE = {"study": "digits", "variant": "gmp-50", "shard": SHARD}
TRAIN = ["train", *(word for name, value in NODE.items() for word in (f"--{name}", value))]
CHECKPOINT = places.checkpoint("digits", "gmp-50", SHARD)
KEPT = resume_folder(CHECKPOINT)


def toy(shard: str, variant: str = "dense") -> Path:
    """The folder of an unfinished shard of a made-up study."""
    return resume_folder(places.checkpoint("toy", variant, shard))


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study with the checkpoint of a training that nothing interrupts."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    write_params(folder, tiny(epochs=6))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        step("data", study="digits")
        step("train", **NODE)
    return folder


@pytest.fixture(scope="module")
def killed_once(uninterrupted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study after `lesion train` was killed when its first member was kept."""
    folder = tmp_path_factory.mktemp("killed")
    shutil.copytree(uninterrupted, folder, dirs_exist_ok=True)
    (folder / CHECKPOINT).unlink()
    command = shutil.which("lesion", path=str(Path(sys.executable).parent))
    assert command is not None
    first = folder / KEPT / "0.safetensors"
    with subprocess.Popen([command, *TRAIN], cwd=folder, stderr=subprocess.DEVNULL) as training:
        while not first.exists() and training.poll() is None:
            time.sleep(0.001)
        training.kill()
    assert training.returncode == -9, "the training ended before it was killed"
    return folder


@pytest.fixture
def killed(killed_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter a copy of the study that was killed."""
    shutil.copytree(killed_once, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def kept() -> list[int]:
    return sorted(int(path.stem) for path in KEPT.glob("[0-9]*.safetensors"))


def test_a_killed_training_leaves_no_checkpoint_but_its_finished_members(killed: Path) -> None:
    assert not CHECKPOINT.exists()
    assert 0 in kept()
    assert len(kept()) < 4


def test_a_killed_training_goes_on_and_ends_with_the_same_bytes(killed: Path, uninterrupted: Path, main: Main) -> None:
    finished = kept()
    for name in (uninterrupted / KEPT).glob("*"):
        pytest.fail(f"a training that ended well left {name}")
    code, lines = main(*TRAIN)
    assert code == 0, lines
    assert CHECKPOINT.read_bytes() == (uninterrupted / CHECKPOINT).read_bytes()
    told = [[line for line in lines if line.startswith(f"member {member}: ")] for member in range(4)]
    for member, [line] in enumerate(told):
        assert ("already trained" in line) == (member in finished)
    assert not KEPT.exists()


def test_a_finished_member_is_taken_as_it_is(killed: Path, main: Main) -> None:
    """A member whose kept weights are altered keeps them: it was not trained again."""
    path = KEPT / "0.safetensors"
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1  # the last byte belongs to a tensor
    path.write_bytes(raw)
    [(_, altered)] = read_members(path)
    assert main(*TRAIN)[0] == 0
    found = dict(read_members(CHECKPOINT))[0]
    for name, tensor in altered.items():
        assert tensor.numpy().tobytes() == found[name].numpy().tobytes()


def test_after_a_change_of_settings_nothing_is_resumed(killed: Path, main: Main) -> None:
    params = tiny(epochs=6)
    params["studies"]["digits"]["recipe"]["rate"] = 0.1
    write_params(killed, params)
    code, lines = main(*TRAIN)
    assert code == 0
    assert not [line for line in lines if "already trained" in line]
    resumed = CHECKPOINT.read_bytes()
    CHECKPOINT.unlink()
    step("train", **NODE)
    assert CHECKPOINT.read_bytes() == resumed
    assert not KEPT.exists()


@pytest.fixture
def resume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Resume:
    """Members 0 and 2 of a shard, kept under the stamp `one`."""
    monkeypatch.chdir(tmp_path)
    made = Resume(toy("0-2"), stamp="one")
    for member in (0, 2):
        made.save(member, {"weight": torch.full((3,), float(member))}, {"seed": member})
    return made


def test_a_member_comes_back_under_its_stamp(resume: Resume) -> None:
    found = resume.load(2)
    assert found is not None
    tensors, facts = found
    assert tensors["weight"].tolist() == [2, 2, 2]
    assert facts == {"seed": 2}
    assert resume.load(1) is None


def test_another_stamp_finds_nothing(resume: Resume) -> None:
    assert Resume(toy("0-2"), stamp="other").load(2) is None


def test_a_truncated_member_is_trained_again(resume: Resume) -> None:
    path = toy("0-2") / "2.safetensors"
    os.truncate(path, path.stat().st_size - 1)
    assert resume.load(2) is None


def test_clearing_leaves_the_members_of_other_shards(resume: Resume) -> None:
    Resume(toy("3-4"), stamp="one").save(3, {"weight": torch.ones(1)}, {})
    resume.clear()
    assert sorted(Path("results").rglob("*.safetensors")) == [toy("3-4") / "3.safetensors"]
    Resume(toy("3-4"), stamp="one").clear()
    assert not list(Path("results").rglob("*.safetensors"))


def test_jobs_that_finish_at_the_same_time_do_not_disturb_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def job(variant: str) -> None:
        for _ in range(150):
            mine = Resume(toy("0-0", variant), stamp="one")
            mine.save(0, {"weight": torch.ones(1)}, {})
            assert mine.load(0) is not None
            mine.clear()

    with ThreadPoolExecutor() as pool:
        for ended in [pool.submit(job, variant) for variant in ("dense", "gmp-30", "gmp-50", "gmp-70")]:
            ended.result()
    assert not list(Path("results").rglob("*.safetensors"))
