"""Checks for networks of other libraries: that the name exists, and that the network takes the study's images."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from lesion.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torch import nn


def check_name(architecture: str, names: Iterable[str], *, library: str) -> None:
    """Raise InputError with the nearest names if `architecture` is not one of `names`."""
    names = list(names)
    if architecture not in names:
        nearest = " or ".join(get_close_matches(architecture, names, cutoff=0.0))
        raise InputError(f"model: {library} has no architecture named {architecture!r}; did you mean {nearest}?")


def fitting(make: Callable[[], nn.Module], *, what: str, channels: int, side: int, classes: int) -> nn.Module:
    """Call `make` and check that the network maps (1, channels, side, side) to logits (1, classes); in training mode.

    Some libraries check the size of images when a network is made, others when it runs. So the network runs on an image
    of zeros in evaluation mode, which changes no tensor and draws no random number.

    Raises
    ------
    InputError
        With the library's message, if the network does not take such images.
    """
    import torch

    images = (1, channels, side, side)
    try:
        model = make()
        with torch.no_grad():
            logits = model.eval()(torch.zeros(images))
    except (RuntimeError, ValueError, AssertionError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"model: {what} does not take images of shape {images}: {reason}") from None
    if not isinstance(logits, torch.Tensor) or logits.shape != (1, classes):
        raise InputError(f"model: {what} does not give {classes} logits for an image")
    return model.train()
