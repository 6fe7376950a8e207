"""Ask how well the dense models alone foresaw which answers change.

Margins are known before anything is compressed, and are the best single predictor of which answers quantisation changes
(arXiv 2204.04220). Beside the area under the ROC curve of what dense members say stands its ceiling: how well one half
of all members, compressed ones too, foresees the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.populations import Population
from lesion.audit.contract import Audited, Finding, Row, empty
from lesion.audit.inference.foresight import area, share_caught
from lesion.audit.inference.foresight_flips import fitted_size, flip_chance, misplaced
from lesion.audit.inference.foresight_halves import LEAST, draw, foreseen
from lesion.audit.inference.foresight_scores import lead, log_margin
from lesion.audit.inference.foresight_targets import ALL, BROKEN, CHANGED, Target, rankings, targets
from lesion.audit.inference.resampling import Pool
from lesion.audit.inference.votes import modal_label, votes
from lesion.audit.wording import number, percent
from lesion.params.ties import Ties

SUFFIX = "csv"
SETTINGS = {"ties": "audit.ties"}
ORDER = 10
SCHEMA = pa.schema(
    [
        ("score", pa.string()),
        ("members", pa.int64()),
        ("target", pa.string()),
        ("among", pa.string()),
        ("examples", pa.int64()),
        ("events", pa.int64()),
        *((f"{name}{end}", pa.float64()) for name in ("auroc", "tenth") for end in ("", "_low", "_high")),
        *((name, pa.float64()) for name in ("matched", "taxicab", "ceiling")),
        *((name, pa.float64()) for name in ("size", "misplaced", "misplaced_by_chance")),
    ]
)
MARGIN, CONFIDENCE, AGREEMENT = "margin", "confidence", "agreement"
TENTH = 0.1
MEMBERS = (1, 2, 4, 10)
"""How many dense members are asked, beside all of them."""
FEWEST, MOST, WORK = 3, 10, 20_000  # how often members are drawn, and split in halves: more often for few examples
LARGE = 10_000  # examples of the halves; of more, so many are drawn
CALIBRATED = 4  # members whose flips are compared with what is expected
FEW = 10  # events that are worth a sentence

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Asked:
    """A score of so many members: the risks that each draw of these gives, float64 (examples,) each."""

    score: str
    members: int
    risks: list[Floats]


def weights(population: Population) -> dict[str, Floats]:
    """What the answer of each member weighs, by the name of the score: float64 (members, examples).

    `margin` where confidence is known, and `agreement` where there are several members.
    """
    known = {} if population.confidence is None else {MARGIN: log_margin(population.confidence)}
    return known if len(population.member) == 1 else known | {AGREEMENT: np.ones(population.prediction.shape)}


def table(comparison: Comparison, *, ties: Ties) -> pd.DataFrame:
    """One row a score, number of dense members and target; no row where one dense member gives no confidence.

    Columns: score; members, how many dense ones the score is of (drawn at random, the mean over draws); target
    (`changed`: another answer, of populations PIE; `broken`: right, then wrong, of populations forgotten); among (`all`
    examples, or those that are `right` before), examples and events (how many these are); auroc (the area under the ROC
    curve) and tenth (the share of the events among the tenth of the examples of highest risk), with their 95 %
    intervals for other examples and the same models (`inference.foresight`).

    Scores: `margin`, log margins weighed by who agrees (`inference.foresight_scores`), which of one member orders
    examples as its confidence does; `confidence`, the mean over members; `agreement`, the share of the leading answer.

    With four members a side and more one half of the members foresees the events of the other half, in both
    directions of three to ten splits, on at most `LARGE` examples: matched, by as many dense members (on the row of all
    by all of the half); taxicab, by the distances of its dense and compressed members; ceiling, by both sides' margins
    (`inference.foresight_halves`).

    On the row of all examples' changes by the margin of all members: size, of the perturbation that gives as many
    flips between a dense and a compressed model as there are; misplaced, the share of flips that it expects in another
    tenth of the examples than they are in, and what chance would give (`inference.foresight_flips`).

    Parameters
    ----------
    ties : which of the labels with most votes is the modal one
    """
    dense, weight = comparison.dense, weights(comparison.dense)
    if not weight:
        return empty(SCHEMA)
    classes, rng = len(comparison.classes), comparison.generator("foresight")
    sides = (dense, comparison.compressed)
    before, after = (modal_label(votes(one.prediction, classes), classes, ties)[0] for one in sides)
    events = targets(before, after, comparison.label)
    found = pd.DataFrame([row for asked in _asked(dense, weight, rng) for row in _measured(asked, events, comparison)])
    if min(comparison.members) >= LEAST:
        found = found.merge(_halves(comparison, ties, rng), how="left")
        limits = ["taxicab", "ceiling"]
        found[limits] = found.groupby(["target", "among"], sort=False)[limits].transform("max")
    if MARGIN in weight:
        found = found.merge(_calibrated(comparison, weight[MARGIN]), how="left")
    return found.reindex(columns=SCHEMA.names)


def _asked(dense: Population, weight: dict[str, Floats], rng: np.random.Generator) -> Iterator[_Asked]:
    """The scores, the first of `weight` from few members too."""
    members, first, times = len(dense.member), next(iter(weight)), _times(len(dense.example_id))
    for size in _sizes(members, first):
        drawn = np.array([rng.permutation(members)[:size] for _ in range(times)])
        if size == 1:
            drawn = rng.permutation(members)[: 2 * times, None]
        yield _Asked(first, size, [-lead(dense.prediction[rows], weight[first][rows])[1] for rows in drawn])
    for name, of_members in weight.items():
        yield _Asked(name, members, [-lead(dense.prediction, of_members)[1]])
    if dense.confidence is not None and members > 1:
        yield _Asked(CONFIDENCE, members, [-dense.confidence.mean(axis=0, dtype=np.float64)])


def _sizes(members: int, score: str) -> list[int]:
    """Numbers of members that are asked, fewer than all; a single one agrees with itself."""
    return [size for size in MEMBERS if size < members and (size > 1 or score == MARGIN)]


def _times(examples: int) -> int:
    return max(FEWEST, min(MOST, WORK // examples))


def _measured(asked: _Asked, events: list[Target], comparison: Comparison) -> Iterator[dict[str, Any]]:
    of_draws = [rankings(risk, events) for risk in asked.risks]
    for target, ranked in zip(events, zip(*of_draws, strict=True), strict=True):
        true, cluster = target.true[target.asked], comparison.cluster
        row = {"score": asked.score, "members": asked.members, "target": target.name, "among": target.among}
        row |= {"examples": len(true), "events": int(true.sum())}
        if true.any() and not true.all():
            of = None if cluster is None else np.unique(cluster[target.asked], return_inverse=True)[1]
            measured = {
                "auroc": area(np.mean([ranking.components(true) for ranking in ranked], axis=0), true, of),
                "tenth": share_caught(np.mean([ranking.highest(TENTH) for ranking in ranked], axis=0), true, of),
            }
            for name, found in measured.items():
                row |= {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
        yield row


def _halves(comparison: Comparison, ties: Ties, rng: np.random.Generator) -> pd.DataFrame:
    """What one half foresees of the other, by score, number of members and target."""
    (dense, compressed), examples = comparison.members, len(comparison.example_id)
    where = np.arange(examples) if examples <= LARGE else np.sort(rng.choice(examples, LARGE, replace=False))
    sides, label = (comparison.dense, comparison.compressed), comparison.label
    known = [weights(side) for side in sides]
    score = next(name for name in (MARGIN, AGREEMENT) if all(name in of_side for of_side in known))
    said, weight = (
        np.concatenate([values[:, where] for values in of_sides])
        for of_sides in ([side.prediction for side in sides], [of_side[score] for of_side in known])
    )
    pool = Pool(said, None if label is None else label[where], len(comparison.classes), ties)
    sizes = _sizes(dense // 2, score)
    split = draw(dense, compressed, _times(len(where)), rng, paired=comparison.paired)
    found = foreseen(pool, weight, split, [*sizes, dense // 2])
    names = [(target.name, target.among) for target in targets(said[0], said[0], pool.label)]
    beside = pd.DataFrame(names, columns=["target", "among"]).assign(taxicab=found.taxicab, ceiling=found.ceiling)
    return pd.concat(
        beside.assign(score=score, members=size, matched=matched)
        for size, matched in zip([*sizes, dense], found.margin, strict=True)
    )


def _calibrated(comparison: Comparison, margin: Floats) -> pd.DataFrame:
    """The size of the perturbation, and how many flips it expects where they are not: one row."""
    dense, compressed = (side.prediction for side in (comparison.dense, comparison.compressed))
    rows = np.unique(np.linspace(0, len(dense) - 1, CALIBRATED).round().astype(np.int64))
    flipped = (dense[rows] != compressed[rows % len(compressed)]).mean(axis=0)
    row = {"score": MARGIN, "members": len(dense), "target": CHANGED, "among": ALL}
    row["size"] = size = fitted_size(margin[rows], float(flipped.sum()) * len(rows))
    if not np.isnan(size):
        found = misplaced(flip_chance(margin[rows], size).mean(axis=0), flipped)
        row |= {"misplaced": found.share, "misplaced_by_chance": found.by_chance}
    return pd.DataFrame([row])


def of_all(table: pd.DataFrame, target: str = CHANGED) -> pd.Series | None:
    """The row of the first score of all dense members; None where there is none, or nothing of the target happens."""
    rows = table[(table["target"] == target) & (table["among"] == ALL) & table["auroc"].notna()]
    whole = rows[rows["members"] == rows["members"].max()]
    return None if whole.empty else whole.iloc[0]


def columns(table: pd.DataFrame, *, alpha: float) -> Row:  # noqa: ARG001
    """How well all dense members together foresaw which answers change, and the ceiling of that."""
    row, names = of_all(table), ("auroc", "auroc_low", "auroc_high", "ceiling")
    return {f"foresight_{name}": None if row is None or pd.isna(row[name]) else float(row[name]) for name in names}


def finding(audited: Audited) -> Finding | None:
    """Which share of the broken answers, or of those that change, are among the tenth that dense was least sure of."""
    table = audited.tables["foresight"]
    row = of_all(table, BROKEN)
    row = of_all(table) if row is None else row
    if row is None or row["events"] < FEW:
        return None
    what = "break" if row["target"] == BROKEN else "change"
    least = "are least sure" if row["score"] == MARGIN else "agree least"
    who = f"the dense models {least}" if row["members"] > 1 else "the dense model is least sure"
    text = (
        f"Of the {number(row['events'])} answers that {what}, {percent(row['tenth'])} are among the tenth of the"
        f" examples of which {who} (95 % interval {percent(row['tenth_low'])} to {percent(row['tenth_high'])}; by"
        f" chance 10 %). That was known before compression. AUROC {row['auroc']:.2f}"
        f" ({row['auroc_low']:.2f} to {row['auroc_high']:.2f})"
    )
    if pd.notna(row["ceiling"]):
        text += f"; what half of all models, compressed ones too, foresee of the other half: {row['ceiling']:.2f}"
    return Finding("Foresight", percent(row["tenth"]), f"of the answers that {what} were foreseen", f"{text}.", place=7)
