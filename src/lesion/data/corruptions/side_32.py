"""Constants for images of 32 x 32 pixels, as published for CIFAR-10-C.

Source: `make_cifar_c.py` of Hendrycks & Dietterich 2019 (arXiv 1903.12261). Factors of zoom are the values of the
published `np.arange`, whose first two ranges include their own ends, 1.06 and 1.11.
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

SIDE_32 = Profile(
    gaussian_noise=(0.04, 0.06, 0.08, 0.09, 0.10),
    shot_noise=(500, 250, 100, 75, 50),
    impulse_noise=(0.01, 0.02, 0.03, 0.05, 0.07),
    speckle_noise=(0.06, 0.10, 0.12, 0.16, 0.20),
    defocus_blur=(Defocus(0.3, 0.4), Defocus(0.4, 0.5), Defocus(0.5, 0.6), Defocus(1, 0.2), Defocus(1.5, 0.1)),
    glass_blur=(
        Glass(0.05, 1, 1),
        Glass(0.25, 1, 1),
        Glass(0.40, 1, 1),
        Glass(0.25, 1, 2),
        Glass(0.40, 1, 2),
    ),
    motion_blur=(Motion(6, 1), Motion(6, 1.5), Motion(6, 2), Motion(8, 2), Motion(9, 2.5)),
    zoom_blur=tuple(tuple(np.arange(1, end, 0.01).tolist()) for end in (1.06, 1.11, 1.16, 1.21, 1.26)),
    gaussian_blur=(0.4, 0.6, 0.7, 0.8, 1.0),
    snow=(
        Snow(0.10, 0.2, 1.00, 0.60, Motion(8, 3), 0.95),
        Snow(0.10, 0.2, 1.00, 0.50, Motion(10, 4), 0.90),
        Snow(0.15, 0.3, 1.75, 0.55, Motion(10, 4), 0.90),
        Snow(0.25, 0.3, 2.25, 0.60, Motion(12, 6), 0.85),
        Snow(0.30, 0.3, 1.25, 0.65, Motion(14, 12), 0.80),
    ),
    frost=(Frost(1, 0.2, 0.2), Frost(1, 0.3, 0.2), Frost(0.9, 0.4, 0.2), Frost(0.85, 0.4, 0.2), Frost(0.75, 0.45, 0.2)),
    fog=(Fog(0.2, 3), Fog(0.5, 3), Fog(0.75, 2.5), Fog(1, 2), Fog(1.5, 1.75)),
    spatter=(
        Spatter(0.62, 0.1, 0.7, 0.70, 0.5, mud=False),
        Spatter(0.65, 0.1, 0.8, 0.70, 0.5, mud=False),
        Spatter(0.65, 0.3, 1.0, 0.69, 0.5, mud=False),
        Spatter(0.65, 0.1, 0.7, 0.69, 0.6, mud=True),
        Spatter(0.65, 0.1, 0.5, 0.68, 0.6, mud=True),
    ),
    brightness=(0.05, 0.10, 0.15, 0.20, 0.30),
    contrast=(0.75, 0.50, 0.40, 0.30, 0.15),
    elastic_transform=(
        Elastic(0.00, 0.00, 2.56),
        Elastic(1.60, 6.40, 2.24),
        Elastic(2.56, 1.92, 1.92),
        Elastic(3.20, 1.28, 1.60),
        Elastic(3.20, 0.96, 0.96),
    ),
    pixelate=(0.95, 0.9, 0.85, 0.75, 0.65),
    jpeg_compression=(80, 65, 58, 50, 40),
    saturate=(Saturate(0.3, 0), Saturate(0.1, 0), Saturate(1.5, 0), Saturate(2, 0.1), Saturate(2.5, 0.2)),
)
