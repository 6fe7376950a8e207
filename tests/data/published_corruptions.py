"""The published corruptions of one colour image, as the paper's code computes them, for tests and timings.

Definitions: Hendrycks & Dietterich 2019 (arXiv 1903.12261), `make_imagenet_c.py` and `make_cifar_c.py`, in double
precision with the libraries they name or equals of them (matplotlib's HSV for skimage's, scipy's Gaussian filter for
skimage's, which calls it, and a loop over taps for ImageMagick's motion blur). Conversions to 8 bits within a formula
cut or round as there. Of lesion the procedural sheets of ice alone are used, which have no published equal.
"""

import importlib.util
import io
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from matplotlib.colors import hsv_to_rgb, rgb_to_hsv
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from lesion.data.corruptions import ice
from tests.data.published_constants import CONSTANTS

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]

FROST_SCALES = {32: 0.2, 64: 0.3, 224: None, 299: None}  # None: the photographs as they are


class Draws(Protocol):
    """Random numbers for one image by the name of their use."""

    def uniform(self, draw: str, shape: tuple[int, ...], low: float = 0, high: float = 1) -> Floats: ...
    def normal(self, draw: str, shape: tuple[int, ...]) -> Floats: ...
    def poisson(self, draw: str, rates: Floats) -> Floats: ...


def published(corruption: str, image: Pixels, severity: int, draws: Draws) -> Floats:
    """Image (h, h, 3) of a side in `CONSTANTS` as the published code corrupts it with these numbers, in [0, 255]."""
    formula = globals()[corruption.replace("-", "_")]
    constants = CONSTANTS[len(image)][corruption.removeprefix("procedural-")][severity - 1]
    values = formula(image / 255, constants, draws)
    return np.asarray(np.clip(values, 0, 1) * 255)


def eight_bit(values: Floats) -> Pixels:
    return np.floor(np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)


def cut(values: Floats) -> Pixels:
    """numpy's conversion, towards zero, which the published code uses everywhere but in ImageMagick and OpenCV."""
    return np.asarray((np.clip(values, 0, 1) * 255).astype(np.uint8))


def skimage_gaussian(values: Floats, sigma: float, mode: str = "nearest", truncate: float = 4) -> Floats:
    sigmas = [sigma, sigma, 0][: values.ndim]
    return np.asarray(ndimage.gaussian_filter(values, sigmas, mode=mode, truncate=truncate), dtype=np.float64)


def clipped_zoom(values: Floats, factor: float) -> Floats:
    side = len(values)
    cut = int(np.ceil(side / factor))
    top = (side - cut) // 2
    factors = (factor, factor, 1)[: values.ndim]
    large = ndimage.zoom(values[top : top + cut, top : top + cut], factors, order=1)
    trim = (len(large) - side) // 2
    return np.asarray(large[trim : trim + side, trim : trim + side])


def magick_motion_blur(values: Floats, radius: float, sigma: float, angle: float) -> Floats:
    """MotionBlurImage of ImageMagick's effect.c, whose file is read back as 8 bits."""
    width = 2 * int(np.ceil(radius)) + 1
    kernel = [np.exp(-(i**2) / (2 * sigma**2)) for i in range(width)]
    rows, columns = np.arange(values.shape[0])[:, None], np.arange(values.shape[1])
    total = np.zeros_like(values)
    for i in range(width):
        down = int(np.ceil(i * np.sin(np.radians(angle)) - 0.5))
        right = int(np.ceil(i * np.cos(np.radians(angle)) - 0.5))
        total += kernel[i] * values[np.clip(rows + down, 0, rows[-1]), np.clip(columns + right, 0, columns[-1])]
    return eight_bit(total / sum(kernel)) / 255


