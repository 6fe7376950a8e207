"""The photographs of frost that ImageNet-C mixes into images, as the package imagecorruptions ships them."""

import functools
import importlib.util
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lesion.data.corruptions.colour import luminance
from lesion.data.decode import open_image
from lesion.errors import InputError

PACKAGE = "imagecorruptions"
FILES = ("frost1.png", "frost2.png", "frost3.png", "frost4.jpg", "frost5.jpg")  # the published code never takes a sixth
MISSING = (
    f"corruptions: frost takes the photographs of the package {PACKAGE}, which is not installed: run `pip install"
    f" --no-deps {PACKAGE}` (its dependencies would install a second OpenCV), or list procedural-frost instead"
)
_MARGIN = 1.1


def folder() -> Path:
    """The folder of the photographs. The package is not imported, since it needs libraries that Lesion does without.

    Raises
    ------
    InputError
        If the package is not installed.
    """
    package = importlib.util.find_spec(PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise InputError(MISSING)
    return Path(package.submodule_search_locations[0]) / "frost"


@functools.cache
def _photographs() -> tuple[NDArray[np.uint8], ...]:
    return tuple(np.asarray(open_image(folder() / name)) for name in FILES)


@functools.lru_cache(maxsize=8)
def scaled(scale: float, side: int, channels: int) -> tuple[NDArray[np.uint8], ...]:
    """Five photographs, uint8 (h, w, channels), from which squares of `side` pixels can be cut.

    They are resized by `scale`, bilinear, as published. One that is then no larger than the image is resized instead so
    that its shorter side is 1.1 times the image's, bicubic, as imagecorruptions does.
    """
    return tuple(_fitted(photograph, scale, side, channels) for photograph in _photographs())


def _fitted(photograph: NDArray[np.uint8], scale: float, side: int, channels: int) -> NDArray[np.uint8]:
    shorter = min(photograph.shape[:2])
    if round(shorter * scale) > side:
        resized = photograph if scale == 1 else cv2.resize(photograph, (0, 0), fx=scale, fy=scale)
    else:
        across = [int(np.ceil(length * _MARGIN * side / shorter)) for length in photograph.shape[1::-1]]
        resized = cv2.resize(photograph, across, interpolation=cv2.INTER_CUBIC)
    if channels == 3:
        return np.asarray(resized, dtype=np.uint8)
    return np.rint(luminance(resized.astype(np.float64))).astype(np.uint8)
