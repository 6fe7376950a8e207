"""How a digit is written, measured from its image: attributes for subgroups, of which nobody need write a list.

An image is a grid of ink, 0 to 255 a pixel, as thresholds would lose most of an 8 × 8 one. Sums are of integers, so
that quartiles are the same everywhere.
"""

import numpy as np
import numpy.typing as npt

Images = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
QUARTILES = np.array(["1 (least)", "2", "3", "4 (most)"])


def ink(images: Images) -> Floats:
    """The sum of the pixels.

    Parameters
    ----------
    images : uint8 (n, height, width)

    Returns
    -------
    float64 (n,), in pixels that are full of ink
    """
    return np.asarray(images.sum(axis=(1, 2), dtype=np.int64) / 255)


def slant(images: Images) -> Floats:
    """How far the strokes lean: the angle of the shear that would set them upright, from the second moments of the ink.

    The ink's mean column as a straight line of its row has the slope cov(column, row) / var(row). Positive angles lean
    to the right, as in italics: rows count downwards. The form of a digit is in it beside the hand: sevens lean to the
    right. 0 for an image whose ink lies in one row, or that has none.

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


def stroke_width(images: Images) -> Floats:
    """Twice the ink over the length of its outline, which for a long stroke of even width is that width.

    The outline of a grey image is its total variation, the mean outline over all thresholds (coarea formula), which
    counts pixels that are inked in part for that part. Of the gradient from each pixel to the next on the right and
    below; around the image there is no ink. A skeleton would be the textbook's way to a length, but strokes of one to
    two pixels leave it no room. 0 for an image without ink.

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
    """The quarter that each value is in, of all of them; a value at a quartile is below it.

    Parameters
    ----------
    values : float64 (n,)

    Returns
    -------
    text (n,), of `QUARTILES`, which sort from least to most
    """
    return np.asarray(QUARTILES[np.searchsorted(np.quantile(values, [0.25, 0.5, 0.75]), values, side="left")])


def attributes(images: Images) -> dict[str, npt.NDArray[np.str_]]:
    """Quartiles of ink, slant and stroke width among all of `images`, uint8 (n, height, width, 1): text (n,) by
    name.
    """
    measured = {"ink": ink, "slant": slant, "stroke-width": stroke_width}
    return {name: quartile(measure(images[..., 0])) for name, measure in measured.items()}
