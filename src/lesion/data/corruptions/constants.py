"""The types of the constants: those of one severity of a corruption, and the table of all for one image side."""

from dataclasses import dataclass
from typing import NamedTuple


class Defocus(NamedTuple):
    """A disk of `radius` pixels, smoothed by `alias_blur` pixels."""

    radius: float
    alias_blur: float


class Glass(NamedTuple):
    """Blur by `sigma` pixels, move pixels by up to `displacement` pixels `iterations` times, blur again.

    `share` is the share of pixels that move, 1 except at 8 x 8.
    """

    sigma: float
    displacement: int
    iterations: int
    share: float = 1.0


class Motion(NamedTuple):
    """A streak of 2 * radius + 1 taps, `step` pixels apart (1 except at 8 x 8), that fades with `sigma` taps."""

    radius: float
    sigma: float
    step: float = 1.0


class Snow(NamedTuple):
    """Flakes are noise of mean `loc` and deviation `scale`, enlarged by `zoom`, above `threshold`, moved by `fall`.

    `blend` is the weight of the original image in the whitened one.
    """

    loc: float
    scale: float
    zoom: float
    threshold: float
    fall: Motion
    blend: float


class Frost(NamedTuple):
    """Weights of the image and the ice, and the factor that resizes a sheet of ice before it is cut."""

    image: float
    ice: float
    scale: float = 1.0


class Fog(NamedTuple):
    """Weight of the cloud and its smoothness."""

    amount: float
    decay: float


class Spatter(NamedTuple):
    """Liquid is noise of mean `loc` and deviation `scale`, blurred by `sigma` pixels, above `threshold`.

    `intensity` is the strength of water, or the blur of mud in pixels.
    """

    loc: float
    scale: float
    sigma: float
    threshold: float
    intensity: float
    mud: bool


class Elastic(NamedTuple):
    """An affine map of up to `affine` pixels, then a displacement by `alpha` times noise blurred by `sigma` pixels."""

    alpha: float
    sigma: float
    affine: float


class Saturate(NamedTuple):
    """Saturation · `factor` + `shift`."""

    factor: float
    shift: float


@dataclass(frozen=True)
class Profile:
    """Constants of severities 1 to 5 of every corruption, for square images of one side. Lengths are in pixels.

    `zoom_blur` lists factors of enlargement, `pixelate` shares of the side, `jpeg_compression` qualities out of 100.
    `tiny` selects the formulas in `side_8_formulas.py`, since the published ones fail for such small images.
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
    pixelate: tuple[float, ...]
    jpeg_compression: tuple[int, ...]
    saturate: tuple[Saturate, ...]
    tiny: bool = False
