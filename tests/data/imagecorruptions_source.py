"""The formulas of the package imagecorruptions, run from its own source with the random numbers of `corrupt`.

The package needs scikit-image and an older numpy, which are not installed. Its file is executed with equals of the few
functions that it takes from them, and with a generator that hands out the numbers by the order in which it asks.
"""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
from matplotlib.colors import hsv_to_rgb, rgb_to_hsv
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from tests.data.published_corruptions import Draws, Floats, skimage_gaussian

# As in ImageNet-C. Its zoom, snow, frost and elastic transform are others: not centred, not cut to 8 bits before the
# fall, enlarged photographs, without the affine map.
SAME = (
    "gaussian-noise", "shot-noise", "impulse-noise", "speckle-noise", "defocus-blur", "glass-blur", "motion-blur",
    "gaussian-blur", "fog", "spatter", "brightness", "contrast", "pixelate", "jpeg-compression", "saturate",
)  # fmt: skip


class Generator:
    """Stands for `numpy.random` in one call of a formula for an image of `side` pixels."""

    def __init__(self, draws: Draws, side: int, glass: tuple[int, int]) -> None:
        self.draws, self.side = draws, side
        self.reach, self.iterations = glass
        self.plasma = self._plasma()
        self.moves = self._moves()

    def normal(self, size: tuple[int, ...], scale: float, loc: float | None = None) -> Floats:
        noise = self.draws.normal("noise" if loc is None else "liquid", size)
        return (loc or 0) + scale * noise

    def poisson(self, rates: Floats) -> Floats:
        return self.draws.poisson("photons", rates)

    def uniform(self, low: float, high: float, size: tuple[int, ...] | None = None) -> Floats:
        return self.draws.uniform("angle", (), low, high) if size is None else high * next(self.plasma)

    def randint(self, _low: int, _high: int, size: tuple[int, ...]) -> tuple[int, int]:
        assert size == (2,)
        return next(self.moves)

    def _plasma(self) -> Iterator[Floats]:
        step = 1 << (self.side - 1).bit_length()
        cells = 1
        while step >= 2:
            yield from self.draws.uniform(f"plasma-{step}", (3, cells, cells), -1, 1)
            step, cells = step // 2, cells * 2

    def _moves(self) -> Iterator[tuple[int, int]]:
        """(right, down) of the pixels that glass visits: from the bottom right, row by row."""
        reach, shape = self.reach, (self.iterations, self.side, self.side)
        place = self.draws.uniform("neighbour", shape, 0, (2 * reach) ** 2).astype(int)
        visited = slice(self.side - reach, reach, -1)
        for chosen in place[:, visited, visited].ravel().tolist():
            yield chosen % (2 * reach) - reach, chosen // (2 * reach) - reach


def random_noise(image: Floats, mode: str, amount: float, draws: Draws) -> Floats:
    """scikit-image's salt and pepper: a value is replaced with probability `amount`, by 1 or 0 in equal parts."""
    assert mode == "s&p"
    draw = draws.uniform("impulse", image.shape)
    return np.where(draw < amount / 2, 0, np.where(draw < amount, 1, image))


def _skimage(draws: Draws) -> dict[str, Any]:
    """What stands in `sys.modules` for the libraries that are missing."""
    filters, color = ModuleType("skimage.filters"), SimpleNamespace(rgb2hsv=rgb_to_hsv, hsv2rgb=hsv_to_rgb)
    filters.__dict__["gaussian"] = lambda image, sigma, **_: skimage_gaussian(image, sigma)
    skimage, resources = ModuleType("skimage"), ModuleType("pkg_resources")
    noise = SimpleNamespace(random_noise=lambda image, mode, amount: random_noise(image, mode, amount, draws))
    skimage.__dict__.update(filters=filters, color=color, util=noise)
    resources.__dict__["resource_filename"] = str
    return {
        "skimage": skimage, "skimage.filters": filters, "pkg_resources": resources,
        "scipy.ndimage.interpolation": ndimage,
    }  # fmt: skip


def corrupted(
    corruption: str, image: NDArray[np.uint8], severity: int, draws: Draws, *, glass: tuple[int, int]
) -> Floats:
    """Image (h, h, 3) as the package corrupts it, in [0, 255]. `glass`: reach and iterations of glass blur."""
    package = importlib.util.find_spec("imagecorruptions")
    assert package is not None
    assert package.submodule_search_locations
    path = Path(package.submodule_search_locations[0]) / "corruptions.py"
    names: dict[str, Any] = {"__name__": "imagecorruptions.corruptions"}
    with mock.patch.dict(sys.modules, _skimage(draws)):
        exec(compile(path.read_text(encoding="utf-8"), path, "exec"), names)
    numpy = SimpleNamespace(**{name: getattr(np, name) for name in dir(np) if not name.startswith("_")})
    numpy.random, numpy.float_ = Generator(draws, len(image), glass), np.float64
    names["np"] = numpy
    formula = names[corruption.replace("-", "_")]
    return np.asarray(formula(Image.fromarray(image), severity), dtype=np.float64)
