"""The headline of an audit: a row a measure, each count beside what seed noise alone gives."""

from typing import Any

import pandas as pd

from lesion.audit.comparison.populations import Population
from lesion.audit.statistics.null import beside_null

RATES = ["dense", "compressed", "value", "low", "high"]
NOISE = ["null", "null_low", "null_high", "matched", "excess"]


def _noise(null: pd.DataFrame | None, count: str) -> dict[str, float]:
    return {} if null is None or count not in null else beside_null(null, count)


def headline(
    dense: Population,
    compressed: Population,
    *,
    impact: pd.DataFrame | None,
    pie: pd.DataFrame,
    null: pd.DataFrame | None,
    effects: pd.DataFrame,
    alpha: float,
) -> pd.DataFrame:
    """A row a measure: models, examples, the rates of `effects`, and counts of PIE and of significant classes.

    Columns: measure; dense and compressed, the means of a rate or the number of models; value, the change of a rate or
    a count; low and high, its 95 % interval; null, null_low and null_high, mean and 95 % range of what seed noise alone
    gives; matched, the mean count between as many models as in the null; excess, matched less null. What does not apply
    is empty.
    """
    rows: list[dict[str, Any]] = [
        {"measure": "models", "dense": len(dense.member), "compressed": len(compressed.member)},
        {"measure": "examples", "value": len(pie)},
        *effects.rename(columns={"change": "value"}).to_dict("records"),
        {"measure": "pie", "value": int(pie["pie"].sum())} | _noise(null, "pie"),
        {"measure": "significant_examples_fdr", "value": int((pie["q"] < alpha).sum())},
    ]
    if impact is not None:
        rows.append({"measure": "classes", "value": len(impact)})
        for flag, count in (("significant", "significant_classes"), ("significant_fdr", "significant_classes_fdr")):
            rows.append({"measure": count, "value": int(impact[flag].sum())} | _noise(null, count))
        for direction, count in (("loss", "classes_lost"), ("gain", "classes_gained")):
            of_them = impact["significant"] & (impact["direction"] == direction)
            rows.append({"measure": count, "value": int(of_them.sum())})
    return pd.DataFrame(rows, columns=["measure", *RATES, *NOISE]).astype(dict.fromkeys([*RATES, *NOISE], "float64"))
