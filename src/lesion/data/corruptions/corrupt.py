"""Corrupts a batch of 8-bit images by the name of a corruption and its severity."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lesion.data.corruptions import blur, digital, frost_photographs, noise, side_8_formulas, weather
from lesion.data.corruptions.constants import Profile
from lesion.data.corruptions.counter_random import CounterRandom
from lesion.data.corruptions.filters import to_levels
from lesion.data.corruptions.profiles import profile_for
from lesion.errors import InputError

SEVERITIES = (1, 2, 3, 4, 5)

_Formula = Callable[[Any, CounterRandom, Any], Any]

_FORMULAS: dict[str, _Formula] = {
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
    "procedural-frost": weather.procedural_frost,
    "fog": weather.fog,
    "spatter": weather.spatter,
    "brightness": weather.brightness,
    "contrast": digital.contrast,
    "elastic-transform": digital.elastic_transform,
    "pixelate": digital.pixelate,
    "jpeg-compression": digital.jpeg_compression,
    "saturate": digital.saturate,
}

_TINY_FORMULAS: dict[str, _Formula] = _FORMULAS | {
    "glass-blur": side_8_formulas.glass_blur,
    "motion-blur": side_8_formulas.motion_blur,
    "zoom-blur": side_8_formulas.zoom_blur,
    "snow": side_8_formulas.snow,
    "procedural-frost": side_8_formulas.procedural_frost,
    "spatter": side_8_formulas.spatter,
    "elastic-transform": side_8_formulas.elastic_transform,
    "pixelate": side_8_formulas.pixelate,
}

_PROCEDURAL = "procedural-"  # before a corruption's name: the same constants and random numbers, another formula

# Number of values to process at a time: small enough for the processor's cache, large enough to hide Python's overhead.
_TOGETHER = 1 << 17

CORRUPTIONS: tuple[str, ...] = tuple(_FORMULAS)

IDENTITY_ON_GREYSCALE = frozenset({"saturate"})


def check(corruption: str, height: int, width: int) -> Profile:
    """The constants of a corruption for images of `height` x `width` pixels.

    Raises
    ------
    InputError
        Unknown corruption; an image size without constants; `frost` without its photographs, or of 8 x 8 pixels.
    """
    if corruption not in _FORMULAS:
        raise InputError(f"corruption: {corruption!r} is unknown, expected one of {', '.join(CORRUPTIONS)}")
    profile = profile_for(height, width)
    if corruption == "frost":
        if profile.tiny:
            raise InputError("corruptions: photographs of frost have no pattern in 8x8 pixels; list procedural-frost")
        frost_photographs.folder()
    return profile


def corrupt(
    images: NDArray[np.uint8], example_ids: NDArray[np.integer], *, corruption: str, severity: int
) -> NDArray[np.uint8]:
    """Apply one corruption of ImageNet-C to a batch of images.

    Parameters
    ----------
    images:
        uint8 (n, h, h, c); c is 1 or 3, and `profiles.py` has constants for the side.
    example_ids:
        Integers (n,). The result for an image depends on its pixels, its id, the corruption and the severity, not on
        the other images, their order or their number.
    corruption:
        One of `CORRUPTIONS`.
    severity:
        1 (mild) to 5 (severe).

    Returns
    -------
    uint8 (n, h, h, c). Within formulas values are rounded or cut to 8 bits where the published code does so. The result
    is rounded to the nearest level; the published code cuts it, so its images are half a level darker on average.

    Raises
    ------
    InputError
        Unknown corruption or severity, or what `check` finds.
    ValueError
        Arrays of another type or shape.
    """
    profile = check(corruption, *images.shape[1:3])
    if severity not in SEVERITIES:
        raise InputError(f"severity: {severity!r} of {corruption} is unknown, expected a whole number from 1 to 5")
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise ValueError(f"images: expected uint8 (n, h, w, 1 or 3), got {images.dtype} {images.shape}")
    if example_ids.shape != images.shape[:1]:
        raise ValueError(f"example_ids: expected shape {images.shape[:1]}, got {example_ids.shape}")
    published = corruption.removeprefix(_PROCEDURAL)
    constants = getattr(profile, published.replace("-", "_"))[severity - 1]
    formula = (_TINY_FORMULAS if profile.tiny else _FORMULAS)[corruption]
    precision = np.float64 if profile.tiny else np.float32
    corrupted = np.empty_like(images)
    step = max(1, _TOGETHER // max(1, images[:1].size))
    for start in range(0, len(images), step):
        part = slice(start, start + step)
        stream = CounterRandom(example_ids[part], ("corruption", published, severity))
        values = formula(np.divide(images[part], 255, dtype=precision), stream, constants)
        corrupted[part] = to_levels(values)
    return corrupted
