"""Constants for images of 8 x 8 pixels, such as the UCI digits: those of CIFAR-10-C with shorter lengths.

Rules, starting from the table for 32 x 32 (`side_32.py`):

- photometric constants and ratios (noise, weights, factors, zoom, quality) are unchanged;
- a length of at most one pixel is unchanged, since a quarter of it would do nothing;
- a longer length is divided by 4, the ratio of the sides, but is at least one pixel;
- streaks keep their taps, a quarter of a pixel apart, which divides their length and fading by 4.

Exceptions, since the rules would leave most digits unchanged, or make two severities alike:

- impulse noise has the amounts of ImageNet-C; CIFAR-10-C's 1 % would touch less than one pixel of 64;
- defocus 5 has radius 1 by the rule, like defocus 4; it gets a wider antialiasing instead;
- glass cannot move a pixel by a quarter of a pixel, so a share of the pixels moves by one; blurs grow with severity;
- motion 4 fades with 2.25 taps, since 3 and 4 would differ only in taps too faint to be seen;
- pixelate loses one pixel at each severity, since 0.95, 0.9, 0.85, 0.75 and 0.65 of 8 pixels give 7, 7, 6, 6 and 5;
- the lengths of elastic's wave are divided by 4, so at every severity the affine map is stronger; the reach of that map
  is published in descending order and is sorted in ascending order here, so that the damage grows;
- mud is blurred by 0.4 pixels, not 0.6, so that a drop of one pixel is dark enough to be drawn.
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

SIDE_8 = Profile(
    gaussian_noise=(0.04, 0.06, 0.08, 0.09, 0.10),
    shot_noise=(500, 250, 100, 75, 50),
    impulse_noise=(0.03, 0.06, 0.09, 0.17, 0.27),
    speckle_noise=(0.06, 0.10, 0.12, 0.16, 0.20),
    defocus_blur=(Defocus(0.3, 0.4), Defocus(0.4, 0.5), Defocus(0.5, 0.6), Defocus(1, 0.2), Defocus(1, 0.5)),
    glass_blur=(
        Glass(0.30, 1, 1, 0.10),
        Glass(0.35, 1, 1, 0.15),
        Glass(0.40, 1, 1, 0.20),
        Glass(0.45, 1, 2, 0.15),
        Glass(0.50, 1, 2, 0.25),
    ),
    motion_blur=(
        Motion(6, 1, 0.25),
        Motion(6, 1.5, 0.25),
        Motion(6, 2, 0.25),
        Motion(8, 2.25, 0.25),
        Motion(9, 2.5, 0.25),
    ),
    zoom_blur=tuple(tuple(1 + 0.01 * i for i in range(count)) for count in (6, 11, 16, 21, 26)),
    gaussian_blur=(0.4, 0.6, 0.7, 0.8, 1.0),
    snow=(
        Snow(0.10, 0.2, 1, 0.60, Motion(8, 3, 0.25), 0.95),
        Snow(0.10, 0.2, 1, 0.50, Motion(10, 4, 0.25), 0.90),
        Snow(0.15, 0.3, 1, 0.55, Motion(10, 4, 0.25), 0.90),
        Snow(0.25, 0.3, 1, 0.60, Motion(12, 6, 0.25), 0.85),
        Snow(0.30, 0.3, 1, 0.65, Motion(14, 12, 0.25), 0.80),
    ),
    frost=(Frost(1, 0.2), Frost(1, 0.3), Frost(0.9, 0.4), Frost(0.85, 0.4), Frost(0.75, 0.45)),
    fog=(Fog(0.2, 3), Fog(0.5, 3), Fog(0.75, 2.5), Fog(1, 2), Fog(1.5, 1.75)),
    spatter=(
        Spatter(0.62, 0.1, 0.7, 0.70, 0.5, mud=False),
        Spatter(0.65, 0.1, 0.8, 0.70, 0.5, mud=False),
        Spatter(0.65, 0.3, 1.0, 0.69, 0.5, mud=False),
        Spatter(0.65, 0.1, 0.7, 0.69, 0.4, mud=True),
        Spatter(0.65, 0.1, 0.5, 0.68, 0.4, mud=True),
    ),
    brightness=(0.05, 0.10, 0.15, 0.20, 0.30),
    contrast=(0.75, 0.50, 0.40, 0.30, 0.15),
    elastic_transform=(
        Elastic(0.00, 0.0, 0.24),
        Elastic(0.40, 1.6, 0.40),
        Elastic(0.64, 1.0, 0.48),
        Elastic(0.80, 1.0, 0.56),
        Elastic(0.80, 1.0, 0.64),
    ),
    pixelate=(7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8),
    jpeg_compression=(80, 65, 58, 50, 40),
    saturate=(Saturate(0.3, 0), Saturate(0.1, 0), Saturate(1.5, 0), Saturate(2, 0.1), Saturate(2.5, 0.2)),
    tiny=True,
)