def plasma_fractal(size: int, decay: float, draws: Draws) -> Floats:
    heights = np.zeros((size, size))
    step, wibble = size, 100.0
    while step >= 2:
        half = step // 2
        noise = wibble * (wibble * draws.uniform(f"plasma-{step}", (3, size // step, size // step), -1, 1))
        for draw, (top, left) in enumerate(((half, half), (0, half), (half, 0))):
            rows, columns = np.ix_(np.arange(top, size, step), np.arange(left, size, step))
            corners = [(-half, -half), (-half, half), (half, -half), (half, half)]
            sides = [(-half, 0), (half, 0), (0, -half), (0, half)]
            around = corners if top == left else sides
            near = sum(heights[(rows + down) % size, (columns + right) % size] for down, right in around)
            heights[rows, columns] = near / 4 + noise[draw]
        step, wibble = half, wibble / decay
    heights -= heights.min()
    return np.asarray(heights / heights.max())


def gaussian_noise(x: Floats, c: float, draws: Draws) -> Floats:
    return x + c * draws.normal("noise", x.shape)


def shot_noise(x: Floats, c: float, draws: Draws) -> Floats:
    return draws.poisson("photons", x * c) / c


def impulse_noise(x: Floats, c: float, draws: Draws) -> Floats:
    draw = draws.uniform("impulse", x.shape)
    noisy = x.copy()
    noisy[draw < c] = 1
    noisy[draw < c / 2] = 0
    return noisy


def speckle_noise(x: Floats, c: float, draws: Draws) -> Floats:
    return x + x * (c * draws.normal("noise", x.shape))


def gaussian_blur(x: Floats, c: float, draws: Draws) -> Floats:
    return skimage_gaussian(x, c)


def glass_blur(x: Floats, c: tuple[float, int, int], draws: Draws) -> Floats:
    sigma, reach, iterations = c
    side = len(x)
    levels = cut(skimage_gaussian(x, sigma))
    place = draws.uniform("neighbour", (iterations, side, side), 0, (2 * reach) ** 2).astype(int)
    down, right = (place // (2 * reach) - reach).tolist(), (place % (2 * reach) - reach).tolist()
    for i in range(iterations):
        for h in range(side - reach, reach, -1):
            for w in range(side - reach, reach, -1):
                h2, w2 = h + down[i][h][w], w + right[i][h][w]
                # The pixels are views of one array, so this, as published, is no swap: the second keeps its value.
                levels[h, w], levels[h2, w2] = levels[h2, w2], levels[h, w]
    return skimage_gaussian(levels / 255, sigma)


def defocus_blur(x: Floats, c: tuple[float, float], draws: Draws) -> Floats:
    radius, alias = c
    line = np.arange(-8, 9) if radius <= 8 else np.arange(-radius, radius + 1)
    disk = (line**2 + line[:, None] ** 2 <= radius**2).astype(np.float32)
    taps = (3, 3) if radius <= 8 else (5, 5)
    kernel = cv2.GaussianBlur(disk / disk.sum(), ksize=taps, sigmaX=alias)
    return np.stack([cv2.filter2D(x[..., d], -1, kernel) for d in range(3)], axis=-1)


def motion_blur(x: Floats, c: tuple[float, float], draws: Draws) -> Floats:
    return magick_motion_blur(x, *c, float(draws.uniform("angle", (), -45, 45)))


def zoom_blur(x: Floats, c: Floats, draws: Draws) -> Floats:
    return np.asarray((x + sum(clipped_zoom(x, factor) for factor in c)) / (len(c) + 1))


def snow(x: Floats, c: tuple[float, ...], draws: Draws) -> Floats:
    flakes = clipped_zoom(c[0] + c[1] * draws.normal("flakes", (*x.shape[:2], 1)), c[2])[..., 0]
    flakes[flakes < c[3]] = 0
    flakes = magick_motion_blur(cut(flakes) / 255, c[4], c[5], float(draws.uniform("angle", (), -135, -45)))
    grey = cv2.cvtColor(x.astype(np.float32), cv2.COLOR_RGB2GRAY)[..., None]
    x = c[6] * x + (1 - c[6]) * np.maximum(x, grey * 1.5 + 0.5)
    return x + (flakes + np.rot90(flakes, k=2))[..., None]


def frost(x: Floats, c: tuple[float, float], draws: Draws) -> Floats:
    package = importlib.util.find_spec("imagecorruptions")
    assert package is not None
    assert package.submodule_search_locations
    names = ("frost1.png", "frost2.png", "frost3.png", "frost4.jpg", "frost5.jpg", "frost6.jpg")
    name = names[int(draws.uniform("sheet", (), 0, 5))]
    sheet: Any = cv2.imread(str(Path(package.submodule_search_locations[0]) / "frost" / name))
    if scale := FROST_SCALES[len(x)]:
        sheet = cv2.resize(sheet, (0, 0), fx=scale, fy=scale)
    rows, columns = sheet.shape[0] - len(x), sheet.shape[1] - len(x)
    down, right = draws.uniform("corner", (2,))
    top, left = int(rows * down), int(columns * right)
    return np.asarray(c[0] * x + c[1] * sheet[top : top + len(x), left : left + len(x), ::-1] / 255)


def procedural_frost(x: Floats, c: tuple[float, float], draws: Draws) -> Floats:
    sheets = ice.sheets(FROST_SCALES[len(x)] or 1.0, len(x), 3)
    sheet = sheets[int(draws.uniform("sheet", (), 0, 5))]
    top, left = draws.uniform("corner", (2,), 0, len(sheet) - len(x)).astype(int)
    return np.asarray(c[0] * x + c[1] * sheet[top : top + len(x), left : left + len(x)])


def fog(x: Floats, c: tuple[float, float], draws: Draws) -> Floats:
    size = {32: 32, 64: 64, 224: 256, 299: 512}[len(x)]
    cloud = plasma_fractal(size, c[1], draws)[: len(x), : len(x), None]
    return np.asarray((x + c[0] * cloud) * x.max() / (x.max() + c[0]))


def spatter(x: Floats, c: tuple[float, ...], draws: Draws) -> Floats:
    liquid = skimage_gaussian(c[0] + c[1] * draws.normal("liquid", x.shape[:2]), c[2])
    liquid[liquid < c[3]] = 0
    if c[5]:
        mud = skimage_gaussian((liquid > c[3]).astype(float), c[4])[..., None]
        mud[mud < 0.8] = 0
        return np.asarray(x * (1 - mud) + mud * np.array([63, 42, 20]) / 255)
    drops = cut(liquid)
    distance = cv2.distanceTransform(255 - cv2.Canny(drops, 50, 150), cv2.DIST_L2, 5)
    _, distance = cv2.threshold(distance, 20, 20, cv2.THRESH_TRUNC)
    levels = cv2.blur(distance, (3, 3)).astype(np.uint8)  # a mean of equal distances ends just above or below a level
    below = np.cumsum(np.bincount(levels.ravel(), minlength=256))  # equalizeHist
    least = below[levels.min()]
    equal = np.rint((below - least) / max(1, levels.size - least) * 255)[levels]
    relief = np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]])
    shade = np.clip(ndimage.correlate(equal, relief, mode="mirror"), 0, 255)
    shade = np.rint(ndimage.uniform_filter(shade, 3, mode="mirror"))
    water = drops * shade
    water *= c[4] / max(water.max(), 1e-9)  # the published code divides by zero where no drop has fallen
    return np.asarray(x + water[..., None] * np.array([175, 238, 238]) / 255)


def brightness(x: Floats, c: float, draws: Draws) -> Floats:
    hsv = rgb_to_hsv(x)
    hsv[..., 2] = np.clip(hsv[..., 2] + c, 0, 1)
    return np.asarray(hsv_to_rgb(hsv))


def saturate(x: Floats, c: tuple[float, float], draws: Draws) -> Floats:
    hsv = rgb_to_hsv(x)
    hsv[..., 1] = np.clip(hsv[..., 1] * c[0] + c[1], 0, 1)
    return np.asarray(hsv_to_rgb(hsv))


def contrast(x: Floats, c: float, draws: Draws) -> Floats:
    means = np.mean(x, axis=(0, 1), keepdims=True)
    return np.asarray((x - means) * c + means)


def jpeg_compression(x: Floats, c: int, draws: Draws) -> Floats:
    file = io.BytesIO()
    Image.fromarray(eight_bit(x)).save(file, "JPEG", quality=c)
    return np.asarray(Image.open(file)) / 255


def pixelate(x: Floats, c: float, draws: Draws) -> Floats:
    side = len(x)
    small = Image.fromarray(eight_bit(x)).resize((int(side * c), int(side * c)), Image.Resampling.BOX)
    return np.asarray(small.resize((side, side), Image.Resampling.BOX)) / 255


def elastic_transform(x: Floats, c: tuple[float, float, float], draws: Draws) -> Floats:
    side, channels = len(x), x.shape[2]
    centre, arm = side // 2, side // 3
    points = np.array([[centre + arm, centre + arm], [centre + arm, centre - arm], [centre - arm, centre - arm]])
    moved = points + draws.uniform("affine", (3, 2), -c[2], c[2])
    matrix = cv2.getAffineTransform(points.astype(np.float32), moved.astype(np.float32))
    warped = cv2.warpAffine(x.astype(np.float32), matrix, (side, side), borderMode=cv2.BORDER_REFLECT_101)
    right, down = (
        skimage_gaussian(draws.uniform(name, (side, side), -1, 1), c[1], "reflect", 3) * c[0]
        for name in ("right", "down")
    )
    rows, columns = np.mgrid[:side, :side]
    places: Any = [rows + down, columns + right]
    bent = [ndimage.map_coordinates(warped[..., d], places, order=1, mode="reflect") for d in range(channels)]
    return np.stack(bent, axis=-1)
