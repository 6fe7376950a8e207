"""One GPU for each job. A process holds a file lock on its device, and the kernel releases it when the process ends."""

import os
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

from filelock import FileLock, Timeout

VISIBLE = "CUDA_VISIBLE_DEVICES"


def installed_gpus() -> list[str]:
    """Indices of the devices that nvidia-smi lists; empty if there is no such command.

    Asking torch instead would fix the visible devices for the life of the process.
    """
    try:
        listing = subprocess.run(
            ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"],
            capture_output=True, text=True, timeout=30, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return []
    return listing.stdout.split()


def visible_gpus(environment: Mapping[str, str]) -> list[str]:
    """The devices in CUDA_VISIBLE_DEVICES of `environment`, if it is set, else all installed ones."""
    narrowed = environment.get(VISIBLE)
    if narrowed is None:
        return installed_gpus()
    listed = takewhile(lambda device: device != "-1", map(str.strip, narrowed.split(",")))  # CUDA stops at -1
    return [device for device in listed if device]


@contextmanager
def leased(devices: list[str], folder: Path, *, poll_seconds: float = 0.5) -> Iterator[str | None]:
    """Hold one of `devices` inside the block; wait while all are taken. Yields None if `devices` is empty.

    `folder` has a lock file for each device. A device is free again when its holder ends, even if it is killed.
    """
    if not devices:
        yield None
        return
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        for device in random.sample(devices, len(devices)):
            lock = FileLock(folder / f"{device.replace('/', '-')}.lock")
            try:
                lock.acquire(blocking=False)
            except Timeout:
                continue
            try:
                yield device
            finally:
                lock.release()
            return
        time.sleep(poll_seconds)


def lock_folder() -> Path:
    """Folder of this user's lock files, the same for all jobs on the machine. LESION_GPU_LOCKS overrides it."""
    return Path(os.environ.get("LESION_GPU_LOCKS", Path(tempfile.gettempdir()) / f"lesion-gpus-{os.getuid()}"))


@contextmanager
def gpu() -> Iterator[str | None]:
    """Lease a visible GPU and hide the others from this process; None without a GPU. Enter before torch uses CUDA."""
    with leased(visible_gpus(os.environ), lock_folder()) as device:
        if device is not None:
            os.environ[VISIBLE] = device
        yield device
