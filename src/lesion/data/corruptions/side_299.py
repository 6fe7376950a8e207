"""Constants for images of 299 x 299 pixels, as published for the ImageNet-C of Inception's size.

Source: `make_imagenet_c_inception.py` of Hendrycks & Dietterich 2019 (arXiv 1903.12261). Its JPEG of quality 85 is left
out. Those of frost, snow, zoom and colour are those for 224 pixels.
"""

import dataclasses

from lesion.data.corruptions.constants import Defocus, Elastic, Fog, Glass, Motion, Spatter
from lesion.data.corruptions.side_224 import SIDE_224

_SPAN = 360  # the published elastic transform has 360, although it means the side

SIDE_299 = dataclasses.replace(
    SIDE_224,
    gaussian_noise=(0.09, 0.13, 0.19, 0.27, 0.40),
    shot_noise=(50, 20, 10, 5, 3),
    impulse_noise=(0.04, 0.07, 0.10, 0.18, 0.28),
    speckle_noise=(0.16, 0.21, 0.36, 0.46, 0.61),
    defocus_blur=(Defocus(4, 0.1), Defocus(5, 0.5), Defocus(7, 0.5), Defocus(10, 0.5), Defocus(12, 0.5)),
    glass_blur=(Glass(0.8, 1, 3), Glass(1, 3, 1), Glass(1.1, 2, 4), Glass(1.2, 4, 2), Glass(1.6, 5, 2)),
    motion_blur=(Motion(12, 4), Motion(17, 6), Motion(17, 9), Motion(17, 13), Motion(22, 16)),
    gaussian_blur=(1.5, 2.5, 3.5, 4.5, 6.5),
    fog=(Fog(1.5, 2), Fog(2, 2), Fog(2.5, 1.8), Fog(2.5, 1.6), Fog(3, 1.5)),
    spatter=(
        Spatter(0.65, 0.3, 4.0, 0.69, 0.9, mud=False),
        Spatter(0.65, 0.3, 3.5, 0.68, 0.9, mud=False),
        Spatter(0.65, 0.3, 3.0, 0.68, 0.8, mud=False),
        Spatter(0.65, 0.3, 1.2, 0.65, 1.8, mud=True),
        Spatter(0.67, 0.4, 1.2, 0.65, 1.8, mud=True),
    ),
    elastic_transform=(
        Elastic(2 * _SPAN, 0.70 * _SPAN, 0.10 * _SPAN),
        Elastic(2 * _SPAN, 0.08 * _SPAN, 0.20 * _SPAN),
        Elastic(0.05 * _SPAN, 0.01 * _SPAN, 0.02 * _SPAN),
        Elastic(0.07 * _SPAN, 0.01 * _SPAN, 0.02 * _SPAN),
        Elastic(0.12 * _SPAN, 0.01 * _SPAN, 0.02 * _SPAN),
    ),
    pixelate=(0.5, 0.4, 0.3, 0.25, 0.2),
    jpeg_compression=(23, 16, 13, 8, 5),
)
