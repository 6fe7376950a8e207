"""Attributes of handwriting, measured from images of digits, for subgroups: ink, slant and stroke width.

The grey value of a pixel is its amount of ink, 0 to 255, since a threshold would lose most of an 8 × 8 image. Sums are
of integers, so that quartiles are the same on every machine.
"""

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
QUARTILES = np.array(["1 (least)", "2", "3", "4 (most)"])


def ink(images: Pixels) -> Floats:
    """Amount of ink: the sum of the pixels.

    Parameters
    ----------
    images : uint8 (n, height, width)

    Returns
    -------
    float64 (n,), in units of a full pixel
    """
    return np.asarray(images.sum(axis=(1, 2), dtype=np.int64) / 255)


def slant(images: Pixels) -> Floats:
    """Slant of the strokes: the angle of the shear that makes them upright, from the second moments of the ink.

    The regression line of column on row has the slope cov(column, row) / var(row). Positive angles lean to the right,
    as italics do; rows count downwards. The slant depends on the digit as well as the writer: sevens lean to the right.
    It is 0 if there is no ink, or ink in one row only.

    Parameters
    ----------
    images : uint8 (n, height, width)

    Returns
    -------
    float64 (n,), degrees in (−90, 90)
    """
    weight = images.astype(np.int64)
    row, column = np.indices(images.shape[1:])
    total, rows, columns, squares, products = (
        (weight * factor).sum(axis=(1, 2)) for factor in (1, row, column, row**2, row * column)
    )
    covariance, variance = total * products - rows * columns, total * squares - rows**2
    slope = np.divide(-covariance, variance, out=np.zeros(len(images)), where=variance > 0)
    return np.asarray(np.degrees(np.arctan(slope)))


def stroke_width(images: Pixels) -> Floats:
    """Stroke width: twice the ink divided by the length of its outline, the width of a long, even stroke.

    The outline of a grey image is its total variation, that is its mean outline over all thresholds (coarea formula).
    It is computed from the differences to the next pixel on the right and below, with no ink around the image. (The
    usual way, a skeleton, fails for strokes of one or two pixels.) It is 0 without ink.

    Parameters
    ----------
    images : uint8 (n, height, width)

    Returns
    -------
    float64 (n,), pixels
    """
    framed = np.pad(images.astype(np.int64), ((0, 0), (1, 1), (1, 1)))
    down, right = np.diff(framed, axis=1)[:, :, :-1], np.diff(framed, axis=2)[:, :-1]
    outline = np.sqrt(down**2 + right**2).sum(axis=(1, 2))
    area = images.sum(axis=(1, 2), dtype=np.int64)
    return np.asarray(np.divide(2 * area, outline, out=np.zeros(len(images)), where=outline > 0))


def quartile(values: Floats) -> npt.NDArray[np.str_]:
    """The quarter of the values that each value falls in. A value equal to a quartile belongs to the lower quarter.

    Parameters
    ----------
    values : float64 (n,)

    Returns
    -------
    text (n,), each from `QUARTILES`, which sort from least to most
    """
    return np.asarray(QUARTILES[np.searchsorted(np.quantile(values, [0.25, 0.5, 0.75]), values, side="left")])


def attributes(images: Pixels) -> dict[str, npt.NDArray[np.str_]]:
    """Quartiles of ink, slant and stroke width among `images`, uint8 (n, height, width, 1): text (n,) by attribute."""
    measured = {"ink": ink, "slant": slant, "stroke-width": stroke_width}
    return {name: quartile(measure(images[..., 0])) for name, measure in measured.items()}
