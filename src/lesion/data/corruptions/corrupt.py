"""The way in: corrupt a batch of 8-bit images by name and severity."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesion.data.corruptions import blur, digital, noise, weather
from lesion.data.corruptions.counter_random import CounterRandom, Floats
from lesion.data.corruptions.profiles import profile_for
from lesion.errors import InputError

SEVERITIES = (1, 2, 3, 4, 5)

_FORMULAS: dict[str, Callable[[Floats, CounterRandom, Any], Floats]] = {
    "gaussian-noise": noise.gaussian_noise,
    "shot-noise": noise.shot_noise,
    "impulse-noise": noise.impulse_noise,
    "speckle-noise": noise.speckle_noise,
    "defocus-blur": blur.defocus_blur,
    "glass-blur": blur.glass_blur,
    "motion-blur": blur.motion_blur,
    "zoom-blur": blur.zoom_blur,
    "gaussian-blur": blur.gaussian_blur,
    "snow": weather.snow,
    "frost": weather.frost,
    "fog": weather.fog,
    "spatter": weather.spatter,
    "brightness": weather.brightness,
    "contrast": digital.contrast,
    "elastic-transform": digital.elastic_transform,
    "pixelate": digital.pixelate,
    "jpeg-compression": digital.jpeg_compression,
    "saturate": digital.saturate,
}

CORRUPTIONS: tuple[str, ...] = tuple(_FORMULAS)

GROUPS: dict[str, tuple[str, ...]] = {
    "noise": ("gaussian-noise", "shot-noise", "impulse-noise"),
    "blur": ("defocus-blur", "glass-blur", "motion-blur", "zoom-blur"),
    "weather": ("snow", "frost", "fog", "brightness"),
    "digital": ("contrast", "elastic-transform", "pixelate", "jpeg-compression"),
    "extra": ("speckle-noise", "gaussian-blur", "spatter", "saturate"),
}

IDENTITY_ON_GREYSCALE = frozenset({"saturate"})


def corrupt(
    images: NDArray[np.uint8], example_ids: NDArray[np.integer], *, corruption: str, severity: int
) -> NDArray[np.uint8]:
    """Images as one corruption of ImageNet-C leaves them.

    Parameters
    ----------
    images:
        uint8 (n, h, w, c), c 1 or 3, of a side that `profiles.py` has constants for.
    example_ids:
        Integers (n,). The result for an image depends on its pixels, its id, the corruption and the severity, and on
        nothing else: not on the other images, their order or their number.
    corruption:
        One of `CORRUPTIONS`.
    severity:
        1 (mild) to 5 (severe).

    Returns
    -------
    uint8 (n, h, w, c). Values are rounded to the nearest, where the published code truncates.

    Raises
    ------
    InputError
        Unknown corruption, severity or image side.
    ValueError
        Arrays of another type or shape.
    """
    if corruption not in _FORMULAS:
        raise InputError(f"corruption: {corruption!r} is unknown, expected one of {', '.join(CORRUPTIONS)}")
    if severity not in SEVERITIES:
        raise InputError(f"severity: {severity!r} of {corruption} is unknown, expected a whole number from 1 to 5")
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise ValueError(f"images: expected uint8 (n, h, w, 1 or 3), got {images.dtype} {images.shape}")
    if example_ids.shape != images.shape[:1]:
        raise ValueError(f"example_ids: expected shape {images.shape[:1]}, got {example_ids.shape}")
    constants = getattr(profile_for(*images.shape[1:3]), corruption.replace("-", "_"))[severity - 1]
    stream = CounterRandom(example_ids, ("corruption", corruption, severity))
    corrupted = _FORMULAS[corruption](images / 255, stream, constants)
    return np.rint(np.clip(corrupted, 0, 1) * 255).astype(np.uint8)
