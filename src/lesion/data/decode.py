"""Decodes an image file to square pixels.

EXIF orientation is ignored, as in torchvision; published accuracies are measured that way. JPEG files are decoded at
full size: letting the decoder halve large ones saves nothing at 500 × 375 pixels, ImageNet's common size, and changes
pixels by more than one level.
"""

import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from lesion.data.dataset import Geometry
from lesion.errors import InputError

Pixels = npt.NDArray[np.uint8]
Box = tuple[float, float, float, float]  # left, upper, right, lower, in pixels of the file

DEEP = ("I;16", "I;16B", "I;16L", "I;16N")  # greyscale of 16 bits
BROKEN = (OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, OverflowError, struct.error, zlib.error,
          Image.DecompressionBombError)  # fmt: skip  # Pillow's errors on bytes that are no image


def centre_box(width: int, height: int, geometry: Geometry) -> Box:
    """The part of an image that evaluation shows, in pixels of the file.

    It is the part that remains of an image after torchvision's Resize(resize) and CenterCrop(side), with the same
    rounding. Scaling only this box to `side` × `side` gives the same pixels within two levels of 255; with filters that
    overshoot (bicubic), up to eight levels at single pixels, since Pillow orders its two passes by the size.
    """
    shorter, side = min(width, height), geometry.side
    across = down = geometry.resize
    if geometry.crop == "centre":
        across, down = (geometry.resize * length // shorter for length in (width, height))
    left, upper = round((across - side) / 2), round((down - side) / 2)
    right, lower = min(width, (left + side) * width / across), min(height, (upper + side) * height / down)
    return left * width / across, upper * height / down, right, lower


def random_box(width: int, height: int, smallest: float, draws: np.random.Generator) -> Box:
    """A random part of an image (Szegedy et al., arXiv 1409.4842), in pixels of the file.

    Its share of the area is uniform in [smallest, 1], the logarithm of its aspect ratio uniform in [log 3/4, log 4/3].
    If ten draws do not fit, it is the largest centred square.
    """
    for _ in range(10):
        area = width * height * draws.uniform(smallest, 1)
        ratio = np.exp(draws.uniform(np.log(3 / 4), np.log(4 / 3)))
        across, down = round(np.sqrt(area * ratio)), round(np.sqrt(area / ratio))
        if 0 < across <= width and 0 < down <= height:
            left, upper = int(draws.integers(width - across + 1)), int(draws.integers(height - down + 1))
            return left, upper, left + across, upper + down
    reach = min(width, height)
    left, upper = (width - reach) // 2, (height - reach) // 2
    return left, upper, left + reach, upper + reach


def _rgb(image: Image.Image) -> Image.Image:
    """Convert to 3 channels of 8 bits: grey is repeated, transparency dropped, CMYK converted, 16 bits cut to 8."""
    if image.mode in DEEP:
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        raise ValueError(f"pixels of mode {image.mode} have no known range")
    if image.mode == "P":
        image.info.pop("transparency", None)  # Pillow warns where it is bytes
    return image if image.mode == "RGB" else image.convert("RGB")


def open_image(path: Path) -> Image.Image:
    """Open an image file and convert it to RGB from any mode: greyscale, palette, CMYK, 16 bits, alpha channel.

    Raises
    ------
    InputError
        If the file is missing, truncated or no image.
    """
    try:
        with Image.open(path) as image:
            image.load()
            return _rgb(image)
    except FileNotFoundError:
        raise InputError(f"{path}: the image is missing") from None
    except UnidentifiedImageError:
        raise InputError(f"{path}: not a readable image (no format that is known)") from None
    except BROKEN as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path}: not a readable image ({reason})") from None


def show(image: Image.Image, box: Box, side: int, interpolation: str = "bilinear") -> Pixels:
    """The pixels of `box`, scaled to `side` × `side` (antialiased): uint8 (side, side, 3)."""
    left, upper, right, lower = box
    if right - left == lower - upper == side and left % 1 == upper % 1 == 0:  # nothing to scale
        return np.asarray(image.crop((int(left), int(upper), int(right), int(lower))))
    return np.asarray(image.resize((side, side), Image.Resampling[interpolation.upper()], box=box))


def read_image(path: Path, geometry: Geometry) -> Pixels:
    """The pixels that evaluation shows: uint8 (side, side, 3). An image of that size stays as it is."""
    image = open_image(path)
    if image.size == (geometry.side, geometry.side):
        return np.asarray(image)
    return show(image, centre_box(*image.size, geometry), geometry.side, geometry.interpolation)
