"""What may be right and may be a mistake: sentences for who knows which it is."""

from collections.abc import Iterator
from itertools import chain

import numpy as np

from lesion.audit.comparison.clusters import suggested
from lesion.audit.comparison.comparison import SIDES, Comparison
from lesion.audit.comparison.sanity.class_counts import class_counts

SHOWN = 3  # classes in a sentence


def suspicions(comparison: Comparison) -> Iterator[str]:
    """Sentences on answers that are all the same, answers of a third class, and ids that name groups."""
    yield from _identical(comparison)
    yield from _third_class(comparison)
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


def _third_class(comparison: Comparison) -> Iterator[str]:
    """Of two classes, the rates of false positives and negatives take any third answer as wrong."""
    if len(comparison.present) != 2:
        return
    sides = [class_counts(side, len(comparison.classes)) for side in (comparison.dense, comparison.compressed)]
    counts = np.stack(sides)
    strays = np.setdiff1d(np.flatnonzero(counts.sum(axis=0)), comparison.present)
    if not len(strays):
        return
    negative, positive = comparison.named(comparison.present)
    said = [
        f"{name} ({', '.join(f'{side} {count:,}' for side, count in zip(SIDES, of_class, strict=True) if count)})"
        for name, of_class in zip(comparison.named(strays[:SHOWN]), counts[:, strays].T, strict=False)
    ]
    more = f" and {len(strays) - SHOWN:,} more" if len(strays) > SHOWN else ""
    number = int(counts[:, strays].sum())
    yield (
        f"Examples have two classes, {negative} and {positive}, but {number:,} of {counts.sum():,} answers"
        f" {'is' if number == 1 else 'are'} of another: {', '.join(said)}{more}. Such answers count as wrong."
    )


def _clusters(comparison: Comparison) -> Iterator[str]:
    if comparison.cluster is not None:
        return
    known = chain(comparison.groups.values(), () if comparison.label is None else (comparison.label,))
    if (found := suggested(comparison.example_id, known)) is None:
        return
    count, one, other = found
    yield (
        f"The ids of the examples name {count:,} groups, such as that of {one} and {other}. Examples were taken as"
        " independent. Where those of a group are alike (frames of one video, questions on one text), intervals are too"
        " short and p too small: give the groups in a column cluster."
    )
