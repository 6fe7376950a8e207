"""A comparison of what the pipeline has made: `examples.parquet` and the predictions of two variants."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lesion.audit.comparison.attributes import ExampleAttributes
from lesion.audit.comparison.classes import class_names
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.populations import Population, read_population
from lesion.audit.comparison.sanity.shifted import check_shift
from lesion.params.design import Design


def from_nodes(
    *,
    study: str,
    variant: str,
    examples: Path,
    dense: Sequence[Path] | Population,
    compressed: Sequence[Path] | Population,
    root_seed: int,
    design: Design,
    cluster: str | None = None,
) -> Comparison:
    """Read both populations and the names of the classes; attributes are read where a statistic asks for them.

    Parameters
    ----------
    examples : `examples.parquet`
    dense, compressed : the predictions of each, a file a shard, or read already
    cluster : the attribute whose values say which examples belong together; None where each stands for itself

    Raises
    ------
    InputError
        Where a file is missing or malformed, or the populations do not fit together (`Comparison`).
    """
    names = tuple(class_names(examples))
    one, other = (said if isinstance(said, Population) else read_population(said) for said in (dense, compressed))
    groups = ExampleAttributes(examples, one.example_id)
    comparison = Comparison(
        one,
        other,
        np.arange(len(names)),
        one.example_id,
        design=design,
        names=names,
        groups=groups,
        cluster=None if cluster is None else np.unique(groups[cluster], return_inverse=True)[1],
        seed=root_seed,
        study=study,
        variant=variant,
    )
    check_shift(comparison, ("predictions of dense", f"predictions of {variant}"))
    return comparison
