"""Random draws of a method that leave those of others as they are."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from lesion.seeds import derive_seed


@contextmanager
def drawing(seed: int, purpose: str) -> Iterator[None]:
    """Inside the block torch's generator on the CPU draws by `seed` and `purpose`; then it is as it was before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, purpose))
        yield
