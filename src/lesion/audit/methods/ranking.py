"""Methods ranked by what they forget: at equal sparsity, and at equal accuracy.

At equal sparsity, a method is read off the line through its variants in order of the sparsity that they reach. It is
left out where it has a single variant, or where the level lies more than `REACH` outside the range of its sparsities;
within that reach its nearest variant is taken. At equal accuracy, the line begins at the dense network (sparsity 0, its
accuracy, the PIE and forgotten examples of seed noise, and no significant class), and the measures are read off where
accuracy first falls to the dense one less the drop. A method whose variants never fall so far is listed last, without
a rank.

The fewer examples are forgotten (right, then wrong) beyond seed noise the better: PIE hold those that are learnt, too.
The excess (`null`) is like for like, and a mean over many splits, so less noisy than the count itself. Of equally many,
the fewer significant classes.
"""

from typing import Any

import numpy as np
import pandas as pd

from lesion.params.comparison import Ranking

REACH = 0.02  # masks hold whole weights, so the sparsity that is reached is not quite the one that was asked for
ABOVE = "stays above"
MEASURES = ("excess_forgotten", "forgotten", "pie", "excess_pie", "significant_classes", "top1", "sparsity")
COLUMNS = ["basis", "at", "rank", "method", *MEASURES, "note"]

Point = dict[str, float]


def at_sparsity(curve: pd.DataFrame, level: float) -> Point | None:
    """The measures of a method at a sparsity; None where it does not reach there.

    Parameters
    ----------
    curve : the variants of the method, in order of sparsity, with the columns `MEASURES`
    """
    sparsity = curve["sparsity"].to_numpy(dtype=float)
    if len(curve) < 2 or not sparsity[0] - REACH <= level <= sparsity[-1] + REACH:
        return None
    return {name: float(np.interp(level, sparsity, curve[name].to_numpy(dtype=float))) for name in MEASURES}


def at_accuracy(curve: pd.DataFrame, top1: float) -> Point | None:
    """The measures of a method where its accuracy first falls to `top1`; None where it never does.

    Parameters
    ----------
    curve : the dense network, which must be above `top1`, and then as `at_sparsity`
    """
    values = curve[list(MEASURES)].to_numpy(dtype=float)
    accuracy = values[:, MEASURES.index("top1")]
    fallen = np.flatnonzero(accuracy <= top1)
    if not fallen.size:
        return None
    after = fallen[0]
    share = (accuracy[after - 1] - top1) / (accuracy[after - 1] - accuracy[after])
    point = values[after - 1] + share * (values[after] - values[after - 1])
    return dict(zip(MEASURES, point.tolist(), strict=True))


def _ranked(points: dict[str, Point | None], *, basis: str, at: float) -> list[dict[str, Any]]:
    reached = {name: point for name, point in points.items() if point is not None}
    keys = {name: (point["excess_forgotten"], point["significant_classes"]) for name, point in reached.items()}
    order = sorted(keys, key=lambda name: (keys[name], name))
    places = sorted(keys.values())
    rows: list[dict[str, Any]] = [
        {"rank": 1 + places.index(keys[name]), "method": name, "note": ""} | reached[name] for name in order
    ]
    if basis == "accuracy_drop":
        rows += [{"method": name, "note": ABOVE} for name in sorted(set(points) - set(reached))]
    return [{"basis": basis, "at": at} | row for row in rows]


def rank(table: pd.DataFrame, settings: Ranking) -> pd.DataFrame:
    """One row a level and method, best first within a level. Variants that lack one of `MEASURES` are left out.

    Columns: basis (sparsity or accuracy_drop), at (the level, a fraction), rank (equal where both counts are), method,
    excess_forgotten (over seed noise, like for like), forgotten, pie, excess_pie, significant_classes, top1, sparsity
    (interpolated), note.

    Parameters
    ----------
    table : the rows of `comparison.csv`, dense among them
    """
    dense = table[table["variant"] == "dense"].iloc[0]
    noise = {count: dense[f"null_{count}"] for count in ("forgotten", "pie")}
    nothing = dict.fromkeys(("excess_forgotten", "excess_pie", "significant_classes"), 0.0)
    start = pd.DataFrame([noise | nothing | {"top1": dense["top1"], "sparsity": dense["sparsity"]}])
    compressed = table[table["variant"] != "dense"].dropna(subset=list(MEASURES)).sort_values("sparsity", kind="stable")
    curves = {str(name): curve[list(MEASURES)] for name, curve in compressed.groupby("method", sort=False)}
    rows: list[dict[str, Any]] = []
    for level in settings.sparsities:
        points = {name: at_sparsity(curve, level) for name, curve in curves.items()}
        rows += _ranked(points, basis="sparsity", at=level)
    for drop in settings.accuracy_drops:
        points = {name: at_accuracy(pd.concat([start, curve]), dense["top1"] - drop) for name, curve in curves.items()}
        rows += _ranked(points, basis="accuracy_drop", at=drop)
    return pd.DataFrame(rows, columns=COLUMNS).astype({"rank": "Int64"})
