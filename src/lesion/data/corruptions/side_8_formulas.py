"""Formulas for 8 x 8 images, for which the published ones would do nothing, or the same at every severity.

Each function has the arguments and the result of its namesake in `blur.py`, `weather.py` or `digital.py`, in float64.
Its docstring says what differs and why. The other corruptions are the same for every side.
"""

import numpy as np
from numpy.typing import NDArray

from lesion.data.corruptions import side_8_filters
from lesion.data.corruptions.colour import paint
from lesion.data.corruptions.constants import Elastic, Frost, Glass, Motion, Snow, Spatter
from lesion.data.corruptions.counter_random import CounterRandom, Floats
from lesion.data.corruptions.filters import Reals
from lesion.data.corruptions.ice import TINT
from lesion.data.corruptions.plasma import plasma
from lesion.data.corruptions.weather import RELIEF, WATER, muddy, whiten

_MEAN_OF_NINE = np.full((3, 3), 1 / 9)


def glass_blur(images: Floats, stream: CounterRandom, constants: Glass) -> Reals:
    """Blur, swap pixels with near neighbours, blur again.

    Differences: only a `share` of the pixels is swapped, since a pixel is an eighth of the side; pixels are truly
    swapped, while the published code overwrites one because its views alias; nothing is rounded in between.
    """
    shuffled = side_8_filters.gaussian(images, constants.sigma)
    _, height, width, _ = images.shape
    reach = constants.displacement
    shape = (constants.iterations, height, width)
    moves = stream.uniform("share", shape) < constants.share
    down, right = (
        np.where(moves, np.floor(stream.uniform(name, shape, -reach, reach)), 0).astype(np.intp)
        for name in ("down", "right")
    )
    every = np.arange(len(images))
    for iteration in range(constants.iterations):
        for row in range(height - reach, reach, -1):
            for column in range(width - reach, reach, -1):
                target = (every, row + down[:, iteration, row, column], column + right[:, iteration, row, column])
                here = shuffled[:, row, column].copy()
                shuffled[:, row, column] = shuffled[target]
                shuffled[target] = here
    return side_8_filters.gaussian(shuffled, constants.sigma)


def motion_blur(images: Floats, stream: CounterRandom, constants: Motion) -> Reals:
    """Streak within 45 degrees of horizontal; borders repeated. Taps lie between pixels, since a whole pixel is far."""
    angles = stream.uniform("angle", (), -45, 45)
    kernels = side_8_filters.motion_kernels(angles, radius=constants.radius, sigma=constants.sigma, step=constants.step)
    return side_8_filters.correlate(images, kernels, padding="edge")


def zoom_blur(images: Floats, _: CounterRandom, factors: tuple[float, ...]) -> Reals:
    """Mean of the image and its enlargements by each of `factors` about its exact centre.

    The published code first cuts out whole pixels; here all factors up to 1.06 would then do nothing.
    """
    total = images.copy()
    for factor in factors:
        total += side_8_filters.zoom(images, factor)
    return total / (len(factors) + 1)


def snow(images: Floats, stream: CounterRandom, constants: Snow) -> Reals:
    """Whiten the image, then add flakes and the same flakes rotated by 180°. Flakes move by parts of a pixel."""
    flakes = constants.loc + constants.scale * stream.normal("flakes", (*images.shape[1:3], 1))
    flakes = side_8_filters.zoom(flakes, constants.zoom)
    flakes = np.clip(np.where(flakes < constants.threshold, 0.0, flakes), 0, 1)
    fall = constants.fall
    angles = stream.uniform("angle", (), -135, -45)
    kernels = side_8_filters.motion_kernels(angles, radius=fall.radius, sigma=fall.sigma, step=fall.step)
    flakes = side_8_filters.correlate(flakes, kernels, padding="edge")
    return whiten(images, constants.blend) + flakes + flakes[:, ::-1, ::-1]


