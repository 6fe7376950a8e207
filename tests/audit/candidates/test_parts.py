from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import fdrcorrection

from lesion import Candidates
from lesion.audit.inference.multiplicity import known_q_values
from lesion.audit.inference.sign_flips import mcnemar_p
from tests.audit.candidates.test_estimator import answers

OPTIONS: dict[str, Any] = {"splits": 2, "resamples": 2}


@pytest.mark.parametrize("members", [1, 6])
def test_q_is_over_all_candidates_and_rows_of_an_attribute(members: int) -> None:
    dense, compressed, label = answers(1, members=members, examples=600)
    groups = {
        "age": np.random.default_rng(1).choice(["old", "young"], 600),
        "class": np.array(["x", "y", "z"])[np.arange(600) % 3],
    }
    found = Candidates(**OPTIONS).fit(dense, compressed, label, groups=groups)
    table = found.parts_
    assert set(table["attribute"]) == {"age", "class (attribute)", "class"}
    assert len(table) == 2 * (2 + 3 + 3)
    for _, rows in table.groupby("attribute"):
        for p, q in (("p", "q"), ("p_beyond", "q_beyond")):
            if rows[p].notna().all():
                np.testing.assert_allclose(rows[q], fdrcorrection(rows[p])[1])
    assert table["p"].isna().all() == (members > 1)
    assert table["p_beyond"].notna().all()
    for candidate in found.audited_.all:
        own = table[(table["candidate"] == candidate.name) & (table["attribute"] == "class")].set_index("group")
        tables = candidate.audited.tables
        if members == 1:
            flips = tables["flips"][tables["flips"]["attribute"] == "class"].set_index("group")
            pd.testing.assert_frame_equal(own[["change", "p", "p_beyond"]], flips[["change", "p", "p_beyond"]])
        else:
            impact = tables["impact"].set_index("name")
            np.testing.assert_allclose(own["change"], impact["change"])
            np.testing.assert_allclose(own["p_beyond"], impact["p"])
    for (_, group), rows in table[table["attribute"] == "age"].groupby(["candidate", "group"]):
        name, here = rows["candidate"].iloc[0], groups["age"] == group
        right = [(said == label)[:, here].mean() for said in (dense, compressed[name])]
        assert rows["change"].iloc[0] == pytest.approx(right[1] - right[0])
        assert rows["change_low"].iloc[0] < rows["change"].iloc[0] < rows["change_high"].iloc[0]


def test_false_discoveries_where_candidates_break_the_same_examples() -> None:
    """400 studies of 4 candidates that share four fifths of their flips, 15 classes of which 3 lose in all of them."""
    rng, classes, size, candidates, runs = np.random.default_rng(2), 15, 100, 4, 400
    stratum = np.repeat(np.arange(classes), size)
    broken = np.where(stratum < 3, 0.15, 0.05)[:, None]
    false = []
    for _ in range(runs):
        common, own = rng.random((len(stratum), 1)), rng.random((len(stratum), candidates))
        drawn = np.where(rng.random(own.shape) < 0.8, common, own)
        lost, won = (
            np.add.reduceat(flags, np.arange(0, len(stratum), size), axis=0)
            for flags in ((drawn < broken).astype(int), (drawn > 0.95).astype(int))
        )
        q = known_q_values(mcnemar_p(lost, won).ravel()).reshape(lost.shape)
        false.append((q[3:] < 0.05).sum() / max((q < 0.05).sum(), 1))
    assert np.mean(false) < 0.05 + 4 * np.std(false) / np.sqrt(runs)
    assert np.mean(false) < 0.09
