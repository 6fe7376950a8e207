"""How pixels become the input of a model file, which says little of it itself: its shape, and its type."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lesion.data.dataset import Geometry
from lesion.data.decode import Pixels
from lesion.deploy.choices import Interpolation, Layout
from lesion.deploy.contract import Array, Slot
from lesion.errors import InputError

CHANNELS: dict[Layout, int] = {"nchw": 1, "nhwc": 3}
"""Where a layout has the channels."""
GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""Luma of red, green and blue (ITU-R BT.601), for models that take one channel."""
MARGIN = 0.875
"""Share of the shorter side that is shown where the user does not say: 224 of 256, as of most of ImageNet's."""


@dataclass(frozen=True)
class Pictures:
    """What the user says of images.

    Attributes
    ----------
    mean, std : of a channel's values in the order red, green, blue, or one for all; None if not said
    scale : what pixels of 0 to 255 are multiplied with first; None for 1/255, for integers 1
    side, resize, interpolation : as of `data.dataset.Geometry`; side None as the model's, resize None: side / 0.875
    layout : None as the model's shape tells
    bgr : whether the model takes the channels as blue, green, red
    """

    mean: Sequence[float] | None = None
    std: Sequence[float] | None = None
    scale: float | None = None
    side: int | None = None
    resize: int | None = None
    interpolation: Interpolation = "bilinear"
    layout: Layout | None = None
    bgr: bool = False


@dataclass(frozen=True)
class Preparation:
    """Turns pixels, uint8 (n, side, side, 3), into the input `name` of a model.

    The input is (pixels · scale − mean) / std, `channels` of it, in `dtype` and `layout`.
    """

    name: str
    geometry: Geometry
    channels: int
    layout: Layout
    dtype: np.dtype[Any]
    scale: float
    mean: npt.NDArray[np.float32]
    std: npt.NDArray[np.float32]
    bgr: bool

    def __call__(self, pixels: Pixels) -> Array:
        """Input of a batch: (n, channels, side, side), or (n, side, side, channels) in the layout `nhwc`."""
        values = pixels.astype(np.float32)
        if self.channels == 1:
            values = np.rint(values @ GREY)[..., None]
        values = (values * np.float32(self.scale) - self.mean) / self.std
        if self.bgr:
            values = values[..., ::-1]
        if self.layout == "nchw":
            values = values.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(values, dtype=self.dtype)

    def described(self) -> str:
        """How images are shown, in one sentence."""
        side, resize, how = self.geometry.side, self.geometry.resize, self.geometry.interpolation
        cut = f"the shorter side is scaled to {resize} pixels ({how}), and the centre of {side} × {side} shown"
        mean, std = (", ".join(f"{value:g}" for value in values) for values in (self.mean, self.std))
        colours = "grey" if self.channels == 1 else "blue, green, red" if self.bgr else "red, green, blue"
        return f"Images: {cut}; pixels · {self.scale:.4g}, less {mean}, over {std}; {colours}; {self.layout}."


def preparation(path: Path, slots: Sequence[Slot], said: Pictures) -> Preparation:
    """How images are shown to the model with these inputs.

    Raises
    ------
    InputError
        Where the model takes no images, what is said contradicts its shape, or something is not said that no model
        file tells: mean and standard deviation.
    """
    if len(slots) != 1 or slots[0].dtype is None or (slots[0].shape is not None and len(slots[0].shape) != 4):
        listed = "; ".join(slot.described() for slot in slots)
        raise InputError(f"{path}: takes {listed}: no images (n, channels, side, side); give an array")
    slot = slots[0]
    assert slot.dtype is not None
    layout, channels, side = laid_out(path, slot, said)
    integer = slot.dtype.kind in "iu"
    _check_said(path, slot, said, integer=integer)
    mean, std = _of_channels(said.mean or (0,), channels, "mean"), _of_channels(said.std or (1,), channels, "std")
    if not (std > 0).all():
        raise InputError("--std: numbers above 0 are expected")
    resize = round(side / MARGIN) if said.resize is None else said.resize
    if resize < side:
        raise InputError(f"--resize: {resize} is smaller than the side of {side} pixels that is cut out of it")
    scale = (1.0 if integer else 1 / 255) if said.scale is None else said.scale
    geometry = Geometry(resize, side, said.interpolation)
    return Preparation(slot.name, geometry, channels, layout, slot.dtype, scale, mean, std, said.bgr)


def _check_said(path: Path, slot: Slot, said: Pictures, *, integer: bool) -> None:
    if integer and (said.mean is not None or said.std is not None):
        raise InputError(f"{path}: takes {slot.described()}: pixels as they are, --mean and --std are not expected")
    if not integer and said.scale is None and (said.mean is None or said.std is None):
        raise InputError(
            f"{path}: takes floats and does not tell how pixels become these: say --mean and --std of pixels in 0 to "
            "1 (0 and 1 for none, 0.485,0.456,0.406 and 0.229,0.224,0.225 for most of ImageNet's)"
        )


def _of_channels(values: Sequence[float], channels: int, name: str) -> npt.NDArray[np.float32]:
    if len(values) not in (1, channels):
        raise InputError(f"--{name}: {len(values)} numbers, {channels} expected, or one for all channels")
    return np.full(channels, values, dtype=np.float32)


def laid_out(path: Path, slot: Slot, said: Pictures) -> tuple[Layout, int, int]:
    """Layout, channels and side, from the model's shape and what is said; InputError where they disagree."""
    shape = slot.shape or (None,) * 4
    able: list[Layout] = [layout for layout, place in CHANNELS.items() if shape[place] in (None, 1, 3)]
    known = [layout for layout in able if shape[CHANNELS[layout]] is not None]
    layout = said.layout or next(iter(known or able), None)
    if layout is None or layout not in able:
        raise InputError(f"{path}: takes {slot.described()}: 1 or 3 channels are expected")
    channels = shape[CHANNELS[layout]]
    lengths = (shape[place] for place in (1, 2, 3) if place != CHANNELS[layout])
    sides = {length for length in (*lengths, said.side) if length is not None}
    if not sides:
        raise InputError(f"{path}: takes {slot.described()}: say the --side of the images")
    if len(sides) > 1:
        told = f", --side says {said.side}" if said.side is not None else ": square images are expected"
        raise InputError(f"{path}: takes {slot.described()}{told}")
    return layout, channels or 3, sides.pop()
