"""The device that a step computes on, set up so that the same params give the same bytes."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import nn

from lesion.params.recipe import PrecisionByDevice
from lesion.train.lease import gpu


@contextmanager
def computing(*, threads: int) -> Iterator[torch.device]:
    """Lease a GPU where there is one, else the CPU with `threads` threads; deterministic algorithms on both."""
    with gpu() as leased:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what cuBLAS asks for to be deterministic
        torch.set_deterministic_debug_mode("error")  # as use_deterministic_algorithms, which imports the compiler
        torch.backends.cudnn.benchmark = False
        torch.set_num_threads(threads)
        torch.set_flush_denormal(True)
        yield torch.device("cuda" if leased is not None and torch.cuda.is_available() else "cpu")


def autocast(device: torch.device, precision: PrecisionByDevice) -> AbstractContextManager[object]:
    """Mixed precision where the params ask for it on this type of device."""
    wanted = precision["cuda" if device.type == "cuda" else "cpu"]
    return nullcontext() if wanted == "float32" else torch.autocast(device.type, dtype=torch.bfloat16)


def place(model: nn.Module, device: torch.device, *, channels: int) -> nn.Module:
    """Move a model for images of `channels` channels to the device, its weights in memory as the images are.

    That is channels-last, where convolutions are fastest, but for a single channel on a CPU (`data.split.Normalise`).
    """
    model = model.to(device)
    if channels == 1 and device.type == "cpu":
        return model
    return model.to(memory_format=torch.channels_last)
