"""What the constants of a severity are called, and what a table of them for one image side holds."""

from dataclasses import dataclass
from typing import NamedTuple


class Defocus(NamedTuple):
    """Disk of `radius` pixels, smoothed by `alias_blur` pixels."""

    radius: float
    alias_blur: float


class Glass(NamedTuple):
    """Blur of `sigma` pixels around moves of up to `displacement` pixels, `iterations` times.

    `share` is that of the pixels that move; all do but at 8 x 8.
    """

    sigma: float
    displacement: int
    iterations: int
    share: float = 1.0


class Motion(NamedTuple):
    """Streak of 2 * radius + 1 taps, fading with `sigma` taps, `step` pixels apart (1 but at 8 x 8)."""

    radius: float
    sigma: float
    step: float = 1.0


class Snow(NamedTuple):
    """Flakes: noise of mean `loc` and deviation `scale`, enlarged by `zoom`, above `threshold`; `blend` keeps image."""

    loc: float
    scale: float
    zoom: float
    threshold: float
    fall: Motion
    blend: float


class Frost(NamedTuple):
    """Weights of the image and of the ice, and the factor by which a sheet of ice is resized before it is cut."""

    image: float
    ice: float
    scale: float = 1.0


class Fog(NamedTuple):
    """Weight of the cloud and its smoothness."""

    amount: float
    decay: float


class Spatter(NamedTuple):
    """Liquid: noise of mean `loc` and deviation `scale`, blurred by `sigma` pixels, above `threshold`.

    `intensity` is the strength of water, or the blur in pixels of a cover of mud.
    """

    loc: float
    scale: float
    sigma: float
    threshold: float
    intensity: float
    mud: bool


class Elastic(NamedTuple):
    """Displacement by `alpha` pixels times noise blurred by `sigma` pixels, after an affine map of `affine` pixels."""

    alpha: float
    sigma: float
    affine: float


class Saturate(NamedTuple):
    """Saturation times `factor` plus `shift`."""

    factor: float
    shift: float


@dataclass(frozen=True)
class Profile:
    """Constants of severities 1 to 5 of every corruption, for square images of one side. Lengths in pixels.

    `zoom_blur` lists the factors of enlargement, `pixelate` the side of the small image, `jpeg_compression` the
    quality of 100. `tiny` says that the published formulas mean little at this side, so that those of
    `side_8_formulas.py` take their place where they differ.
    """

    gaussian_noise: tuple[float, ...]
    shot_noise: tuple[float, ...]
    impulse_noise: tuple[float, ...]
    speckle_noise: tuple[float, ...]
    defocus_blur: tuple[Defocus, ...]
    glass_blur: tuple[Glass, ...]
    motion_blur: tuple[Motion, ...]
    zoom_blur: tuple[tuple[float, ...], ...]
    gaussian_blur: tuple[float, ...]
    snow: tuple[Snow, ...]
    frost: tuple[Frost, ...]
    fog: tuple[Fog, ...]
    spatter: tuple[Spatter, ...]
    brightness: tuple[float, ...]
    contrast: tuple[float, ...]
    elastic_transform: tuple[Elastic, ...]
    pixelate: tuple[int, ...]
    jpeg_compression: tuple[int, ...]
    saturate: tuple[Saturate, ...]
    tiny: bool = False
