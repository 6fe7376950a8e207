"""How often each class is answered."""

import numpy as np
import numpy.typing as npt

from lesion.audit.comparison.populations import Population


def class_counts(population: Population, classes: int) -> npt.NDArray[np.int64]:
    """How often each class is the answer, of all members to all examples: (classes,)."""
    counts = np.zeros(classes, dtype=np.int64)
    for row in population.prediction:
        counts += np.bincount(row, minlength=classes)
    return counts
