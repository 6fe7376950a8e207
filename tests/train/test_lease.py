import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from lesion.train.lease import gpu, installed_gpus, leased, visible_gpus

SCRIPT = """
import os, sys, time
from pathlib import Path
from lesion.train.lease import leased

folder, what, devices = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]

def say(word):
    print(word, flush=True)

if what == "hold":  # until a line comes in
    with leased(devices, folder, poll_seconds=0.01) as device:
        say(device)
        sys.stdin.readline()
        with (folder / "order").open("a") as file:
            file.write("released\\n")
elif what == "take":
    say("waiting")
    with leased(devices, folder, poll_seconds=0.01) as device:
        with (folder / "order").open("a") as file:
            file.write("taken\\n")
        say(device)
elif what == "compete":
    for _ in range(15):
        with leased(devices, folder, poll_seconds=0.002) as device:
            mine = folder / f"{device}.mine"
            mine.open("x").close()  # fails where another holds the same device
            time.sleep(0.002)
            mine.unlink()
        say(device)
"""


@contextmanager
def process(folder: Path, what: str, *devices: str) -> Iterator[subprocess.Popen[str]]:
    started = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder), what, *devices],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with started:
        try:
            yield started
        finally:
            started.kill()


def line(of: subprocess.Popen[str]) -> str:
    assert of.stdout is not None
    return of.stdout.readline().strip()


def test_no_two_processes_hold_one_device(tmp_path: Path) -> None:
    with ExitStack() as stack:
        competing = [stack.enter_context(process(tmp_path, "compete", "0", "1")) for _ in range(4)]
        ended = [(one.communicate(timeout=60), one.returncode) for one in competing]
    assert [code for _, code in ended] == [0] * 4, ended
    held = [device for (out, _), _ in ended for device in out.split()]
    assert len(held) == 4 * 15
    assert set(held) == {"0", "1"}


def test_who_comes_late_waits_for_the_release(tmp_path: Path) -> None:
    with process(tmp_path, "hold", "GPU-7/1") as holder:
        assert line(holder) == "GPU-7/1"
        with process(tmp_path, "take", "GPU-7/1") as waiter:
            assert line(waiter) == "waiting"
            holder.communicate("release\n", timeout=60)
            assert line(waiter) == "GPU-7/1"
            assert waiter.wait(timeout=60) == 0
    assert (tmp_path / "order").read_text().split() == ["released", "taken"]


def test_a_taken_device_is_passed_over(tmp_path: Path) -> None:
    with process(tmp_path, "hold", "0") as holder:
        assert line(holder) == "0"
        with leased(["0", "1"], tmp_path) as device:
            assert device == "1"


def test_a_killed_holder_frees_its_device(tmp_path: Path) -> None:
    with process(tmp_path, "hold", "0") as holder:
        assert line(holder) == "0"
        holder.kill()  # SIGKILL: nothing of it runs any more
        holder.wait(timeout=60)
        with leased(["0"], tmp_path) as device:
            assert device == "0"


def test_without_devices_there_is_no_lease(tmp_path: Path) -> None:
    with leased([], tmp_path / "locks") as device:
        assert device is None
    assert not (tmp_path / "locks").exists()


def test_an_error_in_the_block_frees_the_device(tmp_path: Path) -> None:
    with pytest.raises(KeyError), leased(["0"], tmp_path):
        raise KeyError
    with leased(["0"], tmp_path) as device:
        assert device == "0"


@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [("2", ["2"]), ("3,1", ["3", "1"]), ("GPU-8f2e, GPU-11aa", ["GPU-8f2e", "GPU-11aa"]), ("", []), ("-1", [])],
)
def test_a_narrowed_list_is_honoured(
    narrowed: str, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_nvidia_smi(tmp_path, monkeypatch, "echo 0; echo 1; echo 2")
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": narrowed}) == expected
    assert visible_gpus({}) == ["0", "1", "2"]


def install_nvidia_smi(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    command = folder / "nvidia-smi"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_no_nvidia_smi_means_no_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert installed_gpus() == []


def test_an_nvidia_smi_that_fails_means_no_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_nvidia_smi(tmp_path, monkeypatch, "echo 0; exit 9")
    assert installed_gpus() == []


def test_a_job_sees_its_own_device_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LESION_GPU_LOCKS", str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    with process(tmp_path, "hold", "0") as holder:
        assert line(holder) == "0"
        with gpu() as device:
            assert device == os.environ["CUDA_VISIBLE_DEVICES"] == "1"
