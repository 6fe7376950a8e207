"""One GPU for each job: a lock on a device, held by the process and released by the kernel when it ends."""

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
    """Indices of the devices that nvidia-smi lists; none where there is no such command.

    Asked of the driver's tool and not of torch, which would fix the visible devices for the life of the process.
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
    """The devices that this process may use: those that a batch system or a user left visible, else all."""
    narrowed = environment.get(VISIBLE)
    if narrowed is None:
        return installed_gpus()
    listed = takewhile(lambda device: device != "-1", map(str.strip, narrowed.split(",")))  # CUDA stops at -1
    return [device for device in listed if device]


@contextmanager
def leased(devices: list[str], folder: Path, *, poll_seconds: float = 0.5) -> Iterator[str | None]:
    """Hold one of `devices` while the block runs, waiting while all are taken; None where there are none.

    The lock files lie in `folder`, one a device; a device is free again when its holder ends, however it ends.
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
    """Where the locks of this user lie: the same for all jobs on the machine, whatever started them."""
    return Path(os.environ.get("LESION_GPU_LOCKS", Path(tempfile.gettempdir()) / f"lesion-gpus-{os.getuid()}"))


@contextmanager
def gpu() -> Iterator[str | None]:
    """Lease one visible GPU and make it the only one that this process sees; to be entered before torch uses CUDA."""
    with leased(visible_gpus(os.environ), lock_folder()) as device:
        if device is not None:
            os.environ[VISIBLE] = device
        yield device
