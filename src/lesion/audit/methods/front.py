"""What each variant costs, what it loses, and which are on the Pareto front: by parameters, arithmetic and time."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from lesion.artifacts.csv_tables import read_csv, write_csv
from lesion.audit.comparison.populations import Population, read_population
from lesion.audit.inference.effects import chance_variance
from lesion.audit.inference.front import Means, beside_line, no_dearer, seems_on, standings
from lesion.audit.inference.votes import modal_label, votes
from lesion.audit.summary import size_row
from lesion.params.comparison import Front
from lesion.params.ties import Ties
from lesion.params.variant import method

Floats = npt.NDArray[np.float64]

COSTS = ("parameters_left", "multiply_adds", "bytes_per_member", "latency_ms")
MEASURES = ("top1", "broken")


def right_and_kept(
    dense: Population, members: Mapping[str, Population], *, classes: int, ties: Ties
) -> dict[str, tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]]:
    """For each variant: which answers of each member are right, and which of those that dense gets right it gives.

    bool (members, examples) and bool (members, examples that the modal label of dense gets right).
    """
    expected, _ = modal_label(votes(dense.prediction, classes), classes, ties)
    known = expected == dense.known_label
    return {name: (one.correct, one.correct[:, known]) for name, one in members.items()}


def _means(tables: list[npt.NDArray[np.bool_]]) -> Means:
    least = np.array([chance_variance(table) if len(table) > 1 else 0.0 for table in tables])
    return Means.of([table.mean(axis=1) for table in tables], least)


def tabulate(
    costs: pd.DataFrame,
    answers: Mapping[str, tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]],
    *,
    line: str | None,
    alpha: float,
) -> pd.DataFrame:
    """One row for each cost, measure and variant, by cost.

    Columns: cost (its name), measure (`top1`, or `broken`: of the answers that dense gets right, the share that a
    member gets wrong), variant, method, at (the cost), members, value (mean over members, a fraction), front ("on",
    "off" or "undecided", at `alpha`), seems_on (of the observed means); gain, gain_low, gain_high: how much better than
    the line through the variants of method `line` and dense at equal cost (of `broken`, fewer is better), with its 95 %
    interval.

    Parameters
    ----------
    costs : by variant, three columns for each of `COSTS`: its name, and the ends `_low` and `_high`
    answers : as `right_and_kept` gives them
    """
    names = np.array(list(answers))
    methods = np.array([method(str(name)) for name in names])
    on_line = np.flatnonzero((methods == line) | (names == "dense")) if line else np.array([], dtype=np.intp)
    tables: list[pd.DataFrame] = []
    for cost in COSTS:
        at, low, high = (costs.loc[names, f"{cost}{end}"].to_numpy(dtype=float) for end in ("", "_low", "_high"))
        known = ~np.isnan(at)
        rivals = no_dearer(low, high)
        for place, measure in enumerate(MEASURES):
            of = _means([both[place] for both in answers.values()])
            beside = beside_line(at, of, on_line[known[on_line]])
            rows = pd.DataFrame({
                "cost": cost, "measure": measure, "variant": names, "method": methods, "at": at,
                "members": [len(both[0]) for both in answers.values()],
                "value": of.mean if measure == "top1" else 1 - of.mean,
                "front": standings(rivals, of, alpha=alpha), "seems_on": seems_on(rivals, of.mean),
                "gain": beside.gain, "gain_low": beside.low, "gain_high": beside.high,
            })  # fmt: skip
            tables.append(rows[known].sort_values(["at", "variant"], kind="stable"))
    return pd.concat(tables, ignore_index=True)


def fastest(latency: pd.DataFrame) -> pd.DataFrame:
    """Milliseconds of each variant for one image of the largest batch that was timed, by its fastest backend.

    By variant: latency_ms (the median), and the quartiles latency_ms_low and latency_ms_high.
    """
    largest = latency["batch"].max()
    rows = latency[latency["batch"] == largest].reset_index(drop=True)
    rows = rows.loc[rows.groupby("variant", sort=False)["median_ms"].idxmin()].set_index("variant")
    names = {"median_ms": "latency_ms", "low_ms": "latency_ms_low", "high_ms": "latency_ms_high"}
    return rows[list(names)].rename(columns=names) / largest


def write_front(
    *,
    predictions: Mapping[str, list[Path]],
    latency: Path,
    front: Path,
    settings: Front,
    ties: Ties,
    alpha: float,
) -> None:
    """The step: read all populations, their sizes and the table of latencies, write the table `front`."""
    members = {name: read_population(files) for name, files in predictions.items()}
    dense = members["dense"]
    classes = 1 + max(int(max(one.prediction.max(), one.known_label.max())) for one in members.values())
    sizes = {name: size_row(files, examples=len(dense.example_id)) for name, files in predictions.items()}
    known = pd.DataFrame.from_dict(sizes, orient="index").reindex(columns=list(COSTS[:-1])).astype(float)
    ends = [known.add_suffix(end) for end in ("_low", "_high")]
    costs = known.join([*ends, fastest(read_csv(latency))])
    answers = right_and_kept(dense, members, classes=classes, ties=ties)
    write_csv(front, tabulate(costs, answers, line=settings.line, alpha=alpha))
