"""The order in which examples are shown, one for the sheet of PIE, the gallery and the page of an audit."""

import numpy as np
import pandas as pd

from lesion.audit.comparison.comparison import SIDES


def strongest_first(examples: pd.DataFrame) -> pd.DataFrame:
    """The rows of examples, those first that say most of what compression does.

    The largest `pie_score` comes first, then the largest `beyond_chance`. A single pair of models has no score: answers
    that broke come first (right, then wrong), then those that moved (wrong, then wrong), then those that were fixed;
    of each kind those of which the dense model was surest, for a confident answer that changes is no coin that fell the
    other way. Equal rows stand by `example_id`, smallest first.

    Parameters
    ----------
    examples : columns of the table of PIE, one row an example, `example_id` integers or text; any others are kept
    """
    single, known = examples["pie_score"].isna(), examples["label"].notna()
    was, became = (
        known & (examples["label"].astype(object) == examples[f"{side}_label"].astype(object)) for side in SIDES
    )
    keys = pd.DataFrame(
        {
            "score": examples["pie_score"],
            "beyond": examples["beyond_chance"],
            "kind": np.where(single, became.astype(int) - was, 0),
            "confidence": examples["dense_confidence"].where(single),
            "example_id": examples["example_id"],
        }
    )
    order = keys.sort_values(list(keys), ascending=[False, False, True, False, True]).index
    return examples.loc[order]
