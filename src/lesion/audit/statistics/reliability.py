"""Count how often answers of each confidence are right.

The bins of a reliability diagram (DeGroot & Fienberg 1983; Guo et al. 2017, arXiv 1706.04599, figure 1).
"""

import numpy as np
import pandas as pd
import pyarrow as pa

from lesion.audit.comparison.comparison import SIDES, Comparison
from lesion.audit.contract import Audited, Finding, Row, empty
from lesion.audit.inference.calibration import BINS, reliability

SUFFIX = "csv"
SETTINGS: dict[str, str] = {}
ORDER = 9
SCHEMA = pa.schema(
    {
        "side": pa.string(),
        "bin": pa.int64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "answers": pa.int64(),
        "confidence": pa.float64(),
        "accuracy": pa.float64(),
        "accuracy_low": pa.float64(),
        "accuracy_high": pa.float64(),
    }
)


def table(comparison: Comparison) -> pd.DataFrame:
    """One row a side and bin that holds answers; none where labels are not known, or the confidence of a side is not.

    Columns: side (dense, compressed), bin, low and high (confidence in (low, high]), answers (of all members together),
    confidence and accuracy (means over these), accuracy_low and accuracy_high (a 95 % interval for other examples, or
    clusters of them, and the same members; `inference.calibration.reliability`).
    """
    known = dict(zip(SIDES, (comparison.dense, comparison.compressed), strict=True))
    if comparison.label is None or any(side.confidence is None for side in known.values()):
        return empty(SCHEMA)
    parts = []
    for side, population in known.items():
        found = reliability(np.asarray(population.confidence), population.correct, comparison.cluster)
        of_bin = {"bin": found.place, "low": found.place / BINS, "high": (found.place + 1) / BINS}
        seen = {"answers": found.answers, "confidence": found.confidence, "accuracy": found.accuracy}
        interval = {"accuracy_low": found.low, "accuracy_high": found.high}
        parts.append(pd.DataFrame({"side": side, **of_bin, **seen, **interval}))
    return pd.concat(parts, ignore_index=True)


def columns(table: pd.DataFrame, *, alpha: float) -> Row:  # noqa: ARG001
    """None: the summary has the measures of calibration."""
    return {}


def finding(audited: Audited) -> Finding | None:  # noqa: ARG001
    """None: it is a figure."""
    return None
