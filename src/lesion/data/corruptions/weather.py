"""Weather: snow, frost, fog, spatter, brightness.

Each function takes images (n, h, w, c) in [0, 1], the random numbers and the constants of one severity, and returns the
same shape, not yet clipped. Formulas: Hendrycks & Dietterich 2019 (arXiv 1903.12261), `make_imagenet_c.py` and
`make_cifar_c.py`, unless a docstring says otherwise; for 8 x 8 pixels see `side_8_formulas.py`. In images with one
channel a colour is replaced by its luminance.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from lesion.data.corruptions import filters, frost_photographs, ice
from lesion.data.corruptions.colour import brightest, by_channel, luminance, paint
from lesion.data.corruptions.constants import Fog, Frost, Snow, Spatter
from lesion.data.corruptions.counter_random import CounterRandom, Floats
from lesion.data.corruptions.filters import Reals
from lesion.data.corruptions.plasma import plasma

WATER = (175, 238, 238)  # pale turquoise
_MUD = (63, 42, 20)
_MUD_SEEN = 0.8
RELIEF = np.array([[-2.0, -1.0, 0.0], [-1.0, 1.0, 1.0], [0.0, 1.0, 2.0]])
_SHORE = 20  # distance from the edge of a drop, in pixels, from which the water is highest


def snow(images: Reals, stream: CounterRandom, constants: Snow) -> Reals:
    """Whiten the image, then add flakes that fall within 45 degrees of vertical, and the same flakes rotated by 180°.

    Flakes are cut to 8 bits before their fall, and rounded to 8 bits after it.
    """
    noise = constants.loc + constants.scale * stream.normal("flakes", (*images.shape[1:3], 1))
    flakes = filters.zoom(noise.astype(images.dtype), constants.zoom)
    flakes[flakes < constants.threshold] = 0
    flakes = np.divide(filters.cut_to_levels(flakes), 255, dtype=images.dtype)
    flakes = filters.motion(flakes, stream.uniform("angle", (), -135, -45), constants.fall)
    flakes = np.divide(filters.to_levels(flakes), 255, dtype=images.dtype)
    fallen = (flakes + flakes[:, ::-1, ::-1])[..., 0]
    return by_channel(whiten(images, constants.blend), lambda plane, _: plane + fallen)


def whiten(images: Reals, blend: float) -> Reals:
    """Mix images x with brighter ones: blend · x + (1 − blend) · max(x, 1.5 · luminance + 0.5)."""
    pale = luminance(images) * 1.5 + 0.5
    return by_channel(images, lambda plane, _: blend * plane + (1 - blend) * np.maximum(plane, pale[..., 0]))


def frost(images: Reals, stream: CounterRandom, constants: Frost) -> Reals:
    """Weighted sum of the image and a random cut of one of the five published photographs of frost."""
    photographs = frost_photographs.scaled(constants.scale, images.shape[1], images.shape[-1])
    which = np.floor(stream.uniform("sheet", (), 0, len(photographs))).astype(int)
    frozen = constants.image * images
    for image, number, place in zip(frozen, which, stream.uniform("corner", (2,)), strict=True):
        photograph, side = photographs[number], len(image)
        top, left = (place * (np.array(photograph.shape[:2]) - side)).astype(int)
        image += constants.ice * (photograph[top : top + side, left : left + side] / np.float32(255))
    return frozen


def procedural_frost(images: Reals, stream: CounterRandom, constants: Frost) -> Reals:
    """`frost` with five sheets of ice that are drawn (`ice.py`) in the place of the photographs.

    Weights, scales and random numbers are those of `frost`. It is another corruption, and does more harm.
    """
    sheets = ice.sheets(constants.scale, images.shape[1], images.shape[-1])
    side, room = images.shape[1], sheets.shape[1] - images.shape[1]
    which = np.floor(stream.uniform("sheet", (), 0, ice.SHEETS)).astype(int)
    corners = np.floor(stream.uniform("corner", (2,), 0, room)).astype(int)
    frozen = constants.image * images
    for image, sheet, (top, left) in zip(frozen, which, corners, strict=True):
        image += constants.ice * sheets[sheet, top : top + side, left : left + side]
    return frozen


def fog(images: Reals, stream: CounterRandom, constants: Fog) -> Reals:
    """Add a cloud, then scale by max / (max + amount), which reduces the contrast."""
    peak = images.max(axis=(1, 2, 3), keepdims=True)
    cloud = constants.amount * plasma(stream, side=images.shape[1], decay=constants.decay).astype(images.dtype)
    foggy = by_channel(images, lambda plane, _: plane + cloud)
    foggy *= peak
    foggy /= peak + constants.amount
    return foggy


def spatter(images: Reals, stream: CounterRandom, constants: Spatter) -> Reals:
    """Drops of water (brighten) or of mud (cover) where smoothed noise exceeds a threshold.

    The strongest point of water in each image has `intensity`. An image without drops is unchanged; the published code
    divides by zero there.
    """
    noise = stream.normal("liquid", (*images.shape[1:3], 1))
    liquid = filters.gaussian(constants.loc + constants.scale * noise, constants.sigma)
    if constants.mud:
        return muddy(images, liquid > constants.threshold, constants.intensity)
    liquid[liquid < constants.threshold] = 0
    levels = filters.cut_to_levels(liquid)
    water = np.stack([drops[..., 0] * _shade(drops[..., 0]) for drops in levels])
    strongest = water.max(axis=(1, 2), keepdims=True)
    water *= constants.intensity / np.where(strongest > 0, strongest, 1)
    water, colour = water.astype(images.dtype), paint(WATER, images.shape[-1]).tolist()
    return by_channel(images, lambda plane, channel: plane + water * colour[channel])


def muddy(images: Reals, drops: NDArray[np.bool_], sigma: float) -> Reals:
    """Cover images with mud where `drops` (n, h, w, 1), blurred by `sigma` pixels, are dense."""
    cover = filters.gaussian(drops.astype(np.float64), sigma).astype(images.dtype)[..., 0]
    cover[cover < _MUD_SEEN] = 0
    colour = paint(_MUD, images.shape[-1]).tolist()
    return by_channel(images, lambda plane, channel: plane * (1 - cover) + cover * colour[channel])


def _shade(drops: NDArray[np.uint8]) -> Floats:
    """Light on the water, (h, w). The height of the water grows with the distance from the edges of the drops."""
    dry = 255 - cv2.Canny(drops, 50, 150)
    height = np.minimum(cv2.distanceTransform(dry, cv2.DIST_L2, 5), _SHORE)
    levels = cv2.blur(height, (3, 3)).astype(np.uint8)  # cut, not rounded: equalizeHist makes much of a level
    relief = cv2.filter2D(cv2.equalizeHist(levels), cv2.CV_8U, RELIEF)
    return cv2.blur(relief, (3, 3)).astype(np.float64)


def brightness(images: Reals, _: CounterRandom, shift: float) -> Reals:
    """Raise the HSV value by `shift`, up to 1.

    With fixed hue and saturation all channels of a pixel scale by the same factor; a black pixel becomes grey. With one
    channel the value is the pixel itself.
    """
    value = brightest(images)
    raised = np.minimum(value + shift, 1)
    black = value == 0
    divisor = np.where(black, images.dtype.type(1), value)
    return by_channel(images, lambda plane, _: np.where(black, raised, plane * raised / divisor))
