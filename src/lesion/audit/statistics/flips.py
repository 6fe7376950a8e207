"""Count answers broken and fixed, by class, by group and by pair of labels.

Of one dense and one compressed model the sampling unit is the example, and a great deal can be tested: McNemar's exact
test says whether more answers break than are fixed ("Accuracy is Not All You Need", Dutta et al., arXiv 2407.09141,
counts such flips), another whether a class or group pays more than the rest does. Of populations the modal labels are
counted, without a test: their sampling unit is the member.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from lesion.audit.comparison.attributes import intersections
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.populations import Population
from lesion.audit.contract import Audited, Finding, Row
from lesion.audit.inference.flip_rates import Flips, Rows, counts_and_rates, net_change
from lesion.audit.inference.multiplicity import known_q_values, q_values
from lesion.audit.inference.pays_more import Net, pays_more_of_clusters_p, pays_more_p
from lesion.audit.inference.sign_flips import balance_p
from lesion.audit.inference.votes import modal_label, votes
from lesion.audit.wording import number, p_said, points
from lesion.params.ties import Ties

SUFFIX = "csv"
SETTINGS = {"groups": "studies.{study}.subgroups", "ties": "audit.ties"}
ORDER = 6
KINDS = ("changed", "broken", "fixed", "moved")
SCHEMA = pa.schema(
    [
        ("attribute", pa.string()),
        ("group", pa.string()),
        ("examples", pa.int64()),
        *((name, pa.int64()) for name in KINDS),
        *((f"{name}_{part}", pa.float64()) for name in KINDS for part in ("rate", "low", "high")),
        *((name, pa.float64()) for name in ("change", "change_low", "change_high")),
        ("test", pa.string()),
        *((name, pa.float64()) for name in ("p", "q", "p_beyond", "q_beyond")),
    ]
)
ALL, CLASS, LABELS = "all", "class", "labels"
NO_TEST, TEST, OF_CLUSTERS = "none", "mcnemar", "sign-flips-of-clusters"
TESTS = {TEST: "McNemar", OF_CLUSTERS: "clusters flipped as one"}
"""A test, and what a sentence calls it."""

Text = npt.NDArray[Any]
Integers = npt.NDArray[np.integer]


def table(comparison: Comparison, *, groups: list[list[str]], ties: Ties) -> pd.DataFrame:
    """One row for all examples, each class, each group, and each pair of labels that an answer goes from and to.

    Columns: attribute (`all`, `class`, an attribute of the examples, or `labels`), group (of `labels`: "dense →
    compressed"), examples (of `labels`: those that get the first label from dense); broken (right → wrong), fixed
    (wrong → right), moved (wrong → another wrong answer), changed (all three), and of each the share of the examples
    with its 95 % interval (Wilson); change ((fixed − broken) / examples) with its 95 % interval (`inference.pairs`);
    test (`mcnemar`; `sign-flips-of-clusters` where examples belong together; `none` where a side has several members).
    Examples of one cluster count as what they are worth.

    p is empty without a discordant answer, q is Benjamini–Hochberg over the rows of an attribute. p: McNemar's exact
    test that as many are fixed as broken (`inference.sign_flips`); of `labels`, that as many answers go back from the
    second label to the first. p_beyond and q_beyond: that the class or group has the same change as all other examples
    (`inference.pays_more`).

    Where a side has several members, answers are modal labels: then broken ones are forgotten and fixed ones learnt,
    intervals are about other examples for the same models, and no p is given. Without labels broken, fixed and moved
    are unknown, and there are no classes.

    Parameters
    ----------
    groups : attributes, each alone or several for their intersections
    ties : which of the labels with most votes is the modal one
    """
    classes = len(comparison.classes)
    before, after = (modal(one, classes, ties) for one in (comparison.dense, comparison.compressed))
    flips = _flips(before, after, comparison.label)
    parts = [_part(comparison, flips, name, names, place) for name, names, place in strata(comparison, groups)]
    if len(flips.example) and not comparison.graded:
        parts.append(_of_labels(comparison, flips, before, after))
    found = pd.concat(parts, ignore_index=True).assign(test=_test(comparison))
    found = found.reindex(columns=SCHEMA.names)
    return found.astype(dict.fromkeys(KINDS, "Int64"))


def _test(comparison: Comparison) -> str:
    if not comparison.single:
        return NO_TEST
    return TEST if cluster_of(comparison) is None else OF_CLUSTERS


def modal(one: Population, classes: int, ties: Ties) -> Integers:
    """The label that most members give to each example: int (examples,)."""
    return modal_label(votes(one.prediction, classes), classes, ties)[0]


def _flips(before: Integers, after: Integers, label: Integers | None) -> Flips:
    """The answers that change; without labels none of them is known to break or to be fixed."""
    example = np.flatnonzero(before != after)
    if label is None:
        return Flips(example, np.zeros(len(example), dtype=np.int64))
    true = label[example]
    return Flips(example, (after[example] == true).astype(np.int64) - (before[example] == true))


def strata(comparison: Comparison, groups: list[list[str]]) -> Iterator[tuple[str, Text, Integers]]:
    """Name of an attribute, its groups, and the group of each example."""
    examples = len(comparison.example_id)
    yield ALL, np.array([ALL], dtype=object), np.zeros(examples, dtype=np.int64)
    for name, values in intersections(comparison.groups, groups).items():
        found, place = np.unique(values, return_inverse=True)
        yield f"{name} (attribute)" if name in (ALL, CLASS, LABELS) else name, found, place
    if comparison.comparable_classes:
        yield CLASS, comparison.named(comparison.present), comparison.stratum


def _measured(comparison: Comparison, flips: Flips, rows: Rows) -> dict[str, Any]:
    """Counts, rates and the net change of each row; of changed answers alone where labels are not known."""
    if comparison.label is None:
        return counts_and_rates(flips, rows, KINDS[:1])
    return counts_and_rates(flips, rows, KINDS) | net_change(flips, rows)


def cluster_of(comparison: Comparison) -> Integers | None:
    """The cluster of each example, 0, 1, …; None where each stands alone."""
    if comparison.cluster is None:
        return None
    ids, cluster = np.unique(comparison.cluster, return_inverse=True)
    return None if len(ids) == len(cluster) else cluster


def _part(comparison: Comparison, flips: Flips, attribute: str, names: Text, stratum: Integers) -> pd.DataFrame:
    """The rows of one attribute."""
    rows = Rows(stratum, np.arange(len(names)), stratum[flips.example], cluster_of(comparison))
    part = pd.DataFrame({"attribute": attribute, "group": names, "examples": rows.examples})
    part = part.assign(**_measured(comparison, flips, rows))
    if not comparison.single or comparison.label is None:
        return part
    way = flips.way != 0
    cluster = None if rows.cluster is None else rows.cluster[flips.example[way]]
    p = balance_p(flips.way[way], rows.row[way], len(names), cluster)
    beyond = _beyond(part, flips, rows) if len(names) > 1 else np.full(len(names), np.nan)
    return part.assign(p=p, q=known_q_values(p), p_beyond=beyond, q_beyond=known_q_values(beyond))


def _beyond(part: pd.DataFrame, flips: Flips, rows: Rows) -> npt.NDArray[np.float64]:
    """The p of each group against all other examples: float64 (rows,)."""
    if rows.cluster is None:
        of_each = [Net(*map(int, counts)) for counts in part[["broken", "fixed", "examples"]].to_numpy()]
        everyone = Net(*map(sum, zip(*of_each, strict=True)))
        return np.array([pays_more_p(one, everyone) for one in of_each])
    of_flip = rows.cluster[flips.example]
    clusters = int(rows.cluster.max()) + 1

    def net(inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        return np.bincount(of_flip[inside], weights=flips.way[inside], minlength=clusters).astype(np.float64)

    every, p = np.bincount(rows.cluster), []
    for group in range(len(part)):
        here = np.bincount(rows.cluster[rows.stratum == group], minlength=clusters)
        p.append(pays_more_of_clusters_p(net(rows.row == group), net(rows.row >= 0), here, every))
    return np.array(p)


def _of_labels(comparison: Comparison, flips: Flips, before: Integers, after: Integers) -> pd.DataFrame:
    """The pairs of labels that answers go from and to, the most frequent first."""
    classes = len(comparison.classes)
    given, stratum = np.unique(before, return_inverse=True)
    code = before[flips.example] * classes + after[flips.example]
    pairs, row, count = np.unique(code, return_inverse=True, return_counts=True)
    first, second = pairs // classes, pairs % classes
    rows = Rows(stratum, np.searchsorted(given, first), row, cluster_of(comparison))
    names = [f"{a} → {b}" for a, b in zip(comparison.named(first), comparison.named(second), strict=True)]
    part = pd.DataFrame({"attribute": LABELS, "group": names, "examples": rows.examples})
    part = part.assign(**_measured(comparison, flips, rows))
    if comparison.single:
        there, back = before[flips.example], after[flips.example]
        both, which = np.unique(np.minimum(there, back) * classes + np.maximum(there, back), return_inverse=True)
        cluster = None if rows.cluster is None else rows.cluster[flips.example]
        p = balance_p(np.where(there < back, 1, -1), which, len(both), cluster)
        at = np.searchsorted(both, np.minimum(first, second) * classes + np.maximum(first, second))
        part = part.assign(p=p[at], q=q_values(p)[at])
    return part.iloc[np.argsort(-count, kind="stable")]


def columns(table: pd.DataFrame, *, alpha: float) -> Row:  # noqa: ARG001
    """How many answers break and are fixed, or of populations are forgotten and learnt, of all; p of McNemar."""
    whole = table.iloc[0]
    single, known = whole["test"] != NO_TEST, not pd.isna(whole["broken"])
    count = {name: int(whole[name]) if known else None for name in KINDS[1:]}
    return {
        "broken": count["broken"] if single else None,
        "fixed": count["fixed"] if single else None,
        "forgotten": None if single else count["broken"],
        "learnt": None if single else count["fixed"],
        "moved": count["moved"],
        "mcnemar_p": None if pd.isna(whole["p"]) else float(whole["p"]),
    }


def finding(audited: Audited) -> Finding | None:
    """How many answers break, whether that is more than are fixed, and who pays more than the rest."""
    found = audited.tables["flips"]
    whole = found.iloc[0]
    if pd.isna(whole["broken"]) or not whole["changed"]:
        return None
    broken, fixed, moved = (number(whole[name]) for name in KINDS[1:])
    if whole["test"] == NO_TEST:
        text = f"Of the answers that most models give, {broken} are forgotten (right, then wrong) and {fixed} learnt."
        return Finding("Direction", broken, f"forgotten, {fixed} learnt", f"{text} {moved} are wrong both times.", 2)
    text = f"{broken} answers are broken (right, then wrong) and {fixed} fixed of {number(whole['examples'])}"
    text += f" ({TESTS[whole['test']]}: {p_said(whole['p'])})." if pd.notna(whole["p"]) else "."
    if whole["p"] >= audited.alpha:
        text += " Taken together, that cannot be told from chance."
    text += f" {moved} go from one wrong answer to another. {_who(found, alpha=audited.alpha)}"
    return Finding("Answers", broken, f"broken, {fixed} fixed", text.rstrip(), place=1)


def words(table: pd.DataFrame) -> tuple[str, str]:
    """What right answers that become wrong are called, and wrong ones that become right: modal labels or answers."""
    return ("forgotten", "learnt") if table["test"].iloc[0] == NO_TEST else ("broken", "fixed")


def named(found: pd.DataFrame, *, alpha: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The classes and groups that lose more than the rest, and those that gain, the largest changes first.

    Both tests are asked, each at a false discovery rate of alpha over all attributes (a share of it for each). Where
    one class alone loses, the others differ from their rest, which holds that class, though nothing happened to them;
    where all lose alike, McNemar finds each. The interval must lie on the same side of 0, which of examples in few
    clusters it may not.
    """
    level = alpha / max(found.loc[found["p_beyond"].notna(), "attribute"].nunique(), 1)
    sure = found[(found["q"] < level) & (found["q_beyond"] < level)].sort_values("change", kind="stable")
    average = found["change"].iloc[0]
    lose = (sure["change"] < min(average, 0)) & (sure["change_high"] < 0)
    gain = (sure["change"] > max(average, 0)) & (sure["change_low"] > 0)
    return sure[lose], sure[gain].iloc[::-1]


def _who(found: pd.DataFrame, *, alpha: float) -> str:
    """Which classes and groups lose more than the rest, and which gain."""
    if found["p_beyond"].isna().all():
        return ""
    said = []
    for part, one, several in zip(
        named(found, alpha=alpha),
        ("loses more than the rest", "gains"),
        ("lose more than the rest", "gain"),
        strict=True,
    ):
        first = part.head(3).to_dict("records")
        names = [f"{row['attribute']} {row['group']} ({points(row['change'])} points)" for row in first]
        more = f" and {len(part) - 3} more" if len(part) > 3 else ""
        if names:
            said.append(f"{', '.join(names)}{more} {one if len(part) == 1 else several}")
    if not said:
        who = "class or group" if (found["attribute"] == CLASS).any() else "group"
        return f"No {who} is sure to lose more than the rest, or to gain (FDR {alpha:g})."
    return f"At a false discovery rate of {alpha:g} {'; '.join(said)}."
