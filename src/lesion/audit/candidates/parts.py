"""Classes and groups of all candidates together: multiplicity over candidates as well."""

import numpy as np
import pandas as pd
import pyarrow as pa

from lesion.audit.contract import Audited, Candidate, empty
from lesion.audit.inference.multiplicity import known_q_values
from lesion.audit.statistics import flips, subgroups

TESTS = ("p", "p_beyond")
SCHEMA = pa.schema(
    [
        ("candidate", pa.string()),
        ("attribute", pa.string()),
        ("group", pa.string()),
        ("examples", pa.int64()),
        *((name, pa.float64()) for name in ("change", "change_low", "change_high")),
        ("test", pa.string()),
        *((name, pa.float64()) for name in ("p", "q", "p_beyond", "q_beyond")),
    ]
)


def table(candidates: tuple[Candidate, ...]) -> pd.DataFrame:
    """One row a candidate and class, or group, whose labels are known.

    Columns: candidate, attribute, group, examples; change of recall or of the group's accuracy with its 95 % interval;
    test; p (the class changes), p_beyond (it changes more, or less, than the rest), and q and q_beyond:
    Benjamini–Hochberg over all candidates and all rows of an attribute. Of one pair of models these are the tests of
    `flips`; of several members p_beyond is that of `impact` and `subgroups`, and there is no p.
    """
    parts = [of_candidate(one) for one in candidates]
    found = pd.concat(parts, ignore_index=True) if any(map(len, parts)) else empty(SCHEMA)
    for p in TESTS:
        q = p.replace("p", "q", 1)
        for _, rows in found.groupby("attribute", sort=False):
            found.loc[rows.index, q] = known_q_values(rows[p].to_numpy())
    return found


def of_candidate(candidate: Candidate) -> pd.DataFrame:
    """The rows of one candidate, q and q_beyond being those of its own tables; none without labels."""
    audited = candidate.audited
    if audited.comparison.label is None:
        return empty(SCHEMA)
    rows = _of_pair(audited) if audited.comparison.single else _of_members(audited)
    return rows.assign(candidate=candidate.name).reindex(columns=SCHEMA.names)


def _of_pair(audited: Audited) -> pd.DataFrame:
    table = audited.tables["flips"]
    return table[~table["attribute"].isin((flips.ALL, flips.LABELS))]


def _of_members(audited: Audited) -> pd.DataFrame:
    """Changes of recall and of accuracy, and the tests of whether they are those of the rest."""
    table = audited.tables["subgroups"]
    groups = table[(table["measure"] == "error") & (table["attribute"] != subgroups.ALL)]
    accuracy = {"change": "change", "change_low": "change_high", "change_high": "change_low"}
    groups = groups.assign(**{name: -groups[of] for name, of in accuracy.items()})
    own = groups["attribute"] == flips.CLASS  # an attribute of the examples that is called as the classes are
    groups = groups.assign(attribute=groups["attribute"].mask(own, f"{flips.CLASS} (attribute)"))
    classes = audited.tables["impact"].rename(columns={"name": "group", "p": "p_beyond"})
    classes = classes.assign(attribute=flips.CLASS)
    groups = groups.drop(columns="p").assign(p_beyond=groups["p"])
    filled = [one.reindex(columns=SCHEMA.names) for one in (groups, classes) if len(one)]
    found = pd.concat(filled, ignore_index=True) if filled else empty(SCHEMA)
    return found.assign(p=np.nan)
