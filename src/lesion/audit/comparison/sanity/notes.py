"""What may be right and may be a mistake: sentences for who knows which it is."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from lesion.audit.comparison.clusters import suggested
from lesion.audit.comparison.comparison import SIDES, Comparison
from lesion.audit.comparison.sanity.class_counts import class_counts

SHOWN = 3  # classes in a sentence
FEW = 20  # classes, of which tests hold all


def suspicions(comparison: Comparison) -> Iterator[str]:
    """Sentences on answers that are all the same, answers that are no label, and ids that name groups."""
    yield from _identical(comparison)
    yield from _strays(comparison)
    yield from _clusters(comparison)


def _identical(comparison: Comparison) -> Iterator[str]:
    dense, compressed = comparison.dense, comparison.compressed
    if not np.array_equal(dense.prediction, compressed.prediction):
        return
    pairs = [(getattr(dense, name), getattr(compressed, name)) for name in ("confidence", "true_probability")]
    known = [np.array_equal(one, other) for one, other in pairs if one is not None and other is not None]
    probability = f", with {'the same' if all(known) else 'other'} probabilities" if known else ""
    yield (
        f"Dense and compressed models give the same {dense.prediction.size:,} answers{probability}. If that is a"
        " surprise: was one file made from the other, or are the compressed weights not in use?"
    )


def _strays(comparison: Comparison) -> Iterator[str]:
    """Answers of classes that no example has: of few classes any, of many one in a hundred, where tests hold a part."""
    present, classes = len(comparison.present), len(comparison.classes)
    if present < 2 or present == classes:
        return
    counts = np.stack([class_counts(side, classes) for side in (comparison.dense, comparison.compressed)])
    total = counts.sum()
    counts[:, comparison.present] = 0
    number, most = int(counts.sum()), np.argsort(-counts.sum(axis=0), kind="stable")[:SHOWN]
    if not number or (present > FEW and number < total / 100):
        return
    named = zip(comparison.named(most), counts[:, most].T, strict=True)
    said = ", ".join(f"{name} ({_by_side(of_class)})" for name, of_class in named if of_class.any())
    more = ", …" if np.count_nonzero(counts.any(axis=0)) > SHOWN else ""
    known = (
        f"{present:,} classes"
        if present > 2
        else "two classes, {} and {}".format(*comparison.named(comparison.present))
    )
    yield (
        f"Examples have {known}, but {number:,} of {total:,} answers {'is' if number == 1 else 'are'} of another:"
        f" {said}{more}. Such answers count as wrong."
    )


def _by_side(counts: npt.NDArray[np.int64]) -> str:
    return ", ".join(f"{side} {count:,}" for side, count in zip(SIDES, counts, strict=True) if count)


def _clusters(comparison: Comparison) -> Iterator[str]:
    if comparison.cluster is not None:
        return
    if (found := suggested(comparison.example_id, comparison.label, comparison.groups.values())) is None:
        return
    count, one, other = found
    yield (
        f"The ids of the examples name {count:,} groups, such as that of {one} and {other}. Examples were taken as"
        " independent. Where those of a group are alike (frames of one video, questions on one text), intervals are too"
        " short and p too small: give the groups in a column cluster."
    )
