"""The device that a step computes on, set up to give the same bytes in every run."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import nn

from lesion.params.recipe import PrecisionByDevice
from lesion.train.lease import gpu


@contextmanager
def computing(*, threads: int) -> Iterator[torch.device]:
    """Yield a leased GPU if there is one, else the CPU with `threads` threads, with deterministic algorithms."""
    with gpu() as leased:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # makes cuBLAS deterministic
        torch.set_deterministic_debug_mode("error")  # use_deterministic_algorithms would import the compiler
        # else each new tensor is filled with NaN first
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        torch.backends.cudnn.benchmark = False
        torch.set_num_threads(threads)
        torch.set_flush_denormal(True)
        yield torch.device("cuda" if leased is not None and torch.cuda.is_available() else "cpu")


def autocast(device: torch.device, precision: PrecisionByDevice) -> AbstractContextManager[object]:
    """A context of bfloat16 autocast if `precision` asks for it on this type of device, else an empty context."""
    wanted = precision["cuda" if device.type == "cuda" else "cpu"]
    return nullcontext() if wanted == "float32" else torch.autocast(device.type, dtype=torch.bfloat16)


def place(model: nn.Module, device: torch.device, *, channels: int) -> nn.Module:
    """Move a model for images of `channels` channels to the device, in the memory format of the images.

    That is channels-last, which is fastest, except for a single channel on a CPU (`data.split.Normalise`).
    """
    model = model.to(device)
    if channels == 1 and device.type == "cpu":
        return model
    return model.to(memory_format=torch.channels_last)
