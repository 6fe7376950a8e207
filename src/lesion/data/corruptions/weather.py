"""Weather: snow, frost, fog, spatter, brightness.

Each takes images (n, h, w, c) in [0, 1], the random numbers and the constants of one severity, and returns the same
shape, not yet clipped. Formulas: Hendrycks & Dietterich 2019 (arXiv 1903.12261), `make_cifar_c.py`, except where a
docstring says otherwise. With one channel a colour stands for its luminance.
"""

import numpy as np

from lesion.data.corruptions import filters
from lesion.data.corruptions.colour import luminance, paint
from lesion.data.corruptions.constants import Fog, Frost, Snow, Spatter
from lesion.data.corruptions.counter_random import CounterRandom, Floats
from lesion.data.corruptions.plasma import plasma

_ICE = (214, 234, 255)
_WATER = (175, 238, 238)  # pale turquoise
_MUD = (63, 42, 20)
_MUD_SEEN = 0.8
_RELIEF = np.array([[-2.0, -1.0, 0.0], [-1.0, 1.0, 1.0], [0.0, 1.0, 2.0]])
_MEAN_OF_NINE = np.full((3, 3), 1 / 9)


def snow(images: Floats, stream: CounterRandom, constants: Snow) -> Floats:
    """Whiten the image, then add flakes falling within 45 degrees of the vertical, and the same flakes turned round."""
    flakes = constants.loc + constants.scale * stream.normal("flakes", (*images.shape[1:3], 1))
    flakes = filters.zoom(flakes, constants.zoom)
    flakes = np.clip(np.where(flakes < constants.threshold, 0.0, flakes), 0, 1)
    fall = constants.fall
    angles = stream.uniform("angle", (), -135, -45)
    kernels = filters.motion_kernels(angles, radius=fall.radius, sigma=fall.sigma, step=fall.step)
    flakes = filters.correlate(flakes, kernels, padding="edge")
    whitened = np.maximum(images, luminance(images) * 1.5 + 0.5)
    return constants.blend * images + (1 - constants.blend) * whitened + flakes + flakes[:, ::-1, ::-1]


def frost(images: Floats, stream: CounterRandom, constants: Frost) -> Floats:
    """Weighted sum of the image and a sheet of ice.

    ImageNet-C cuts the ice out of six photographs, which are not shipped. Here each image has its own procedural
    texture: ridged plasma, 1 - |2 p - 1|, bright along the level p = 1/2 as crystals are along their edges, and
    never darker than 0.25; tinted faintly blue in colour images. Weights are those published, the texture is not.
    """
    ridges = 1 - np.abs(2 * plasma(stream, side=images.shape[1], decay=1.5) - 1)
    ice = (0.25 + 0.75 * ridges)[..., None]
    if images.shape[-1] == 3:
        ice = ice * paint(_ICE, 3)
    return constants.image * images + constants.ice * ice


def fog(images: Floats, stream: CounterRandom, constants: Fog) -> Floats:
    """Add a cloud, then scale back by (max) / (max + amount), so that contrast is lost."""
    brightest: Floats = images.max(axis=(1, 2, 3), keepdims=True)
    cloud = plasma(stream, side=images.shape[1], decay=constants.decay)[..., None]
    return (images + constants.amount * cloud) * brightest / (brightest + constants.amount)


def spatter(images: Floats, stream: CounterRandom, constants: Spatter) -> Floats:
    """Drops of water (brighten) or of mud (cover) where smoothed noise exceeds a threshold.

    Mud is as published. For water the published code shades the drops by OpenCV's Canny edges, distance transform
    and histogram equalisation, which mean nothing on drops of a pixel or two; here the same 3 x 3 relief kernel and
    3 x 3 mean shade the height of the water itself. The strongest point of each image has `intensity`, as published.
    """
    noise = stream.normal("liquid", (*images.shape[1:3], 1))
    liquid = filters.gaussian(constants.loc + constants.scale * noise, constants.sigma)
    channels = images.shape[-1]
    if constants.mud:
        cover = filters.gaussian((liquid > constants.threshold).astype(np.float64), constants.intensity)
        cover = np.where(cover < _MUD_SEEN, 0.0, cover)
        return images * (1 - cover) + cover * paint(_MUD, channels)
    liquid = np.where(liquid < constants.threshold, 0.0, liquid)
    shade = np.maximum(0, filters.correlate(liquid, _RELIEF, padding="reflect"))
    water = liquid * filters.correlate(shade, _MEAN_OF_NINE, padding="reflect")
    strongest = water.max(axis=(1, 2, 3), keepdims=True)
    water = water / np.where(strongest > 0, strongest, 1.0) * constants.intensity
    return images + water * paint(_WATER, channels)


def brightness(images: Floats, _: CounterRandom, shift: float) -> Floats:
    """Raise the value of HSV by `shift`, up to 1.

    With hue and saturation fixed that scales a pixel's channels alike; a black pixel becomes grey. With one channel
    the value is the pixel itself.
    """
    value: Floats = images.max(axis=-1, keepdims=True)
    raised = np.minimum(value + shift, 1)
    black = value == 0
    return np.where(black, raised, images * raised / np.where(black, 1.0, value))
