from dataclasses import replace

import numpy as np
import pandas as pd

from lesion.audit.statistics import flips as statistic
from lesion.views.figures import style
from lesion.views.page import drawings, flips
from tests.compared import compared
from tests.synthetic import labels, population


def table(*, members: int = 1, labelled: bool = True) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    label = labels(rng, 200, 3)
    sides = [population(rng, label, members=members, classes=3, skill=skill) for skill in (0.9, 0.6)]
    if not labelled:
        sides = [replace(side, label=None) for side in sides]
    hand = np.array(["left", "right"] * 100, dtype=object)
    comparison = compared(sides[0], sides[1], classes=3, groups={"hand": hand})
    return statistic.table(comparison, groups=[["hand"]], ties="member")


def test_all_examples_come_first_and_then_those_that_lose_most() -> None:
    made = table()
    columns, rows = flips.group_rows(flips.of_groups(made))
    assert columns[2:5] == ["broken", "fixed", "moved"]
    assert columns[-2:] == ["p, against the rest", "q, against the rest"]
    assert {len(row) for row in rows} == {len(columns)}
    of_groups = made[made["attribute"].isin(["hand", "class"])].sort_values("change", kind="stable")
    expected = [f"{attribute}: {group}" for attribute, group in of_groups[["attribute", "group"]].to_numpy()]
    assert [row[0] for row in rows] == ["all", *expected]
    assert "McNemar" in flips.explained(made)


def test_pairs_of_labels_are_shown_as_they_stand() -> None:
    pairs = table().query("attribute == 'labels'")
    columns, rows = flips.label_rows(pairs)
    assert [row[0] for row in rows] == pairs["group"].tolist()
    assert [int(row[columns.index("changed")]) for row in rows] == pairs["changed"].tolist()
    assert {len(row) for row in rows} == {len(columns)}


def test_of_populations_modal_labels_are_forgotten_and_no_p_is_shown() -> None:
    made = table(members=3)
    columns, rows = flips.group_rows(flips.of_groups(made))
    assert columns[2:] == ["forgotten", "learnt", "moved", "change"]
    assert {len(row) for row in rows} == {len(columns)}
    assert "most models" in flips.explained(made)
    assert "McNemar" not in flips.explained(made)


def test_without_labels_changes_are_all_there_is() -> None:
    made = table(labelled=False)
    assert flips.group_rows(flips.of_groups(made))[0] == ["group", "examples", "changed"]
    columns, rows = flips.label_rows(made[made["attribute"] == "labels"])
    assert "broken" not in columns
    assert {len(row) for row in rows} == {len(columns)}
    assert "not known" in flips.explained(made)


def test_the_bars_are_as_long_as_the_rates() -> None:
    shown = flips.shown(table())
    names = [flips.named(row) for row in shown.to_dict("records")]
    with style.applied(drawings.size(len(shown)), names):
        [axes] = drawings.flips(shown, names, average=-0.1, alpha=0.05).axes
    lost, won = ([bar.get_width() for bar in bars] for bars in axes.containers)
    np.testing.assert_allclose(lost, -100 * shown["broken_rate"])
    np.testing.assert_allclose(won, 100 * shown["fixed_rate"])
    assert [text.get_text() for text in axes.get_yticklabels()] == names