def procedural_frost(images: Floats, stream: CounterRandom, constants: Frost) -> Reals:
    """Weighted sum of the image and a small texture of its own, since a cut of a large sheet would be almost even.

    The texture is ridged plasma, 1 - |2 p - 1|, scaled to at least 0.25. It is bright along the level p = 1/2, like the
    edges of crystals, and has a faint blue tint in colour images.
    """
    ridges = 1 - np.abs(2 * plasma(stream, side=images.shape[1], decay=1.5) - 1)
    texture = (0.25 + 0.75 * ridges)[..., None]
    if images.shape[-1] == 3:
        texture = texture * paint(TINT, 3)
    return constants.image * images + constants.ice * texture


def spatter(images: Floats, stream: CounterRandom, constants: Spatter) -> Reals:
    """Drops of water (brighten) or of mud (cover) where smoothed noise exceeds a threshold.

    The published code shades water by Canny edges, distance transform and histogram equalisation, which do not work on
    drops of a pixel or two. Here the same relief and 3 x 3 mean are applied to the height of the water itself.
    """
    noise = stream.normal("liquid", (*images.shape[1:3], 1))
    liquid = side_8_filters.gaussian(constants.loc + constants.scale * noise, constants.sigma)
    if constants.mud:
        return muddy(images, liquid > constants.threshold, constants.intensity)
    liquid = np.where(liquid < constants.threshold, 0.0, liquid)
    shade = np.maximum(0, side_8_filters.correlate(liquid, RELIEF, padding="reflect"))
    water = liquid * side_8_filters.correlate(shade, _MEAN_OF_NINE, padding="reflect")
    strongest = water.max(axis=(1, 2, 3), keepdims=True)
    water = water / np.where(strongest > 0, strongest, 1.0) * constants.intensity
    return images + water * paint(WATER, images.shape[-1])


def elastic_transform(images: Floats, stream: CounterRandom, constants: Elastic) -> Reals:
    """Random affine map, then a smooth random displacement of each pixel; bilinear, borders mirrored.

    The published code resamples after each map, which blurs twice. Here the two maps are composed.
    """
    _, height, width, _ = images.shape
    centre, arm = height // 2, height // 3
    shift = stream.uniform("affine", (3, 2), -constants.affine, constants.affine)[..., None, None]
    # the three points lie at (arm, arm), (arm, -arm) and (-arm, -arm) from the centre, as (row, column)
    by_column = [(shift[:, 0, i] - shift[:, 1, i]) / (2 * arm) + (i == 1) for i in (0, 1)]
    by_row = [(shift[:, 1, i] - shift[:, 2, i]) / (2 * arm) + (i == 0) for i in (0, 1)]
    move = [(shift[:, 0, i] + shift[:, 2, i]) / 2 for i in (0, 1)]
    determinant = by_row[0] * by_column[1] - by_column[0] * by_row[1]

    grid = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    noise = stream.uniform("displacement", (height, width, 2), -1, 1)
    wave = constants.alpha * side_8_filters.gaussian(noise, constants.sigma)
    row, column = (grid[i] + wave[..., i] - centre - move[i] for i in (0, 1))
    source_row = (by_column[1] * row - by_column[0] * column) / determinant + centre
    source_column = (by_row[0] * column - by_row[1] * row) / determinant + centre
    return side_8_filters.sample_bilinear(images, source_row, source_column)


def pixelate(images: Floats, _: CounterRandom, share: float) -> Reals:
    """Shrink each side to `share` of its pixels and enlarge again by the box filter of Pillow's `resize`.

    The whole batch at once, without Pillow's rounding after each of the four passes.
    """
    for axis in (1, 2):
        side = images.shape[axis]
        size = int(side * share)
        images = side_8_filters.resample(images, *_box_taps(side, size), axis=axis)
        images = side_8_filters.resample(images, *_box_taps(size, side), axis=axis)
    return images


def _box_taps(old: int, new: int) -> tuple[NDArray[np.intp], Floats]:
    """Indices and weights, (taps, new), for the mean of the old pixels whose centres lie in a new pixel's box."""
    scale = old / new
    centres = (np.arange(new) + 0.5) * scale
    reach = max(scale, 1.0) / 2
    first = np.floor(centres - reach + 0.5).astype(np.intp)
    last = np.floor(centres + reach + 0.5).astype(np.intp)
    index = first + np.arange((last - first).max())[:, None]
    inside = index < last
    return np.minimum(index, old - 1), inside / inside.sum(axis=0)
