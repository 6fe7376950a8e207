"""Constants for images of 64 x 64 pixels, as published for Tiny-ImageNet-C.

Source: `make_tinyimagenet_c.py` of Hendrycks & Dietterich 2019 (arXiv 1903.12261). Like those of ImageNet-C its images
are published as JPEG of quality 85, which is left out. Factors of zoom are those of CIFAR-10-C.
"""

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
from lesion.data.corruptions.side_32 import SIDE_32

_SIDE = 64

SIDE_64 = Profile(
    gaussian_noise=(0.04, 0.08, 0.12, 0.15, 0.18),
    shot_noise=(250, 100, 50, 30, 15),
    impulse_noise=(0.01, 0.02, 0.05, 0.08, 0.14),
    speckle_noise=(0.15, 0.20, 0.25, 0.30, 0.35),
    defocus_blur=(Defocus(0.5, 0.6), Defocus(1, 0.1), Defocus(1.5, 0.1), Defocus(2.5, 0.01), Defocus(3, 0.1)),
    glass_blur=(Glass(0.1, 1, 1), Glass(0.5, 1, 1), Glass(0.6, 1, 2), Glass(0.7, 2, 1), Glass(0.9, 2, 2)),
    motion_blur=(Motion(10, 1), Motion(10, 1.5), Motion(10, 2), Motion(10, 2.5), Motion(12, 3)),
    zoom_blur=SIDE_32.zoom_blur,
    gaussian_blur=(0.5, 0.75, 1, 1.25, 1.5),
    snow=(
        Snow(0.10, 0.2, 1.00, 0.60, Motion(8, 3), 0.80),
        Snow(0.10, 0.2, 1.00, 0.50, Motion(10, 4), 0.80),
        Snow(0.15, 0.3, 1.75, 0.55, Motion(10, 4), 0.70),
        Snow(0.25, 0.3, 2.25, 0.60, Motion(12, 6), 0.65),
        Snow(0.30, 0.3, 1.25, 0.65, Motion(14, 12), 0.60),
    ),
    frost=(
        Frost(1, 0.3, 0.3),
        Frost(0.9, 0.4, 0.3),
        Frost(0.8, 0.45, 0.3),
        Frost(0.75, 0.5, 0.3),
        Frost(0.7, 0.55, 0.3),
    ),
    fog=(Fog(0.4, 3), Fog(0.7, 3), Fog(1, 2.5), Fog(1.5, 2), Fog(2, 1.75)),
    spatter=(
        Spatter(0.62, 0.1, 0.7, 0.70, 0.6, mud=False),
        Spatter(0.65, 0.1, 0.8, 0.70, 0.6, mud=False),
        Spatter(0.65, 0.3, 1.0, 0.69, 0.6, mud=False),
        Spatter(0.65, 0.1, 0.7, 0.68, 0.6, mud=True),
        Spatter(0.65, 0.1, 0.5, 0.67, 0.6, mud=True),
    ),
    brightness=(0.1, 0.2, 0.3, 0.4, 0.5),
    contrast=(0.4, 0.3, 0.2, 0.1, 0.05),
    elastic_transform=(
        Elastic(0, 0, 0.08 * _SIDE),
        Elastic(0.05 * _SIDE, 0.30 * _SIDE, 0.06 * _SIDE),
        Elastic(0.10 * _SIDE, 0.08 * _SIDE, 0.06 * _SIDE),
        Elastic(0.10 * _SIDE, 0.03 * _SIDE, 0.03 * _SIDE),
        Elastic(0.16 * _SIDE, 0.03 * _SIDE, 0.02 * _SIDE),
    ),
    pixelate=(0.9, 0.8, 0.7, 0.6, 0.5),
    jpeg_compression=(65, 58, 50, 40, 25),
    saturate=(Saturate(0.3, 0), Saturate(0.1, 0), Saturate(2, 0), Saturate(5, 0.1), Saturate(30, 0.2)),
)
