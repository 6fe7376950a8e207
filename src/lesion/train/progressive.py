"""Images that are shown with fewer pixels while a training is young, which makes its steps cheaper."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from lesion.data.images import as_images
from lesion.data.split import Split
from lesion.errors import InputError
from lesion.params.augmentation import Augmentation

WHERE = "recipe.augmentation.smaller"


def shown_side(augmentation: Augmentation, step: int, *, steps_per_epoch: int) -> int | None:
    """Side in pixels of the images of a step, counted from the start of its training; None for their own."""
    for part in augmentation.smaller:
        if step < part.until * steps_per_epoch:
            return part.side
    return None


def shrink(inputs: Tensor, side: int | None) -> Tensor:
    """Scale float32 (n, c, h, w) to (n, c, side, side): each pixel is the mean of those that it covers, whole or not.

    None leaves the images as they are.
    """
    return inputs if side is None else functional.interpolate(inputs, (side, side), mode="area")


def check_sides(model: nn.Module, split: Split, augmentation: Augmentation, *, device: torch.device) -> None:
    """Check that the network takes the smaller images; in evaluation mode, which changes no tensor.

    Raises
    ------
    InputError
        Where it does not, or they are not smaller.
    """
    if not augmentation.smaller:
        return
    side, _ = as_images(split.images, WHERE).shape
    before, blank = model.training, split.blank().to(device)
    model.eval()
    for part in augmentation.smaller:
        if part.side >= side:
            raise InputError(f"{WHERE}: a side of {part.side} pixels, the images have {side}")
        try:
            with torch.no_grad():
                model(shrink(blank, part.side))
        except (RuntimeError, ValueError, AssertionError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise InputError(f"{WHERE}: the network takes no images of {part.side} pixels: {reason}") from None
    model.train(before)
