"""Constants for images of 224 x 224 pixels, as published for ImageNet-C.

Source: `make_imagenet_c.py` of Hendrycks & Dietterich 2019 (arXiv 1903.12261). The published code also stores each
corrupted image as JPEG of quality 85; this is a file format, not a corruption, and is left out. Factors of zoom are the
values of the published `np.arange`, whose first range includes its own end, 1.11.
"""

import numpy as np

from lesion.data.corruptions.constants import (
    Defocus,
    Elastic,
    Fog,
    Frost,
    Glass,
    Motion,
    Profile,
    Saturate,
    Snow,
    Spatter,
)

_SPAN = 244  # the published elastic transform has 244, although it means the side
_ZOOMS = ((1.11, 0.01), (1.16, 0.01), (1.21, 0.02), (1.26, 0.02), (1.31, 0.03))

SIDE_224 = Profile(
    gaussian_noise=(0.08, 0.12, 0.18, 0.26, 0.38),
    shot_noise=(60, 25, 12, 5, 3),
    impulse_noise=(0.03, 0.06, 0.09, 0.17, 0.27),
    speckle_noise=(0.15, 0.20, 0.35, 0.45, 0.60),
    defocus_blur=(Defocus(3, 0.1), Defocus(4, 0.5), Defocus(6, 0.5), Defocus(8, 0.5), Defocus(10, 0.5)),
    glass_blur=(Glass(0.7, 1, 2), Glass(0.9, 2, 1), Glass(1, 2, 3), Glass(1.1, 3, 2), Glass(1.5, 4, 2)),
    motion_blur=(Motion(10, 3), Motion(15, 5), Motion(15, 8), Motion(15, 12), Motion(20, 15)),
    zoom_blur=tuple(tuple(np.arange(1, end, step).tolist()) for end, step in _ZOOMS),
    gaussian_blur=(1, 2, 3, 4, 6),
    snow=(
        Snow(0.10, 0.3, 3.0, 0.50, Motion(10, 4), 0.80),
        Snow(0.20, 0.3, 2.0, 0.50, Motion(12, 4), 0.70),
        Snow(0.55, 0.3, 4.0, 0.90, Motion(12, 8), 0.70),
        Snow(0.55, 0.3, 4.5, 0.85, Motion(12, 8), 0.65),
        Snow(0.55, 0.3, 2.5, 0.85, Motion(12, 12), 0.55),
    ),
    frost=(Frost(1, 0.4), Frost(0.8, 0.6), Frost(0.7, 0.7), Frost(0.65, 0.7), Frost(0.6, 0.75)),
    fog=(Fog(1.5, 2), Fog(2, 2), Fog(2.5, 1.7), Fog(2.5, 1.5), Fog(3, 1.4)),
    spatter=(
        Spatter(0.65, 0.3, 4, 0.69, 0.6, mud=False),
        Spatter(0.65, 0.3, 3, 0.68, 0.6, mud=False),
        Spatter(0.65, 0.3, 2, 0.68, 0.5, mud=False),
        Spatter(0.65, 0.3, 1, 0.65, 1.5, mud=True),
        Spatter(0.67, 0.4, 1, 0.65, 1.5, mud=True),
    ),
    brightness=(0.1, 0.2, 0.3, 0.4, 0.5),
    contrast=(0.4, 0.3, 0.2, 0.1, 0.05),
    elastic_transform=(
        Elastic(2 * _SPAN, 0.70 * _SPAN, 0.10 * _SPAN),
        Elastic(2 * _SPAN, 0.08 * _SPAN, 0.20 * _SPAN),
        Elastic(0.05 * _SPAN, 0.01 * _SPAN, 0.02 * _SPAN),
        Elastic(0.07 * _SPAN, 0.01 * _SPAN, 0.02 * _SPAN),
        Elastic(0.12 * _SPAN, 0.01 * _SPAN, 0.02 * _SPAN),
    ),
    pixelate=(0.6, 0.5, 0.4, 0.3, 0.25),
    jpeg_compression=(25, 18, 15, 10, 7),
    saturate=(Saturate(0.3, 0), Saturate(0.1, 0), Saturate(2, 0), Saturate(5, 0.1), Saturate(20, 0.2)),
)
